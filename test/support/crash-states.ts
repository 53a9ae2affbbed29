import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../demo/noise.ts';
import { totals } from '../../src/store/ledger.ts';
import { openDatabase } from '../../src/store/open.ts';
import { messageOf } from '../../src/system/errors.ts';
import { CrashDisk } from './crash-disk.ts';
import { payloadOf } from './sized-reports.ts';
import { type DiskStep, diskSteps, straceArguments } from './system-calls.ts';

/** Cuts the power at random moments of a recorded store, and asks the real store what it makes of what is left. */

/** Where the states lie: memory, where there is some, because each is opened with its syncs. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const WORKLOAD = join(import.meta.dirname, '../crash/store-workload.ts');

/** Of a store that was made anew after the power cut. */
const NEW_EPOCH = 'epoch-after';

export interface Recording {
  readonly folder: string;
  readonly steps: readonly DiskStep[];
}

/** What the states of one recording showed. */
export interface CrashResult {
  readonly states: number;
  /** Steps of which the power cut could take one. */
  readonly steps: number;
  readonly promised: number;
  /** States that lost a report which was promised and not released. */
  readonly withLoss: number;
  /** Why states did not open, or opened with wrong books or foreign content. */
  readonly faults: readonly string[];
}

/** Runs the workload of the store and records what reaches the disk. */
export function recordStore(nodeOptions: readonly string[] = []): Recording {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fieldnote-crash-')));
  const trace = `${folder}.trace`;
  try {
    const program = [process.execPath, ...nodeOptions, WORKLOAD, folder];
    const { stderr } = spawnSync('strace', [...straceArguments(trace), ...program], { encoding: 'utf8' });
    if (stderr !== '') throw new Error(stderr);
    return { folder, steps: diskSteps(readFileSync(trace, 'utf8'), folder) };
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(trace, { force: true });
  }
}

/** What a power cut has left. */
export interface CrashState {
  readonly cut: number;
  /** Of the store; there may be none. The next state takes its place. */
  readonly dataDir: string;
  /** Revisions that were promised before. */
  readonly promised: ReadonlySet<number>;
  /** Revisions whose delivery was asked for before: they may be there or not. */
  readonly released: ReadonlySet<number>;
  readonly isDamaged: boolean;
}

/** `states` states of the disk, of a power cut at random steps, in the order of the cuts. */
export function* crashStates(
  { folder, steps }: Recording,
  states: number,
  seed: number,
): Generator<CrashState> {
  const random = seededRandom(seed);
  const cuts = Array.from({ length: states }, () => Math.floor(random() * (steps.length + 1)));
  const disk = new CrashDisk({ folder, keepsAppends: false });
  const promised = new Set<number>();
  const released = new Set<number>();
  let isDamaged = false;
  let at = 0;
  const scratch = mkdtempSync(join(SCRATCH, 'fieldnote-state-'));
  try {
    for (const cut of cuts.sort((a, b) => a - b)) {
      for (; at < cut; at++) {
        const step = steps[at] as DiskStep;
        disk.take(step);
        if (step.kind !== 'said') continue;
        const [word, revision] = step.text.split(' ');
        if (word === 'damaged') isDamaged = true;
        else (word === 'accepted' ? promised : released).add(Number(revision));
      }
      rmSync(scratch, { recursive: true });
      disk.crashInto(scratch, random);
      yield { cut, dataDir: join(scratch, 'data'), promised, released, isDamaged };
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Revisions that must still wait. */
export function dueIn({ promised, released }: CrashState): number[] {
  return [...promised].filter((revision) => !released.has(revision));
}

/** Opens `states` states of the disk. */
export function exploreCrashes(recording: Recording, states: number, seed: number): CrashResult {
  const faults: string[] = [];
  let withLoss = 0;
  let promised = 0;
  for (const state of crashStates(recording, states, seed)) {
    promised = state.promised.size;
    try {
      const found = inspect(state.dataDir);
      // A file that was never complete holds nothing, and may well look damaged.
      if (found.isNew && promised > 0 && !state.isDamaged) throw new Error('it was taken for a damaged one');
      if (dueIn(state).some((revision) => !found.revisions.has(revision))) withLoss++;
    } catch (error) {
      faults.push(`after step ${state.cut}: ${messageOf(error)}`);
    }
  }
  return { states, steps: recording.steps.length, promised, withLoss, faults };
}

/**
 * The revisions that wait in a store, read from the table and not from the books.
 * @throws when it does not open, when its books are wrong, or when a report is not what was accepted
 */
function inspect(dataDir: string): { revisions: Set<number>; isNew: boolean } {
  const database = openDatabase({ dataDir, sizeMaxMiB: 8, bootId: 'boot-a' }, NEW_EPOCH);
  try {
    const rows = database.sql.all`SELECT revision, payload FROM outbox`;
    const books = totals(database);
    const { accepted, delivered, pending, expired, evicted, quarantined } = books;
    if (pending !== rows.length || accepted !== delivered + pending + expired + evicted + quarantined)
      throw new Error(`the books are wrong: ${JSON.stringify(books)} with ${rows.length} rows`);
    const foreign = rows.find(({ revision, payload }) => payload !== payloadOf(Number(revision)));
    if (foreign !== undefined) throw new Error(`revision ${foreign['revision']} is not what was accepted`);
    const revisions = new Set(rows.map(({ revision }) => Number(revision)));
    return { revisions, isNew: database.epoch === NEW_EPOCH };
  } finally {
    database.close();
  }
}
