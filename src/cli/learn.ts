import { type Command, Option } from 'commander';
import { FieldnoteError } from '../system/errors.ts';

/** `fieldnote learn …`: what is normal for an asset, learned from recordings, looked at, approved and learned anew. */
export function addLearn(fieldnote: Command, configDefault: string): void {
  const learn = fieldnote
    .command('learn')
    .description('learn the normal of an asset from a recording, or approve what was learned')
    .option('--config <file>', 'configuration', configDefault)
    .option('--from <recording>', 'learn from this recording of healthy running instead of the machine')
    .option('--asset <key>', 'the asset it shows; needless when there is only one')
    .option('--source <key>', 'the source that the recording stands in for')
    .addOption(
      new Option('--approve [asset]', 'say yes to what was learned: it judges from now on').conflicts('from'),
    )
    .action(fromOrApprove)
    .addHelpText('after', EXAMPLES);

  learn
    .command('status')
    .argument('[asset]', 'all of them when absent')
    .option('--json', 'print it as JSON')
    .description('how far the learning is, or what was learned')
    .action(async (key, _, command) =>
      (await import('./learn-status.ts')).learnStatus(key, command.optsWithGlobals()),
    );

  learn
    .command('again')
    .argument('[asset]', 'needless when there is only one')
    .description('forget what is normal and learn it anew; the model stays for a rollback')
    .action(async (key, _, command) =>
      (await import('./learn-choices.ts')).learnAgain(key, command.optsWithGlobals()),
    );
}

interface LearnOptions {
  readonly config: string;
  readonly from?: string;
  readonly asset?: string;
  readonly source?: string;
  readonly approve?: string | true;
}

async function fromOrApprove(options: LearnOptions): Promise<void> {
  const { from, approve, asset } = options;
  if (from !== undefined) return (await import('./learn-from.ts')).learnFrom(from, options);
  if (approve === undefined)
    throw new FieldnoteError(
      'BAD_ARGUMENT',
      'say --from RECORDING or --approve; fieldnote learn --help shows more',
    );
  const named = approve === true ? asset : approve;
  return (await import('./learn-choices.ts')).learnApprove(named, options);
}

const EXAMPLES = `
Examples:
  $ fieldnote learn --from healthy-week.csv --asset pump1
  $ fieldnote learn status
  $ fieldnote learn --approve pump1
  $ fieldnote learn again pump1`;
