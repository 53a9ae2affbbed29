import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../src/system/errors.ts';
import { agentVersion } from '../../src/system/version.ts';
import { run } from '../deb/run.ts';
import { RASPBERRY_PI_3B, VIRT } from './boards.ts';
import { Card } from './card.ts';
import {
  comeBack,
  type Field,
  firstStart,
  hang,
  learnAndReport,
  loseLinkAndPower,
  pullTheCable,
} from './field-steps.ts';
import { Machine } from './machine.ts';
import { Broker, Pump } from './plant.ts';
import { Proof } from './proof.ts';
import { filesOfCard, LOGIN, NODE, SITE } from './site.ts';
import { makeUpdateKey, update, type Workshop } from './update-steps.ts';

/**
 * `npm run prove:image`: builds package and image, boots the image in an emulator and proves, step by step, what a device in the
 * field has to survive. Needs root and the programs of deploy/debian-packages.txt; Debian's part of the image is taken from
 * build/image when it is there.
 */

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'build/image');
const workshop: Workshop = { root, folder, agentFolder: join(root, 'build/deb/arm64/fieldnote/app') };

function buildImage(): string {
  run('npm', ['run', 'deb', '--', '--arch', 'arm64', '--compression', 'zstd'], { cwd: root });
  const packagePath = join(root, `build/deb/fieldnote_${agentVersion}_arm64.deb`);
  run(join(import.meta.dirname, 'build.sh'), [packagePath, folder], { env: { SQUASHFS_LEVEL: '3' } });
  return join(folder, 'fieldnote.img');
}

async function proveField(proof: Proof, imagePath: string): Promise<void> {
  await using broker = await Broker.start(folder, `fieldnote/${SITE}/${NODE}`, LOGIN);
  const files = { ...filesOfCard(broker.port), ...makeUpdateKey(workshop) };
  const card = new Card({ imagePath, folder, files });
  const pump = new Pump();
  const start = () =>
    proof.step('the kernel and a shell', () => Machine.start({ board: VIRT, folder, cardPath: card.path }));
  {
    await using machine = await start();
    const field: Field = { proof, machine, card, broker, pump };
    await firstStart(field);
    const cable = await learnAndReport(field);
    await pullTheCable(field, cable);
    await loseLinkAndPower(field);
  }
  const before = broker.reports.length;
  await using machine = await start();
  await comeBack({ proof, machine, card, broker, pump }, before);
  await update({ proof, machine, broker }, workshop);
  await hang({ proof, machine });
}

async function proveRaspberryPi(proof: Proof, imagePath: string): Promise<void> {
  // Its broker is away: the emulated board has no network.
  const card = new Card({ imagePath, folder, files: filesOfCard(1883) });
  await using machine = await proof.step('a Raspberry Pi 3B: the kernel and a shell', () =>
    Machine.start({ board: RASPBERRY_PI_3B, folder, cardPath: card.path }),
  );
  await firstStart({ proof, machine, card });
}

/** Why this machine cannot build an image; undefined when it can. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0)
    return 'only root can give files their owners and let the kernel run foreign programs';
  try {
    for (const what of ['on', 'off']) run(join(import.meta.dirname, 'arm64-programs.sh'), [what]);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function writeCounts(counts: { passed: number; failed: number; skipped: number }): void {
  writeFileSync(join(root, 'build/image-counts.json'), JSON.stringify(counts));
}

async function main(): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const why = obstacle();
  if (why !== undefined) {
    console.log(`SKIPPED: the image is not proved here: ${why}`);
    writeCounts({ passed: 0, failed: 0, skipped: 1 });
    return 0;
  }
  const proof = new Proof(folder);
  try {
    const imagePath = await proof.step('package and image are built', buildImage);
    await proveField(proof, imagePath);
    await proveRaspberryPi(proof, imagePath);
  } catch (error) {
    if (proof.failed === 0) throw error;
  }
  const { passed, failed } = proof;
  writeCounts({ passed, failed, skipped: 0 });
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exit(await main());
