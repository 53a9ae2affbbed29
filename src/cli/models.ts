import type { Command } from 'commander';

/** `fieldnote models …`: the models of the assets and of the writer, on the files alone, whether the daemon runs or not. */
export function addModels(fieldnote: Command, configDefault: string): void {
  const models = fieldnote
    .command('models')
    .description('list, check, compare and exchange the models that judge; fetch one that writes');
  models.addHelpText('after', EXAMPLES);
  const add = (name: string) =>
    models.command(name).option('--config <file>', 'configuration', configDefault);
  const json = ['--json', 'print it as JSON'] as const;
  const asset = ['--asset <key>', 'the asset it is for; needless when there is only one'] as const;

  add('list')
    .option(...json)
    .description('the packages of each asset and what they are in use as, and those that ship')
    .action(async (options) => (await import('./models-list.ts')).modelsList(options))
    .addHelpText('after', example('fieldnote models list'));

  add('show')
    .argument('[asset]', 'needless when there is only one')
    .argument('[sha256]', 'the beginning of it is enough; the active package when absent')
    .option(...json)
    .description('what a package says about itself')
    .action(async (key, sha256, options) =>
      (await import('./models-show.ts')).modelsShow(key, sha256, options),
    )
    .addHelpText('after', example('fieldnote models show pump1 3f2a9c'));

  add('check')
    .argument('<folder>', 'model package: model.json and model.onnx')
    .option('--asset <key>', 'also check that it fits this asset')
    .option(...json)
    .description('check a package as the daemon does before it uses one, a trial inference included')
    .action(async (folder, options) => (await import('./models-check.ts')).modelsCheck(folder, options))
    .addHelpText('after', example('fieldnote models check /media/usb/my-model --asset pump1'));

  add('try')
    .argument(
      '<recording>',
      'file of lines (JSON, CSV with a header, label:value) or a flight (.bin, .ulg, .tlog)',
    )
    .requiredOption('--model <folder|sha256>', 'the package to try')
    .option(...asset)
    .option('--source <key>', 'the source that the recording stands in for')
    .option(...json)
    .description('what a model would have reported about a recording, beside the active one; changes nothing')
    .action(async (recording, options) => (await import('./models-try.ts')).modelsTry(recording, options))
    .addHelpText(
      'after',
      example('fieldnote models try monday.csv --model /media/usb/my-model --asset pump1'),
    );

  add('activate')
    .argument('<folder|sha256>', 'the package to use from now on')
    .option(...asset)
    .description('check a package, install it and let it judge')
    .action(async (model, options) => (await import('./models-activate.ts')).modelsActivate(model, options))
    .addHelpText('after', example('fieldnote models activate /media/usb/my-model --asset pump1'));

  add('rollback')
    .argument('[asset]', 'needless when there is only one')
    .description('let the model judge that did before the active one')
    .action(async (key, options) => (await import('./models-activate.ts')).modelsRollback(key, options))
    .addHelpText('after', example('fieldnote models rollback pump1'));
  addPull(add('pull').option(...json));
}

function addPull(pull: Command): void {
  pull
    .argument('[name]', 'a language model that --list shows')
    .option('--from <file>', 'take it from a file, such as on a USB stick, instead of the network')
    .option('--to <folder>', 'put it there, such as on a USB stick, instead of into the data folder')
    .option('--list', 'show the models that are known, with their licences')
    .description(
      'fetch a known language model for the writer, checked by its hash; goes on where it was cut off',
    )
    .action(async (name, options) => (await import('./models-pull.ts')).modelsPull(name, options))
    .addHelpText('after', example('fieldnote models pull qwen2.5-0.5b-instruct'));
}

const EXAMPLES = `
Examples:
  $ fieldnote models list
  $ fieldnote models try monday.csv --model /media/usb/my-model --asset pump1
  $ fieldnote models activate /media/usb/my-model --asset pump1
  $ fieldnote models rollback pump1`;

function example(line: string): string {
  return `\nExample:\n  $ ${line}`;
}
