import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CrashResult, exploreCrashes, recordStore } from '../support/crash-states.ts';
import { needsCommand } from '../support/needs.ts';

const STATES = process.env['FIELDNOTE_NIGHTLY'] === '1' ? 100_000 : 10_000;
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
