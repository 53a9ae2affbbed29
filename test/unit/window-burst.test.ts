import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { atRateOf, burstWindow } from '../../src/window/burst.ts';

const window = { rateHz: 12_000, rows: 4096, stepMs: 341 };
const anyRate = { window, constants: [{ name: 'rateHz', unit: 'Hz', min: 10_000, max: 27_000 }] };
const values = new Float32Array(20_000).fill(1);

describe('bringing samples to the rate of a model', () => {
  test.each([
    [12_000, 12_000],
    [10_000, 10_000],
    [26_000, 13_000],
    [17_000, 17_000],
    [48_000, 12_000],
    [51_200, 12_800],
    [44_100, 11_025],
  ])('takes %d Hz down to %d Hz for a model that is told the rate', (rateHz, wanted) => {
    expect(atRateOf(anyRate, { values, rateHz })?.rateHz).toBe(wanted);
  });

  test.each([9999, 0, -1, Number.NaN, 5])('gives nothing for %d Hz, which is too slow', (rateHz) => {
    expect(atRateOf(anyRate, { values, rateHz })).toBeUndefined();
  });

  test('leaves only whole multiples of its rate to a model that is not told it, but for the clock of a device', () => {
    expect(atRateOf({ window }, { values, rateHz: 12_050 })?.rateHz).toBe(12_050);
    expect(atRateOf({ window }, { values, rateHz: 36_000 })?.rateHz).toBe(12_000);
    expect(atRateOf({ window }, { values, rateHz: 12_100 })).toBeUndefined();
    expect(atRateOf({ window }, { values, rateHz: 18_000 })).toBeUndefined();
  });

  test('gives a rate that the model takes, and samples of it, or nothing', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 200_000, noNaN: true }), (rateHz) => {
        const brought = atRateOf(anyRate, { values, rateHz });
        if (brought === undefined) return rateHz < 10_000;
        const factor = Math.round(rateHz / brought.rateHz);
        expect(brought.rateHz).toBeGreaterThanOrEqual(10_000);
        expect(brought.rateHz).toBeLessThanOrEqual(27_000);
        expect(brought.values.length).toBeLessThanOrEqual(values.length / factor);
        expect(brought.values.length).toBeGreaterThan(values.length / factor - 66);
        return true;
      }),
    );
  });

  test('takes away what would fold back', () => {
    const high = values.map((_, at) => Math.sin(2 * Math.PI * 0.4 * at));
    const brought = atRateOf(anyRate, { values: high, rateHz: 48_000 });
    expect(Math.max(...(brought?.values ?? [1]).map(Math.abs))).toBeLessThan(1e-3);
  });
});

describe('the window of a burst', () => {
  const manifest = { ...anyRate, window: { ...window, rows: 4 } };
  const asset = 'pump/bearing/drive-end';
  const heard = (samples: readonly number[], rateHz = 12_000) => ({
    values: Float32Array.from(samples),
    rateHz,
    monoMs: 1000,
    channel: 'shaker.z',
  });
  const windowOf = (...given: Parameters<typeof heard>) =>
    burstWindow(heard(...given), manifest, { asset, constants: { shaftHz: 30 } });

  test('holds the newest samples, the constants with the rate, and the time of its end', () => {
    expect(windowOf([1, 2, 3, 4, 5, 6])).toEqual({
      asset,
      endMs: 1000 + 6 / 12,
      rateHz: 12_000,
      rows: 4,
      channels: ['shaker.z'],
      data: Float32Array.of(3, 4, 5, 6),
      constants: { shaftHz: 30, rateHz: 12_000 },
      coverage: [1],
    });
  });

  test('is not covered by a burst that is too short, or lacks values', () => {
    expect(windowOf([1, 2, 3])).toMatchObject({
      data: Float32Array.of(Number.NaN, 1, 2, 3),
      coverage: [0.75],
    });
    expect(windowOf([1, Number.NaN, 3, 4, 5])).toMatchObject({ coverage: [0.75] });
    expect(windowOf([])).toMatchObject({ coverage: [0] });
  });

  test('tells the rate that the samples have after they were brought down', () => {
    const slower = windowOf(new Array(1000).fill(1), 48_000);
    expect(slower).toMatchObject({ rateHz: 12_000, constants: { rateHz: 12_000 }, coverage: [1] });
    expect(slower?.endMs).toBeCloseTo(1000 + 1000 / 48, 9);
  });

  test('is none at a rate that the model does not take', () => {
    expect(windowOf([1, 2, 3, 4], 8000)).toBeUndefined();
  });
});
