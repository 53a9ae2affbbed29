import type { Command } from 'commander';
import { BENCHMARKS, type BenchmarkName, LABELS_HELP, ROWS_HELP } from '../eval/about.ts';

/** Adds `fieldnote eval` and all below it. What a command needs is loaded when it is called. */
export function addEval(fieldnote: Command, configDefault: string): void {
  const evaluation = fieldnote
    .command('eval')
    .description(
      'measure the detection on public benchmarks or on your own labels, or the writing of reports',
    );

  for (const [name, { summary, text }] of Object.entries(BENCHMARKS)) {
    evaluation
      .command(name)
      .argument('<dir>', 'folder of its recordings')
      .option('--json', 'print the figures as JSON')
      .option('--out <file>', 'write file,row,time,score,alarm for each scored row')
      .description(summary)
      .addHelpText('after', `\n${text}\n\n${ROWS_HELP}`)
      .action(async (dir, options) =>
        (await import('./eval.ts')).evalBenchmark(name as BenchmarkName, dir, options),
      );
  }

  evaluation
    .command('labels')
    .argument(
      '<recording>',
      'file of lines (JSON, CSV with a header, label:value) or a flight (.bin, .ulg, .tlog)',
    )
    .argument('<labels>', 'CSV of stretches that are known to be abnormal')
    .option('--config <file>', 'configuration', configDefault)
    .option('--source <key>', 'the source that the recording stands in for')
    .option('--asset <key>', 'the asset that the labels are about')
    .option('--json', 'print the figures as JSON')
    .option('--out <file>', 'write file,row,time,score,alarm for each scored row')
    .description('a recording of your own, with labels of your own')
    .addHelpText('after', `\n${LABELS_HELP}\n\n${ROWS_HELP}`)
    .action(async (recording, labels, options) =>
      (await import('./eval-labels.ts')).evalLabels(recording, labels, options),
    );

  evaluation
    .command('writer')
    .argument('<model>', 'GGUF file, such as models/writer/fieldnote-writer.gguf')
    .option('--count <number>', 'incidents to write about', '2000')
    .option('--out <file>', 'write a page of samples')
    .description('how well a language model tells reports')
    .action(async (model, options) => (await import('./eval-writer.ts')).evalWriterCommand(model, options));
}
