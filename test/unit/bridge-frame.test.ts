import { describe, expect, test } from 'vitest';
import { Deframer, encodeFrame, type Frame } from '../../src/decode/bridge/frame.ts';
import { wireFrame } from '../support/bridge-device.ts';
import { deframe } from '../support/deframe.ts';

const HEADER = [0x42, 1, 9];
const body = (size: number, value = 5) => new Uint8Array(size).fill(value);
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

describe('a frame', () => {
  test('gives back type, stream, sequence and body', () => {
    const wire = wireFrame(HEADER, Uint8Array.of(1, 0, 0, 2));
    expect(deframe(wire)).toEqual([{ type: 2, stream: 1, sequence: 9, body: '01000002' }]);
  });

  test.each([0, 1, 249])('may have a body of %i bytes', (size) => {
    expect(deframe(wireFrame(HEADER, body(size, 0)))).toMatchObject([{ body: '00'.repeat(size) }]);
    expect(deframe(wireFrame(HEADER, body(size, 7)))).toMatchObject([{ body: '07'.repeat(size) }]);
  });

  test('is encoded as the independent encoder of the tests does', () => {
    const content = { type: 2, stream: 1, sequence: 9, body: Uint8Array.of(0, 3, 0) };
    expect(encodeFrame(content)).toEqual(join(Uint8Array.of(0), wireFrame(HEADER, content.body)));
  });

  test('is found after an idle line, which is many delimiters', () => {
    expect(deframe(join(new Uint8Array(50), wireFrame(HEADER)))).toHaveLength(1);
  });

  test('is read through byte by byte', () => {
    const wire = join(wireFrame(HEADER, body(249)), wireFrame(HEADER, body(3, 0)));
    expect(deframe(wire, 1)).toEqual(deframe(wire));
    expect(deframe(wire, 1)).toHaveLength(2);
  });
});

describe('no frame is', () => {
  const good = wireFrame(HEADER, body(3));

  test.each<[string, Uint8Array, string]>([
    ['a run of another version', wireFrame([0x82, 1, 9]), 'bad-frame'],
    ['a run of four bytes', Uint8Array.of(5, 0x42, 1, 9, 9, 0), 'bad-frame'],
    ['a block that ends before its code says', Uint8Array.of(9, 1, 2, 3, 4, 5, 0), 'bad-frame'],
    ['a frame with a wrong byte', good.map((byte, at) => (at === 2 ? byte ^ 0x10 : byte)), 'bad-crc'],
    ['a frame of 255 bytes', wireFrame(HEADER, body(250, 0)), 'bad-frame'],
    ['a run without an end for long', join(body(100_000), Uint8Array.of(0)), 'bad-frame'],
  ])('%s', (_, wire, reason) => {
    expect(deframe(join(wire, good))).toEqual([reason, ...deframe(good)]);
  });

  test('what has not ended yet, until it is told to', () => {
    const deframer = new Deframer();
    const told: (number | Frame)[] = [];
    const sink = {
      onFrame: (frame: Frame) => told.push(frame),
      onBadRun: (_: string, size: number) => told.push(size),
    };
    deframer.push(good.subarray(0, -1), sink);
    expect(told).toEqual([]);
    deframer.end(sink);
    expect(told).toEqual([good.length - 1]);
    deframer.end(sink);
    expect(told).toHaveLength(1);
  });

  test('more than a count: the size of a bad run is told, and a short excerpt of it', () => {
    const told: [number, string][] = [];
    const sink = {
      onFrame: () => undefined,
      onBadRun: (_: string, ...rest: [number, string]) => told.push(rest),
    };
    const deframer = new Deframer();
    for (let chunk = 0; chunk < 1000; chunk++) deframer.push(body(64, 0xaa), sink);
    deframer.push(Uint8Array.of(0), sink);
    expect(told).toEqual([[64_000, 'aa'.repeat(24)]]);
  });
});
