import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader, toFrame } from '../../src/isolate/frames.ts';

const SIZE_BYTES_MAX = 4096;

/** Everything that comes out of a stream of chunks. */
function readAll(chunks: readonly Buffer[], sizeBytesMax = SIZE_BYTES_MAX): unknown[] {
  const frames = new FrameReader(sizeBytesMax);
  return chunks.flatMap((chunk) => [...frames.push(chunk)]);
}

/** Cuts bytes at the given places, as a socket might. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

describe('frames', () => {
  test('give back every value, wherever the stream is cut', () => {
    const values = fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 8 });
    fc.assert(
      fc.property(values, fc.array(fc.nat(), { maxLength: 20 }), (sent, places) => {
        const chunks = cut(Buffer.concat(sent.map(toFrame)), places);
        expect(readAll(chunks, 1_000_000)).toEqual(sent);
      }),
    );
  });

  test('give back typed arrays bit by bit, cut out of a larger buffer too', () => {
    const large = Float32Array.from([1, 2, Number.NaN, 4, 5]);
    const [part] = readAll([toFrame(large.subarray(1, 4))]);
    expect(part).toEqual(Float32Array.from([2, Number.NaN, 4]));
  });

  test('give nothing for half a frame', () => {
    expect(readAll([toFrame('half').subarray(0, -1)])).toEqual([]);
  });

  test('take a value of exactly the limit', () => {
    const frame = toFrame('x'.repeat(100));
    expect(readAll([frame], frame.length - 4)).toEqual(['x'.repeat(100)]);
  });

  test('refuse a value over the limit before its bytes are here', () => {
    const frame = toFrame('x'.repeat(100));
    expect(() => readAll([frame.subarray(0, 4)], frame.length - 5)).toThrow(RangeError);
  });

  test('throw or wait on arbitrary bytes, and end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(readAll([Buffer.from(bytes)]).length).toBeLessThan(200);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });

  test('throw on a frame whose bytes are no value', () => {
    expect(() => readAll([Buffer.from('04000000ffffffff', 'hex')])).toThrow(/deserialize/);
  });
});
