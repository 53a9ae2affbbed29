import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/system/clock.ts';

const GNSS_MS = Date.UTC(2033, 0, 1);
const gnss = () => ({ wallMs: GNSS_MS, errorMs: 500 });

describe('the clock of the system', () => {
  it('stamps with the time from satellites while nobody vouches for its own', () => {
    const clock = systemClock(() => 3, { gnss, isSynced: () => false });
    expect(clock.stampAt(1000)).toEqual({
      boot: 3,
      monoMs: 1000,
      wallMs: GNSS_MS,
      clock: 'gnss',
      errorMs: 500,
    });
    expect(clock.wallMs()).toBe(GNSS_MS);
  });

  it('believes a synchronised system before satellites', () => {
    const clock = systemClock(() => 3, { gnss, isSynced: () => true });
    expect(clock.stampAt(clock.monoMs())).toMatchObject({ clock: 'synced', errorMs: 1000 });
    expect(Math.abs(clock.wallMs() - Date.now())).toBeLessThan(60_000);
  });

  it('claims no error bound for a clock that nobody vouches for', () => {
    const clock = systemClock(() => 3, { gnss: () => undefined, isSynced: () => false });
    const { clock: state, errorMs } = clock.stampAt(clock.monoMs());
    expect(['floor', 'unknown']).toContain(state);
    expect(errorMs).toBeNull();
  });
});
