import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { seededRandom } from '../../demo/noise.ts';
import { messageOf } from '../../src/system/errors.ts';
import { CrashDisk } from './crash-disk.ts';
import { filesIn, type MadeFile, madeBundle } from './made-update.ts';
import { type DiskStep, diskSteps, straceArguments } from './system-calls.ts';
import { type Behaviour, CONFIGURATION, PACKAGE, UpdateDevice } from './update-device.ts';

/** Cuts the power after each step of recorded updates, and lets the device start from what is left. */

const WORKLOAD = join(import.meta.dirname, '../crash/update-workload.ts');
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export interface RecordedUpdate {
  readonly sequence: number;
  readonly brings: 'everything' | 'configuration';
  readonly behaviour?: Behaviour;
  /** Its agent refuses the configuration. */
  readonly isRefused?: true;
}

export const UPDATES: readonly RecordedUpdate[] = [
  { sequence: 5, brings: 'everything' },
  { sequence: 6, brings: 'everything' },
  { sequence: 7, brings: 'everything', behaviour: 'crashes later' },
  { sequence: 8, brings: 'configuration' },
  { sequence: 9, brings: 'everything', isRefused: true },
  { sequence: 10, brings: 'everything' },
];

function configurationOf({ sequence, isRefused }: RecordedUpdate): string {
  return `${CONFIGURATION}# ${isRefused ? 'broken' : 'of'} ${sequence}\n`;
}

function filesOf(update: RecordedUpdate): MadeFile[] {
  const configuration = { path: 'fieldnote.yaml', content: configurationOf(update) };
  return update.brings === 'configuration' ? [configuration] : [...agentOf(update.sequence), configuration];
}

function agentOf(sequence: number): MadeFile[] {
  return [
    { path: 'agent/bin/node', content: `node of ${sequence}`, executable: true },
    { path: 'agent/dist/cli/main.js', content: `program of ${sequence}`.repeat(100) },
    { path: 'models/bearing/model.onnx', content: `model of ${sequence}` },
  ];
}

export function bundleOf(update: RecordedUpdate): Buffer {
  const { sequence, brings } = update;
  const onlyFiles = { sequence, for: {}, storeSchema: undefined };
  return madeBundle({ facts: brings === 'everything' ? { sequence } : onlyFiles, files: filesOf(update) });
}

export function recordUpdates(): { folder: string; steps: DiskStep[] } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fieldnote-crash-')));
  const trace = `${folder}.trace`;
  try {
    const { stderr } = spawnSync('strace', [...straceArguments(trace), process.execPath, WORKLOAD, folder], {
      encoding: 'utf8',
    });
    if (stderr !== '') throw new Error(stderr);
    return { folder, steps: diskSteps(readFileSync(trace, 'utf8'), folder) };
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(trace, { force: true });
  }
}

/** Why devices were not as they should be after a power cut, `statesEach` of them after each step. */
export async function faultsAfterCuts(
  { folder, steps }: { folder: string; steps: readonly DiskStep[] },
  { statesEach, seed }: { statesEach: number; seed: number },
): Promise<{ states: number; faults: string[] }> {
  const random = seededRandom(seed);
  const disk = new CrashDisk({ folder, keepsAppends: true });
  const said: string[] = [];
  const faults: string[] = [];
  let states = 0;
  for (const [at, step] of steps.entries()) {
    disk.take(step);
    if (step.kind === 'said') said.push(step.text);
    if (said.length === 0) continue;
    for (let nth = 0; nth < statesEach; nth++) {
      const scratch = mkdtempSync(join(SCRATCH, 'fieldnote-state-'));
      try {
        states++;
        disk.crashInto(scratch, random);
        await expectGoodStart(scratch, said);
      } catch (error) {
        faults.push(`after step ${at} (${step.kind}), ${said.at(-1)}: ${messageOf(error)}`);
      } finally {
        rmSync(scratch, { recursive: true });
      }
    }
  }
  return { states, faults };
}

/** @throws when the agent that runs is not whole, not with its configuration, or not one that may run */
async function expectGoodStart(folder: string, said: readonly string[]): Promise<void> {
  const device = new UpdateDevice(folder);
  for (const { sequence, behaviour } of UPDATES)
    if (behaviour !== undefined) device.behaviours.set(sequence, behaviour);
  await device.boot();
  const { runs } = device;
  const proved = said.filter((text) => text.endsWith('installed')).map((text) => Number(text.split(' ')[0]));
  const now = UPDATES.find(({ sequence }) => sequence === runs);
  if (runs !== PACKAGE && (now === undefined || now.isRefused || now.behaviour !== undefined))
    throw new Error(`release ${runs} runs, which must not`);
  if (runs < (proved.at(-1) ?? PACKAGE))
    throw new Error(`release ${runs} runs, but ${proved.at(-1)} was installed`);
  const configuration = now === undefined ? CONFIGURATION : configurationOf(now);
  if (device.configuration !== configuration)
    throw new Error(`release ${runs} has the configuration ${JSON.stringify(device.configuration)}`);
  if (now !== undefined) expectWhole(join(device.releasesFolder, 'current'), now);
  const { trial, highestSequence } = await device.state;
  if (trial !== undefined) throw new Error('a trial has not come to its end');
  if (highestSequence < runs) throw new Error(`${runs} runs, and ${highestSequence} is the highest`);
}

/** The mode of a file is set when it is made, and not looked at here. */
function expectWhole(release: string, update: RecordedUpdate): void {
  const contents = (files: readonly MadeFile[]) =>
    new Map(files.filter(({ path }) => !path.endsWith('.yaml')).map(({ path, content }) => [path, content]));
  const found = contents(filesIn(realpathSync(release)));
  const brought = contents(agentOf(update.brings === 'configuration' ? 6 : update.sequence));
  if (!isDeepStrictEqual(found, brought))
    throw new Error(`release ${update.sequence} is not whole: ${JSON.stringify([...found.keys()])}`);
}
