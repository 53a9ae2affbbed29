import { existsSync, statfsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintOf } from '../carry/bundle.ts';
import { nodePublicKey } from '../carry/node-key.ts';
import { loadConfig } from '../config/load.ts';
import type { GapRow } from '../store/gaps.ts';
import { takeSnapshot } from '../store/snapshot.ts';
import { type Survey, type SurveyedLane, survey } from '../store/survey.ts';
import type { Stamp } from '../values/stamp.ts';
import { shownTime } from './shown-time.ts';
import { alignedRows } from './table.ts';

const MIB = 1024 * 1024;
const GAPS_SHOWN_MAX = 10;
const HEADINGS = 'lane waiting size share oldest accepted delivered expired evicted quarantined'.split(' ');

interface Status extends Survey {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sizeBytesMax: number;
  readonly diskFreeBytes: number;
  readonly hasBallast: boolean;
  /** Of the key that signs bundles; null before the first one. */
  readonly key: string | null;
  /** Damaged files that were put aside. */
  readonly putAside: readonly string[];
}

/** `fieldnote store status`: works on a copy, so the daemon may run. */
export async function storeStatus(options: { config: string; json?: boolean }): Promise<void> {
  const { config } = loadConfig(options.config);
  const { dataDir } = config;
  const path = join(dataDir, 'fieldnote.db');
  const sizeBytesMax = config.store.sizeMaxMiB * MIB;
  using snapshot = await takeSnapshot(path);
  const { bavail, bsize } = statfsSync(dataDir);
  const key = nodePublicKey(dataDir);
  const status: Status = {
    path,
    ...survey(snapshot.connection, { path, sizeBytesMax }),
    sizeBytes: statSync(path).size,
    sizeBytesMax,
    diskFreeBytes: bavail * bsize,
    hasBallast: existsSync(join(dataDir, 'fieldnote.ballast')),
    key: key === undefined ? null : fingerprintOf(key),
    putAside: (await readdir(dataDir)).filter((name) => /^fieldnote\.db\.corrupt-\d+$/.test(name)),
  };
  process.stdout.write(`${options.json ? JSON.stringify(status, null, 2) : textOf(status)}\n`);
}

function textOf(status: Status): string {
  const { path, epoch, boot, sizeBytes, sizeBytesMax, diskFreeBytes, hasBallast, key } = status;
  const about: [string, string][] = [
    ['store', `${path}, ${mib(sizeBytes)} of at most ${mib(sizeBytesMax)}`],
    ['epoch', `${epoch}, boot ${boot}`],
    ['disk', `${mib(diskFreeBytes)} free${hasBallast ? '' : ', no ballast'}`],
    ['key', key ?? 'none yet: the first export makes it'],
    ['aside', status.putAside.join(', ') || 'no damaged file'],
  ];
  return [
    ...alignedRows(about),
    '',
    ...alignedRows([HEADINGS, ...Object.entries(status.lanes).map(([name, lane]) => cellsOf(name, lane))]),
    '',
    ...gapLines(status.gaps),
  ].join('\n');
}

function cellsOf(name: string, lane: SurveyedLane): string[] {
  const { pending, sizeBytes, sizeBytesMax, oldest, accepted, delivered, expired, evicted, quarantined } =
    lane;
  const share = `${Math.round((100 * sizeBytes) / sizeBytesMax)} % of ${mib(sizeBytesMax)}`;
  const counts = [accepted, delivered, expired, evicted, quarantined].map(String);
  return [name, `${pending}`, mib(sizeBytes), share, oldest === null ? '–' : shownStamp(oldest), ...counts];
}

function gapLines(gaps: readonly GapRow[]): string[] {
  if (gaps.length === 0) return ['nothing was lost'];
  const shown = gaps.slice(-GAPS_SHOWN_MAX);
  const heading = gaps.length > shown.length ? `the latest ${shown.length} of ${gaps.length} gaps` : 'gaps';
  const rows = shown.map(({ at, reason, lane, fromSeq, toSeq, count, detail }) => {
    const where = lane === null ? '' : `${lane} ${fromSeq}${toSeq === fromSeq ? '' : `–${toSeq}`}`;
    return [at === null ? '–' : shownStamp(at), reason, where, count === null ? '?' : `${count}`, detail];
  });
  return [heading, ...alignedRows([['when', 'why', 'which', 'count', 'what'], ...rows], '  ')];
}

function shownStamp({ wallMs, clock, boot }: Stamp): string {
  return clock === 'unknown' || clock === 'floor' ? `boot ${boot}, clock unknown` : shownTime(wallMs);
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
