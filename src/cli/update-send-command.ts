import type { Command } from 'commander';
import { EXIT } from './exit.ts';

/** `fieldnote update send`. */
export function addUpdateSend(update: Command): void {
  update
    .command('send')
    .argument('<bundle>', 'file that update build has made')
    .requiredOption('--broker <url>', 'of the device, as its mqtt.url')
    .requiredOption('--site <site>', 'as in its configuration')
    .requiredOption('--node <node>', 'as in its configuration')
    .option('--username <name>', 'user at the broker')
    .option('--password-file <file>', 'file that holds the password of that user')
    .option('--ca-file <file>', 'PEM file of the authority that signed the broker')
    .option('--cert-file <file>', 'PEM file of the certificate that the broker wants to see')
    .option('--key-file <file>', 'PEM file of its private key')
    .option('--patience <duration>', 'give up when so long nothing new has come', '10min')
    .description('send a bundle to one device over its broker, and say what came of it')
    .action(async (bundle, options) => {
      const isInstalled = await (await import('./update-send.ts')).updateSend(bundle, options);
      if (!isInstalled) process.exitCode = EXIT.failed;
    })
    .addHelpText('after', EXAMPLE);
}

const EXAMPLE = `
Example:
  $ fieldnote update send autumn.update --broker mqtts://broker.example --site plant --node pump7`;
