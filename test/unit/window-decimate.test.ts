import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimate } from '../../src/window/decimate.ts';

const sine = (cyclesPerSample: number, length: number) =>
  Float32Array.from({ length }, (_, at) => Math.sin(2 * Math.PI * cyclesPerSample * at));

const amplitude = (samples: Float32Array) =>
  Math.sqrt((2 * samples.reduce((sum, value) => sum + value * value, 0)) / samples.length);

describe('decimate', () => {
  test('keeps a sine below 0.84 of the new Nyquist frequency as it is', () => {
    expect(amplitude(decimate(sine(0.84 / 8, 20_000), 4))).toBeCloseTo(1, 2);
  });

  test('takes away what would fold back', () => {
    for (const cycles of [1.01 / 8, 0.2, 0.3, 0.45]) {
      expect(amplitude(decimate(sine(cycles, 20_000), 4))).toBeLessThan(1e-3);
    }
  });

  test('keeps a constant', () => {
    const samples = decimate(new Float32Array(5000).fill(0.25), 4);
    expect(samples.every((value) => Math.abs(value - 0.25) < 1e-6)).toBe(true);
  });

  test('gives samples that lie `factor` samples apart', () => {
    const slow = decimate(sine(0.01, 8000), 4);
    const wanted = sine(0.04, slow.length + 32).subarray(32);
    slow.forEach((value, at) => {
      expect(value).toBeCloseTo(wanted[at] ?? Number.NaN, 3);
    });
  });

  test('changes nothing at the same rate', () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true }), (samples) => {
        expect(decimate(samples, 1)).toEqual(samples);
      }),
    );
  });

  test('gives nothing when the recording is shorter than the filter', () => {
    expect(decimate(new Float32Array(100), 4)).toHaveLength(0);
    expect(decimate(new Float32Array(257), 4)).toHaveLength(1);
  });
});
