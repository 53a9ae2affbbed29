import type { Command } from 'commander';
import { init } from './init.ts';

/** What is plugged in, and a configuration for it: `init` and `ports`. */
export function addPorts(fieldnote: Command): void {
  fieldnote
    .command('init')
    .argument('[file]', 'where to write it', 'fieldnote.yaml')
    .option('--probe', 'ask each free serial port who speaks there, and write that')
    .description('write a commented configuration to start from')
    .action(async (file: string, { probe }: { probe?: true }) => {
      if (probe === undefined) say(init(file));
      else say(init(file, await (await import('./ports.ts')).foundSources(say)));
    });

  fieldnote
    .command('ports')
    .argument('[path...]', 'only these')
    .option('--probe', 'find out who speaks on each port that nobody holds, in less than 10 s a port')
    .option('--json', 'print what was found as JSON')
    .description('list serial ports and the chips that the kernel reads, and what to configure for them')
    .action(async (paths, options) => say(await (await import('./ports.ts')).ports(paths, options)));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
