import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { SilenceWatch } from '../../src/link/silence.ts';
import { recordingClock } from '../../src/system/clock.ts';

const TIMEOUT_MS = 20;

/** A watch on a clock that the test moves; real timers only make it look at the clock. */
function watchOn(startMs: number) {
  const clock = recordingClock();
  clock.advanceTo(startMs);
  const seen = { silences: 0 };
  const onSilence = () => {
    seen.silences += 1;
  };
  return { clock, seen, watch: new SilenceWatch({ timeoutMs: TIMEOUT_MS, clock, onSilence }) };
}

describe('the silence watch', () => {
  test('tells that nothing was heard, once', async () => {
    const { clock, seen, watch } = watchOn(1000);
    watch.start();
    clock.advanceTo(1000 + TIMEOUT_MS);
    await expect.poll(() => seen.silences).toBe(1);
    await sleep(3 * TIMEOUT_MS);
    expect(seen.silences).toBe(1);
  });

  test('goes by the monotonic clock, not by how often its timer fired', async () => {
    const { clock, seen, watch } = watchOn(1000);
    watch.start();
    clock.advanceTo(1000 + TIMEOUT_MS - 1);
    await sleep(3 * TIMEOUT_MS);
    expect(seen.silences).toBe(0);
    clock.advanceTo(1000 + TIMEOUT_MS);
    await expect.poll(() => seen.silences).toBe(1);
  });

  test('counts from the last time that something was heard', async () => {
    const { clock, seen, watch } = watchOn(1000);
    watch.start();
    watch.heard(1000 + TIMEOUT_MS);
    clock.advanceTo(1000 + 2 * TIMEOUT_MS - 1);
    await sleep(3 * TIMEOUT_MS);
    expect(seen.silences).toBe(0);
    clock.advanceTo(1000 + 2 * TIMEOUT_MS);
    await expect.poll(() => seen.silences).toBe(1);
  });

  test('says nothing after it was stopped', async () => {
    const { clock, seen, watch } = watchOn(1000);
    watch.start();
    clock.advanceTo(9000);
    watch.stop();
    await sleep(3 * TIMEOUT_MS);
    expect(seen.silences).toBe(0);
  });

  test('counts anew when it is started again', async () => {
    const { clock, seen, watch } = watchOn(1000);
    watch.start();
    watch.stop();
    clock.advanceTo(5000);
    watch.start();
    await sleep(3 * TIMEOUT_MS);
    expect(seen.silences).toBe(0);
    clock.advanceTo(5000 + TIMEOUT_MS);
    await expect.poll(() => seen.silences).toBe(1);
  });
});
