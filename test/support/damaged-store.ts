import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gaps } from '../../src/store/gaps.ts';
import { areBooksRight, totals } from '../../src/store/ledger.ts';
import { openDatabase } from '../../src/store/open.ts';
import { Store } from '../../src/store/store.ts';
import { LANES } from '../../src/values/lane.ts';
import { pagesOf, type StoreImage } from './damage.ts';
import { acceptance } from './store-reports.ts';

/** A store, what a piece of damage leaves of it, and what the real store makes of that. */

const REPORTS = 240;
const DELIVERED = 60;
const NEW_EPOCH = 'epoch-after';

/** What came of opening one damaged store. */
export interface Outcome {
  /** Revisions that waited, on pages that the damage did not touch. */
  readonly untouched: number;
  /** How many of them came back. */
  readonly saved: number;
  /** Waiting reports that are gone. */
  readonly lost: number;
  /** The store says that something is missing: by a gap, or by reports put aside as damaged. */
  readonly isReported: boolean;
  readonly isPutAside: boolean;
  /** Processor time of the start: the machine may be busy. */
  readonly workMs: number;
}

/** The bytes of a store with reports of all lanes, closed in order or killed. */
export async function storeImage(end: 'closed' | 'killed'): Promise<StoreImage> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldnote-image-'));
  const path = join(folder, 'fieldnote.db');
  const onDead = (error: Error) => {
    throw error;
  };
  const store = await Store.open({ dataDir: folder, sizeMaxMiB: 8, bootId: 'boot-a', onDead });
  const seqs: number[] = [];
  for (let revision = 1; revision <= REPORTS; revision++) seqs.push(await store.accept(marked(revision)));
  for (let at = 0; at < DELIVERED; at += 10) await store.markDelivered(seqs.slice(at, at + 10));
  const read = () => ({
    main: readFileSync(path),
    log: existsSync(`${path}-wal`) ? readFileSync(`${path}-wal`) : Buffer.of(),
  });
  const killed = read();
  await store.close();
  const image = end === 'killed' ? killed : read();
  rmSync(folder, { recursive: true });
  return image;
}

/**
 * Opens a damaged store as the daemon does.
 * @throws when it does not open, deletes something, has wrong books, or gives back what was not accepted
 */
export function openDamaged(original: StoreImage, damaged: StoreImage, dataDir: string): Outcome {
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir);
  const path = join(dataDir, 'fieldnote.db');
  writeFileSync(path, damaged.main);
  if (original.log.length > 0) writeFileSync(`${path}-wal`, damaged.log);
  const begun = process.cpuUsage();
  const database = openDatabase({ dataDir, sizeMaxMiB: 8, bootId: 'boot-b' }, NEW_EPOCH);
  try {
    const { user, system } = process.cpuUsage(begun);
    const rows = LANES.flatMap((lane) => [
      ...database.sql
        .all`SELECT revision, payload FROM outbox WHERE seq / 1000000000000 = ${LANES.indexOf(lane)}`,
    ]);
    // A flipped bit makes a number of any size.
    const isOurs = (revision: number) => revision >= 1 && revision <= REPORTS;
    const sound = rows.filter(
      ({ revision, payload }) =>
        isOurs(Number(revision)) && payload === marked(Number(revision)).entry.payload,
    );
    const isPutAside = database.epoch === NEW_EPOCH;
    if (isPutAside) assertKept(path, damaged);
    const { pending } = totals(database);
    if (pending !== rows.length || !areBooksRight(database.sql.connection))
      throw new Error('the books are wrong');
    const saved = new Set(sound.map(({ revision }) => Number(revision)));
    const untouched = untouchedOf(original, damaged);
    return {
      untouched: untouched.length,
      saved: untouched.filter((revision) => saved.has(revision)).length,
      lost: REPORTS - DELIVERED - waiting().filter((revision) => saved.has(revision)).length,
      isReported: gaps(database).length > 0 || sound.length < rows.length,
      isPutAside,
      workMs: (user + system) / 1000,
    };
  } finally {
    database.close();
  }
}

function assertKept(path: string, { main, log }: StoreImage): void {
  const aside = `${path}.corrupt-1`;
  if (!readFileSync(aside).equals(main)) throw new Error('the damaged file was changed');
  if (log.length > 0 && !readFileSync(`${aside}-wal`).equals(log))
    throw new Error('the damaged log was changed');
}

function waiting(): number[] {
  return Array.from({ length: REPORTS - DELIVERED }, (_, at) => DELIVERED + 1 + at);
}

/** Those that waited, none of whose pages has changed. */
function untouchedOf(original: StoreImage, damaged: StoreImage): number[] {
  const after = pagesOf(damaged);
  const changed = [...pagesOf(original)].filter(([page, content]) => !after.get(page)?.equals(content));
  const text = changed.map(([, content]) => content.toString('latin1')).join('\n');
  return waiting().filter((revision) => !text.includes(markOf(revision)));
}

/** A report whose pieces tell to whom they belong, on whatever page they lie. */
function marked(revision: number) {
  const { entry, ...others } = acceptance(revision, 0, LANES[revision % LANES.length]);
  const text = markOf(revision).repeat(20 + ((revision * 997) % 37) * 8);
  return { ...others, entry: { ...entry, payload: `{"revision":${revision},"text":"${text}"}` } };
}

function markOf(revision: number): string {
  return `<${revision}>`;
}
