import { describe, expect, test } from 'vitest';
import { needsCommand } from '../support/needs.ts';
import { faultsAfterCuts, recordUpdates } from '../support/update-crash-states.ts';

describe.runIf(needsCommand('strace'))('a power cut during updates', () => {
  test('after any step leaves a release that is whole, with its configuration, and none that was given up', async () => {
    const recording = recordUpdates();
    const outcomes = recording.steps.flatMap((step) => (step.kind === 'said' ? [step.text] : []));
    expect(outcomes).toEqual([
      ...[
        '0 begun',
        '5 installed',
        '6 installed',
        '7 rolled back',
        '8 installed',
        '9 refused',
        '10 installed',
      ],
    ]);
    const { states, faults } = await faultsAfterCuts(recording, { statesEach: 3, seed: 1 });
    console.log(
      `${states} power cuts during ${recording.steps.length} steps of updates, ${faults.length} faults`,
    );
    expect(faults).toEqual([]);
    expect(states).toBeGreaterThan(500);
  }, 600_000);

  test.each([
    ['nothing waits for the disk', ['sync', 'sync all']],
    ['the files of a release are not waited for', ['sync all']],
  ])(
    'is noticed by the same check where %s',
    async (what, left) => {
      const { folder, steps } = recordUpdates();
      const begun = steps.findIndex((step) => step.kind === 'said');
      const unsynced = steps.filter(({ kind }, at) => at < begun || !left.includes(kind));
      const { states, faults } = await faultsAfterCuts(
        { folder, steps: unsynced },
        { statesEach: 1, seed: 1 },
      );
      console.log(`${states} power cuts where ${what}: ${faults.length} faults`);
      expect(faults.length).toBeGreaterThan(20);
    },
    600_000,
  );
});
