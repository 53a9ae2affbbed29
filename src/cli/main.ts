import { Command, CommanderError } from 'commander';
import { FieldnoteError } from '../system/errors.ts';
import { agentVersion } from '../system/version.ts';
import { check } from './check.ts';
import { addCollect } from './collect-command.ts';
import { addEval } from './eval-command.ts';
import { describeError, EXIT, exitCodeOf } from './exit.ts';
import { addHistory } from './history.ts';
import { addLearn } from './learn.ts';
import { addModbus } from './modbus-command.ts';
import { addModels } from './models.ts';
import { addPorts } from './ports-command.ts';
import { addStore } from './store.ts';
import { addUpdate } from './update.ts';

/** The command `fieldnote`. Commands that need native modules load them when they are called. */
const CONFIG_DEFAULT = '/etc/fieldnote/fieldnote.yaml';

const ASK_EXAMPLES = `
Examples:
  $ fieldnote ask "what happened to pump1 last night?"
  $ fieldnote ask "which critical incidents are still open?"
  $ fieldnote ask "sensor faults since monday"`;

/** Every command with its arguments and options; nothing has run yet. */
export function program(): Command {
  const fieldnote = new Command('fieldnote')
    .description(
      'Edge agent for machines without a network: reads sensors, learns normal, reports faults, loses nothing.',
    )
    .version(agentVersion)
    .exitOverride()
    .showHelpAfterError('(fieldnote --help shows how)');

  addPorts(fieldnote);

  fieldnote
    .command('check')
    .argument('<file>', 'configuration')
    .option('--connect', 'try the broker too, and say what fails')
    .description('name every fault of a configuration, or say what it would do')
    .action(async (file: string, { connect }: { connect?: true }) => {
      say(check(file));
      if (connect) await (await import('./check-connection.ts')).checkConnection(file, say);
    });

  fieldnote
    .command('run')
    .option('--config <file>', 'configuration', CONFIG_DEFAULT)
    .description('watch, until stopped')
    .action(async ({ config }: { config: string }) => (await import('./run.ts')).run(config));

  fieldnote
    .command('replay')
    .argument(
      '<recording>',
      'file of lines (JSON, CSV with a header, label:value) or a flight (.bin, .ulg, .tlog)',
    )
    .option('--config <file>', 'configuration', CONFIG_DEFAULT)
    .option('--source <key>', 'the source that the recording stands in for')
    .option('--speed <factor>', 'times faster than recorded, or max', 'max')
    .option('--json', 'print the whole reports, one per line')
    .description('show what a configuration would have made of a recording; stores and publishes nothing')
    .action(async (recording, options) => (await import('./replay.ts')).replayCommand(recording, options));

  fieldnote
    .command('ask')
    .argument('<question>', 'in English, in quotes')
    .option('--config <file>', 'configuration', CONFIG_DEFAULT)
    .option('--json', 'print what was understood, the answer and its reports as JSON')
    .description('answer a question about what happened, from what is stored')
    .action(async (question, options) => (await import('./ask.ts')).ask(question, options))
    .addHelpText('after', ASK_EXAMPLES);

  addLearn(fieldnote, CONFIG_DEFAULT);
  addModels(fieldnote, CONFIG_DEFAULT);
  addStore(fieldnote, CONFIG_DEFAULT);
  addUpdate(fieldnote, CONFIG_DEFAULT);
  addEval(fieldnote, CONFIG_DEFAULT);
  addModbus(fieldnote, CONFIG_DEFAULT);
  addCollect(fieldnote);
  addHistory(fieldnote, CONFIG_DEFAULT);

  return fieldnote;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Runs the command that the arguments of this process name. */
export async function main(): Promise<void> {
  try {
    await program().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said what is wrong; help and version are no errors.
      process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.badArguments;
    } else {
      const prefix = error instanceof FieldnoteError ? 'fieldnote: ' : 'fieldnote: unexpected: ';
      process.stderr.write(`${prefix}${describeError(error)}\n`);
      process.exitCode = exitCodeOf(error);
    }
  }
}

if (import.meta.main) await main();
