import type { Command } from 'commander';
import { EXIT } from './exit.ts';

/** `fieldnote collect` and `collected`: the other end, where reports of many nodes come together. */
export function addCollect(fieldnote: Command): void {
  fieldnote
    .command('collect')
    .requiredOption('--to <database>', 'postgres://user@host/database, or the path of an SQLite file')
    .requiredOption('--broker <url>', 'mqtt://host:port or mqtts://host:port')
    .option('--group <name>', 'collectors of one group share the work on one database', 'fieldnote')
    .option('--username <name>', 'user at the broker')
    .option('--password-file <file>', 'file that holds the password of that user')
    .option('--ca-file <file>', 'PEM file of the authority that signed the broker')
    .option('--cert-file <file>', 'PEM file of the certificate that the broker wants to see')
    .option('--key-file <file>', 'PEM file of its private key')
    .description('store what the nodes publish in a database, and send receipts, until stopped')
    .action(async (options) => (await import('./collect.ts')).collectCommand(options));

  fieldnote
    .command('collected')
    .argument('<database>', 'as in collect --to')
    .option('--json', 'print it as JSON')
    .description('prove for each node, epoch and lane that nothing is missing, or say what is')
    .action(async (database, options) => {
      const isComplete = await (await import('./collected.ts')).collectedCommand(database, options);
      if (!isComplete) process.exitCode = EXIT.failed;
    });
}
