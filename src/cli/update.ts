import type { Command } from 'commander';
import { addUpdateSend } from './update-send-command.ts';

/** `fieldnote update …`: signed bundles of agent, models and configuration; how they are made, and what came of them. */
export function addUpdate(fieldnote: Command, configDefault: string): void {
  const update = fieldnote
    .command('update')
    .description(
      'bring another agent, models or configuration to devices as a signed bundle, and back if it fails',
    );
  update.addHelpText('after', EXAMPLES);
  addMaking(update);
  addTaking(update);
  addUpdater(update, configDefault);
}

const JSON_OPTION = ['--json', 'print it as JSON'] as const;

/** In the office. */
function addMaking(update: Command): void {
  update
    .command('keygen')
    .argument(
      '<folder>',
      'for update-key.pem, which signs and stays secret, and update-key.pub, which devices get',
    )
    .description('make a key for updates')
    .action(async (folder) => (await import('./update-keygen.ts')).updateKeygen(folder))
    .addHelpText('after', example('fieldnote update keygen ~/fieldnote-keys'));

  update
    .command('build')
    .argument('<bundle>', 'the file to write, such as autumn.update')
    .requiredOption('--key <file>', 'update-key.pem')
    .requiredOption('--sequence <number>', 'higher than that of every update before it')
    .option('--agent <folder>', 'a laid-out program: bin/, dist/, node_modules/')
    .option('--models <folder>', 'models; the device has them in /var/lib/fieldnote-releases/current/models')
    .option('--configuration <file>', 'becomes /etc/fieldnote/fieldnote.yaml')
    .option('--name <text>', 'what people call it; the name of the file when absent')
    .option('--days <number>', 'so long devices take it', '30')
    .option('--site <key>', 'only for this site; that of --configuration when absent')
    .option('--node <key...>', 'only for these devices; that of --configuration when absent')
    .option('--health-window <seconds>', 'so long it has to run without a restart before it stays', '600')
    .description('pack and sign a bundle')
    .action(async (bundle, options) => (await import('./update-build.ts')).updateBuild(bundle, options))
    .addHelpText(
      'after',
      example(
        'fieldnote update build autumn.update --key update-key.pem --sequence 7 --configuration fieldnote.yaml',
      ),
    );

  update
    .command('show')
    .argument('<bundle>', 'a bundle')
    .option('--keys <folder>', 'public keys that it has to be signed with', '/etc/fieldnote/update-keys')
    .option(...JSON_OPTION)
    .description('check the signature of a bundle, and say what it holds')
    .action(async (bundle, options) => (await import('./update-show.ts')).updateShow(bundle, options))
    .addHelpText('after', example('fieldnote update show autumn.update --keys ~/fieldnote-keys'));
}

/** At the machine. */
function addTaking(update: Command): void {
  update
    .command('apply')
    .argument('<bundle>', 'a bundle')
    .description('give a bundle to the updater of this device, and wait for what comes of it')
    .action(async (bundle) => (await import('./update-apply.ts')).updateApply(bundle))
    .addHelpText('after', example('sudo fieldnote update apply /media/usb/autumn.update'));

  addUpdateSend(update);

  update
    .command('status')
    .option(...JSON_OPTION)
    .description('the release in use, and what came of the last update')
    .action(async (options) => (await import('./update-status.ts')).updateStatus(options))
    .addHelpText('after', example('fieldnote update status'));
}

/** What the units call. */
function addUpdater(update: Command, configDefault: string): void {
  update
    .command('recover')
    .option('--config <file>', 'configuration', configDefault)
    .description(
      'for systemd, before the agent starts: go on with an update that a power cut has interrupted, or go back',
    )
    .action(async ({ config }) => (await import('./updater.ts')).recoverUpdate(config))
    .addHelpText('after', example('systemctl start fieldnote-update-recover'));

  update
    .command('take')
    .option('--config <file>', 'configuration', configDefault)
    .description('for systemd: take the bundles that wait, try them, and go back where one fails')
    .action(async ({ config }) => (await import('./updater.ts')).takeUpdates(config))
    .addHelpText('after', example('systemctl start fieldnote-update'));
}

const EXAMPLES = `
Examples:
  $ fieldnote update keygen keys                             in the office, once
  $ fieldnote update build autumn.update --key keys/update-key.pem --sequence 7 --agent app
  $ sudo fieldnote update apply autumn.update                at the machine
  $ fieldnote update status`;

function example(line: string): string {
  return `\nExample:\n  $ ${line}`;
}
