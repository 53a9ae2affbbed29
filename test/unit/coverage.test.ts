import { describe, expect, test } from 'vitest';
import { Coverage, type CoverageOptions } from '../../src/coverage.ts';
import type { WatchedStretch } from '../../src/store/watched.ts';
import { createLog } from '../../src/system/log.ts';

/** A clock that stands at zero, and a store that keeps what it is given, or refuses it. */
function rig() {
  const stored: string[][] = [];
  const state = { refuses: false };
  const recordWatched = async (stretches: readonly WatchedStretch[]) => {
    if (state.refuses) throw new Error('no room');
    stored.push(stretches.map(({ asset, from, to }) => `${asset} ${from.monoMs}–${to.monoMs}`));
  };
  const keeper = { store: { recordWatched } } as unknown as CoverageOptions['keeper'];
  const stampAt = (monoMs: number) => ({
    boot: 1,
    monoMs,
    wallMs: monoMs,
    clock: 'synced' as const,
    errorMs: 0,
  });
  const clock = { monoMs: () => 0, wallMs: () => 0, stampAt };
  const coverage = new Coverage({ keeper, clock, log: createLog('silent') });
  const judged = (...ends: number[]) => {
    for (const endMs of ends) coverage.saw({ kind: 'judged', asset: 'pump', endMs }, 10);
  };
  return { coverage, judged, stored, state };
}

describe('what was watched', () => {
  test('is from verdict to verdict, and ends where none follows', async () => {
    const { coverage, judged, stored } = rig();
    judged(10, 20, 30, 100, 110);
    await coverage.store();
    expect(stored).toEqual([['pump 0–30', 'pump 90–110']]);
  });

  test('does not count a window that was not judged', async () => {
    const { coverage, stored } = rig();
    coverage.saw({ kind: 'not-judged', asset: 'pump', endMs: 10 }, 10);
    await coverage.store();
    expect(stored).toEqual([]);
  });

  test('goes on from where it was stored', async () => {
    const { coverage, judged, stored } = rig();
    judged(10);
    await coverage.store();
    judged(20);
    await coverage.store();
    expect(stored).toEqual([['pump 0–10'], ['pump 0–20']]);
  });

  test('is kept while the store refuses it, within a limit', async () => {
    const { coverage, judged, stored, state } = rig();
    state.refuses = true;
    judged(...Array.from({ length: 1000 }, (_, number) => 100 * (number + 1)));
    await coverage.store();
    state.refuses = false;
    await coverage.store();
    expect(stored[0]).toHaveLength(64);
  });
});
