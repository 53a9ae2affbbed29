import type { Command } from 'commander';

/** A command as its pages show it. */
export interface CommandPage {
  /** With the program first: `fieldnote models list`. */
  readonly name: string;
  /** What is said of it in one sentence. */
  readonly about: string;
  /** Arguments as in `[file]`. */
  readonly usage: string;
  readonly options: readonly { readonly flags: string; readonly long: string; readonly about: string }[];
  /** Names of its own commands; empty for one that runs. */
  readonly names: readonly string[];
}

/** The program and all its commands, the outer before the inner. */
export function commandPages(command: Command, parents: readonly string[] = []): CommandPage[] {
  const path = [...parents, command.name()];
  const help = command.createHelp();
  const commands = help.visibleCommands(command).filter((inner) => inner.name() !== 'help');
  const page = {
    name: path.join(' '),
    about: command.description(),
    usage: command.registeredArguments.map(shownArgument).join(' '),
    options: help
      .visibleOptions(command)
      .filter((option) => option.long !== '--help')
      .map((option) => ({
        flags: option.flags,
        long: option.long ?? option.flags,
        about: help.optionDescription(option),
      })),
    names: commands.map((inner) => inner.name()),
  };
  return [page, ...commands.flatMap((inner) => commandPages(inner, path))];
}

function shownArgument(argument: { name(): string; required: boolean; variadic: boolean }): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}
