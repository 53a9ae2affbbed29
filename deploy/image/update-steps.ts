import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { run } from '../deb/run.ts';
import type { Machine } from './machine.ts';
import type { Broker } from './plant.ts';
import { type Proof, until } from './proof.ts';
import { LOGIN, NODE, SITE, settings } from './site.ts';

/** A folder on the stick that the device does not look into by itself (deploy/deb/usb-update). */
const BY_HAND = 'by-hand';

/** Updates on a stick: one that works, one that does not, and one that was here before. */

/** What the better agent calls itself. */
const BETTER_VERSION = '0.1.0-better';
const MIB = 1024 * 1024;
/** It is copied and unpacked, starts anew and runs for its window, on an emulated processor. */
const STAY_TIMEOUT_MS = 600_000;

export interface Workshop {
  /** The repository. */
  readonly root: string;
  /** Gets keys, agents, bundles and sticks. */
  readonly folder: string;
  /** The program that was packed. */
  readonly agentFolder: string;
}

/** Makes a key, and gives what belongs on the card for it. */
export function makeUpdateKey({ root, folder }: Workshop): Record<string, string> {
  rmSync(join(folder, 'keys'), { recursive: true, force: true });
  fieldnote(root, ['update', 'keygen', join(folder, 'keys')]);
  return { 'update-keys/update-key.pub': readFileSync(join(folder, 'keys/update-key.pub'), 'utf8') };
}

export async function update(
  { proof, machine, broker }: { proof: Proof; machine: Machine; broker: Broker },
  workshop: Workshop,
): Promise<void> {
  const better = changedAgent(workshop, 'better', 'package.json', (text) =>
    text.replace(/"version": "[^"]*"/, `"version": "${BETTER_VERSION}"`),
  );
  const broken = changedAgent(
    workshop,
    'broken',
    'dist/cli/run.js',
    (text) => `throw new Error('broken');\n${text}`,
  );
  const bundles = await proof.step('two updates are packed and signed', () => [
    bundle(workshop, 1, better),
    bundle(workshop, 2, broken),
  ]);
  await machine.plugStick(stickWith(workshop, { atOnce: bundles.slice(0, 1), byHand: bundles }));
  await machine.waitFor('ls /dev/sda', /^\/dev\/sda$/);
  await machine.run('mkdir -p /run/stick && mount -o ro /dev/sda /run/stick');
  const apply = (name: string) =>
    machine.run(`fieldnote update apply /run/stick/${BY_HAND}/${name}.update 2>&1 || true`, 600_000);
  await proof.step('an update is taken from the stick, proves itself, and stays', async () => {
    await machine.waitFor('fieldnote update status', /update 1 \(better\) installed/, STAY_TIMEOUT_MS);
    expect(await machine.run('fieldnote --version'), new RegExp(BETTER_VERSION));
    const uptimeS = broker.health?.uptimeS ?? 0;
    await until(
      'the new agent reports',
      () => (broker.health?.uptimeS ?? 0) > uptimeS,
      () => broker.health?.uptimeS,
    );
  });
  await proof.step('one that does not start is rolled back', async () => {
    const said = await apply('broken');
    expect(said, /update 2 \(broken\) rolled back/);
    await machine.waitFor('systemctl is-active fieldnote', /^active$/);
    expect(await machine.run('fieldnote --version'), new RegExp(BETTER_VERSION));
    expect(
      await machine.run('head -n 1 /var/lib/fieldnote-releases/current/agent/dist/cli/run.js'),
      /^(?!throw)/,
    );
    proof.capture('update', `${said}\n${await machine.run('fieldnote update status')}`);
  });
  await proof.step('one that was here before is refused', async () => {
    expect(await apply('better'), /update 1 \(better\) refused: its sequence 1 is not higher/);
  });
  await updateByBroker({ proof, machine, broker }, workshop);
}

/** Over the same broker as the reports: a configuration in which one thing is changed. */
async function updateByBroker(
  { proof, machine, broker }: { proof: Proof; machine: Machine; broker: Broker },
  { root, folder }: Workshop,
): Promise<void> {
  await proof.step('a configuration comes over the broker, proves itself, and stays', async () => {
    const [path, configuration, password] = ['renamed.update', 'renamed.yaml', 'password'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    writeFileSync(configuration, settings(broker.port).replace('name: Feed pump 1', 'name: Feed pump one'));
    writeFileSync(password, LOGIN.password, { mode: 0o600 });
    const key = join(folder, 'keys/update-key.pem');
    fieldnote(root, [
      ...['update', 'build', path, '--key', key, '--sequence', '3', '--configuration', configuration],
      ...['--health-window', '10'],
    ]);
    const said = await fieldnoteMeanwhile(root, [
      ...[
        'update',
        'send',
        path,
        '--broker',
        `mqtt://127.0.0.1:${broker.port}`,
        '--site',
        SITE,
        '--node',
        NODE,
      ],
      ...['--username', LOGIN.username, '--password-file', password],
    ]);
    expect(said, /installed/);
    expect(await machine.run('cat /etc/fieldnote/fieldnote.yaml'), /Feed pump one/);
    proof.capture('update-by-broker', said);
  });
}

function changedAgent(
  { folder, agentFolder }: Workshop,
  name: string,
  path: string,
  change: (text: string) => string,
): string {
  const to = join(folder, 'agents', name);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(join(folder, 'agents'), { recursive: true });
  // Links, so that the copy costs no room; the changed file becomes one of its own.
  run('cp', ['--archive', '--link', agentFolder, to]);
  const changed = change(readFileSync(join(to, path), 'utf8'));
  unlinkSync(join(to, path));
  writeFileSync(join(to, path), changed);
  return to;
}

function bundle({ root, folder }: Workshop, sequence: number, agent: string): string {
  const path = `${agent}.update`;
  const key = join(folder, 'keys/update-key.pem');
  fieldnote(root, [
    ...['update', 'build', path, '--key', key, '--sequence', String(sequence)],
    ...['--agent', agent, '--health-window', '20'],
  ]);
  return path;
}

interface Stick {
  /** In its root, where the device looks as soon as it is plugged in. */
  readonly atOnce: readonly string[];
  /** Where it does not look. */
  readonly byHand: readonly string[];
}

/** A USB stick as a file. */
function stickWith({ folder }: Workshop, { atOnce, byHand }: Stick): string {
  const path = join(folder, 'stick.img');
  const sizeBytes = [...atOnce, ...byHand].reduce((sum, file) => sum + statSync(file).size, 0);
  const sizeMiB = Math.ceil(sizeBytes / MIB) + 16;
  rmSync(path, { force: true });
  run('truncate', ['--size', `${sizeMiB}M`, path]);
  run('mkfs.vfat', ['-n', 'STICK', path]);
  run('mmd', ['-i', path, `::${BY_HAND}`]);
  run('mcopy', ['-i', path, ...atOnce, '::']);
  run('mcopy', ['-i', path, ...byHand, `::${BY_HAND}`]);
  return path;
}

/** Without holding up who listens to the broker. */
async function fieldnoteMeanwhile(root: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'src/cli/main.ts'), ...args]);
  return stdout.trim();
}

function fieldnote(root: string, args: readonly string[]): string {
  return run(process.execPath, [join(root, 'src/cli/main.ts'), ...args]);
}

function expect(said: string, pattern: RegExp): void {
  if (!pattern.test(said)) throw new Error(`${pattern} was expected, but it said:\n${said}`);
}
