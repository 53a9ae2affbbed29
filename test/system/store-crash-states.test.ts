import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type CrashResult,
  crashStates,
  dueIn,
  exploreCrashes,
  recordStore,
} from '../support/crash-states.ts';
import { drainStore } from '../support/drained-store.ts';
import { needsCommand } from '../support/needs.ts';

const STATES = process.env['FIELDNOTE_NIGHTLY'] === '1' ? 100_000 : 10_000;
/** Each is delivered to a collector. */
const STATES_TO_DRAIN = 6;
/** Enough where nearly every state shows it. */
const STATES_TO_FAIL = 100;

const WITHOUT_SYNCS = ['--import', join(import.meta.dirname, '../support/synchronous-normal.ts')];

describe.runIf(needsCommand('strace'))('a power cut', () => {
  test(`leaves one of ${STATES} states of the disk, and none of them loses a promised report or does not open`, () => {
    const result = exploreCrashes(recordStore(), STATES, 1);
    print('crash states', result);
    expect(result.faults).toEqual([]);
    expect(result.withLoss).toBe(0);
    expect(result.promised).toBeGreaterThan(700);
  }, 600_000);

  test(`leaves ${STATES_TO_DRAIN} states that a collector gets whole, each report once, with equal books on both sides`, async () => {
    let drained = 0;
    for (const state of crashStates(recordStore(), STATES_TO_DRAIN, 2)) {
      const { before, after, collector, revisions, places } = await drainStore(state.dataDir);
      const due = dueIn(state);
      expect(revisions).toEqual(expect.arrayContaining(due));
      expect([new Set(revisions).size, places]).toEqual([revisions.length, revisions.length]);
      const { accepted, delivered, pending, expired, evicted, quarantined } = after;
      expect(accepted).toBe(delivered + pending + expired + evicted + quarantined);
      expect({ ...after, lanes: {} }).toEqual({ ...before, delivered, pending: 0, lanes: {} });
      expect(delivered - before.delivered).toBe(revisions.length);
      const { received, stored, copies, gaps, putAside, waiting } = collector;
      expect(received).toBe(stored + copies + gaps + putAside + waiting);
      expect([stored, putAside, waiting]).toEqual([revisions.length, 0, 0]);
      drained += revisions.length;
    }
    console.log(
      `${STATES_TO_DRAIN} crash states drained: ${drained} reports at the collector, each once, 0 lost`,
    );
    expect(drained).toBeGreaterThan(STATES_TO_DRAIN);
  }, 600_000);

  test('is noticed by the same check where the commits are not synced', () => {
    const result = exploreCrashes(recordStore(WITHOUT_SYNCS), STATES_TO_FAIL, 1);
    print('the same with synchronous=NORMAL', result);
    expect(result.withLoss + result.faults.length).toBeGreaterThan(STATES_TO_FAIL / 2);
  }, 600_000);
});

function print(what: string, { states, steps, promised, withLoss, faults }: CrashResult): void {
  console.log(
    `${what}: ${states} states of ${steps} steps with ${promised} promised reports, ` +
      `${withLoss} lost one, ${faults.length} did not open as they should`,
  );
}
