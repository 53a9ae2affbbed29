import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lostOnWire, Sequence } from '../../src/decode/bridge/sequence.ts';

describe('a sequence', () => {
  test('begins with the first frame that is seen', () => {
    expect(new Sequence().take(200, 1)).toBe(0);
  });

  test('counts what is missing, modulo 256', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.array(fc.nat(254)), (start, gaps) => {
        const sequence = new Sequence();
        sequence.take(start, 0);
        let next = start + 1;
        for (const [at, gap] of gaps.entries()) {
          expect(sequence.take((next + gap) & 0xff, at + 1)).toBe(gap);
          next += gap + 1;
        }
      }),
    );
  });

  test('knows the last frame when it comes again, and goes on behind it', () => {
    const sequence = new Sequence();
    sequence.take(255, 77);
    expect(sequence.take(255, 77)).toBe('duplicate');
    expect(sequence.take(0, 78)).toBe(0);
  });

  test('tells the loss of 255 frames from a repetition by the checksum', () => {
    const sequence = new Sequence();
    sequence.take(5, 77);
    expect(sequence.take(5, 78)).toBe(255);
  });
});

describe('what was lost on the wire', () => {
  test('is nothing when neither frames nor samples are missing', () => {
    expect(lostOnWire(0, 0, 16)).toEqual({ frames: 0, samples: 0 });
  });

  test('is counted in samples by the time', () => {
    expect(lostOnWire(2, 30, 16)).toEqual({ frames: 2, samples: 30 });
  });

  test('does not contain what the device itself dropped', () => {
    expect(lostOnWire(2, 500, 16)).toEqual({ frames: 2, samples: 32 });
    expect(lostOnWire(0, 500, 16)).toEqual({ frames: 0, samples: 0 });
  });

  test('has at least one sample in each frame, whatever the time says', () => {
    expect(lostOnWire(3, 0, 16)).toEqual({ frames: 3, samples: 3 });
  });

  test.each([
    [0, 256],
    [7, 263],
    [1, 513],
  ])('is seen where the sequence shows %i frames and %i are missing', (lost, frames) => {
    expect(lostOnWire(lost, frames * 16, 16)).toEqual({ frames, samples: frames * 16 });
  });
});
