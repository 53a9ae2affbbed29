import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { seededRandom } from '../../demo/noise.ts';
import { DAMAGES, type Damage } from '../support/damage.ts';
import { type Outcome, openDamaged, storeImage } from '../support/damaged-store.ts';

/** Of each way; eight ways. */
const CASES = process.env['FIELDNOTE_NIGHTLY'] === '1' ? 1250 : 125;
const START_MS_MAX = 10_000;

const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fieldnote-damaged-'));
afterAll(() => rmSync(scratch, { recursive: true }));

test.each(Object.keys(DAMAGES) as Damage[])(
  `${CASES} times %s: it starts, deletes nothing, and gives back what was not touched`,
  async (way) => {
    const random = seededRandom(way.length);
    const image = await storeImage(way.includes('log') ? 'killed' : 'closed');
    const outcomes = Array.from({ length: CASES }, () =>
      openDamaged(image, DAMAGES[way](image, random), join(scratch, 'data')),
    );
    const { untouched, saved, silent, slowestMs, text } = summaryOf(outcomes);
    console.log(`${way}: ${text}`);
    expect(untouched).toBeGreaterThan(CASES);
    expect(saved / untouched).toBeGreaterThanOrEqual(0.99);
    // The end of a log is what a power cut leaves; nothing tells it from reports that were never promised.
    if (!way.includes('log')) expect(silent).toBe(0);
    expect(slowestMs).toBeLessThan(START_MS_MAX);
  },
  600_000,
);

function summaryOf(outcomes: readonly Outcome[]) {
  const sum = (of: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const untouched = sum((outcome) => outcome.untouched);
  const saved = sum((outcome) => outcome.saved);
  const silent = outcomes.filter(({ lost, isReported }) => lost > 0 && !isReported).length;
  const slowestMs = Math.max(...outcomes.map(({ workMs }) => workMs));
  const text =
    `${outcomes.length} starts, the slowest ${slowestMs.toFixed(0)} ms of work, ` +
    `${sum(({ isPutAside }) => Number(isPutAside))} put aside; ` +
    `${saved} of ${untouched} untouched reports saved (${((saved / untouched) * 100).toFixed(2)} %), ` +
    `${sum(({ lost }) => lost)} lost in all, ${silent} losses not reported`;
  return { untouched, saved, silent, slowestMs, text };
}
