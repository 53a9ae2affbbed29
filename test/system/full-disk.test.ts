import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMount, runOnSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/store-samples.ts';

const MINUTES = 24 * 60;

/** A day on a disk of 24 MiB that somebody else has filled to the last byte. */
function dayWithoutRoom(...options: string[]) {
  const folder = temporaryFolder();
  const program = join(import.meta.dirname, 'full-disk-node.ts');
  const { stdout, stderr } = runOnSmallDisk(folder, 'size=24m', program, folder, ...options);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe.runIf(canMount)('a disk without a free byte for a day', { timeout: 180_000 }, () => {
  test('costs no critical report and no restart, every drop is accounted, and all is well soon after', () => {
    const day = dayWithoutRoom();
    const { handed, freeWhenFull, duringDay, recoveryS, totals, refused, refusedInGaps } = day;
    console.log(
      `full disk for a day: ${duringDay.critical} of ${MINUTES / 10} critical reports stored meanwhile, ` +
        `${refused} of ${handed} reports refused, all taken again after ${recoveryS.toFixed(1)} s`,
    );
    expect(freeWhenFull).toBe(0);
    expect(duringDay.critical).toBe(MINUTES / 10);
    expect(recoveryS).toBeLessThanOrEqual(60);
    // Of the others: those that wait in memory are stored afterwards. The books below are exact.
    expect(refused).toBeGreaterThan(MINUTES / 2);
    expect(refusedInGaps).toBe(refused);
    expect(totals.accepted + refused).toBe(handed);
    expect(totals.lanes.critical).toMatchObject({ accepted: MINUTES / 10, pending: MINUTES / 10 });
    expect(totals.accepted).toBe(totals.pending);
  });

  test('costs critical reports too where the ballast was taken away', () => {
    const { duringDay, handed, totals, refused, refusedInGaps } = dayWithoutRoom('bare');
    expect(duringDay.critical).toBeLessThan(MINUTES / 10);
    expect([refusedInGaps, totals.accepted + refused]).toEqual([refused, handed]);
  });
});
