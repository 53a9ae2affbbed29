import type { Command } from 'commander';
import { EXIT } from './exit.ts';

/** `fieldnote store …`: what waits in the store, whether it is sound, and the way of its reports by stick. */
export function addStore(fieldnote: Command, configDefault: string): void {
  const store = fieldnote
    .command('store')
    .description('look after the reports that wait: look, check, carry them by stick, save what is readable');
  store.addHelpText('after', EXAMPLES);
  const config = ['--config <file>', 'configuration', configDefault] as const;
  const json = ['--json', 'print it as JSON'] as const;

  store
    .command('status')
    .option(...config)
    .option(...json)
    .description('what waits, lane by lane, what was lost, and how much room there is; changes nothing')
    .action(async (options) => (await import('./store-status.ts')).storeStatus(options))
    .addHelpText('after', example('fieldnote store status'));

  store
    .command('verify')
    .option(...config)
    .option(...json)
    .description('check log, structure, books and every checksum; changes nothing')
    .action(async (options) => {
      const isSound = await (await import('./store-verify.ts')).storeVerify(options);
      if (!isSound) process.exitCode = EXIT.failed;
    })
    .addHelpText('after', example('fieldnote store verify'));

  store
    .command('export')
    .argument('<folder>', 'the stick')
    .option(...config)
    .option(...json)
    .description('write what waits to a stick as a signed bundle, and take the receipts that are on it')
    .action(async (folder, options) => (await import('./store-export.ts')).storeExport(folder, options))
    .addHelpText('after', example('fieldnote store export /media/usb'));

  store
    .command('import')
    .argument('<folder>', 'the stick, or one bundle')
    .requiredOption('--to <database>', 'postgres://user@host/database, or the path of an SQLite file')
    .option('--key <fingerprint>', 'take only bundles of the node whose `store status` shows this key')
    .option(...json)
    .description('store the reports of bundles where others are collected, and leave receipts on the stick')
    .action(async (folder, options) => (await import('./store-import.ts')).storeImport(folder, options))
    .addHelpText('after', example('fieldnote store import /media/usb --to plant.sqlite'));

  store
    .command('salvage')
    .argument('<file>', 'the damaged fieldnote.db, or one that was put aside')
    .argument('<folder>', 'a new folder for the new store')
    .option(...json)
    .description('read what is readable of a damaged store into a new one; changes nothing of the old one')
    .action(async (file, folder, options) =>
      (await import('./store-salvage.ts')).storeSalvage(file, folder, options),
    )
    .addHelpText('after', example('fieldnote store salvage /var/lib/fieldnote/fieldnote.db.corrupt-1 saved'));
}

const EXAMPLES = `
Examples:
  $ fieldnote store status
  $ fieldnote store verify
  $ fieldnote store export /media/usb                        at the machine
  $ fieldnote store import /media/usb --to plant.sqlite      in the office
  $ fieldnote store export /media/usb                        at the machine again: takes the receipts`;

function example(line: string): string {
  return `\nExample:\n  $ ${line}`;
}
