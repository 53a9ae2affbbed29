import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  readAck,
  readBurst,
  readDesc,
  readEvent,
  readHello,
  readLog,
  readStats,
  readSync,
} from '../../src/decode/bridge/bodies.ts';
import { crc16, crc32c } from '../../src/decode/bridge/crc.ts';
import { readDescriptor } from '../../src/decode/bridge/descriptor.ts';
import { encodeFrame } from '../../src/decode/bridge/frame.ts';
import { FRAME_TYPES } from '../../src/decode/bridge/protocol.ts';
import { deframe } from '../support/deframe.ts';
import { root } from '../support/source-tree.ts';

/** The vectors that the C library is tested with, too. */
const checksums = z.array(z.object({ bytes: z.string(), crc: z.number() })).min(1);
const frameList = z.array(
  z.object({
    name: z.string(),
    direction: z.enum(['toHost', 'toDevice']),
    type: z.number(),
    stream: z.number(),
    sequence: z.number(),
    body: z.string(),
    wire: z.string(),
    values: z.record(z.string(), z.unknown()),
  }),
);
const vectors = z
  .object({
    crc16: checksums,
    crc32c: checksums,
    frames: frameList.min(20),
    streams: z.array(
      z.object({ name: z.string(), wire: z.string(), frames: z.array(z.string()), errors: z.number() }),
    ),
    damages: z.array(z.object({ name: z.string(), wires: z.array(z.string()).min(10) })),
    descriptor: z.object({
      value: z.looseObject({ board: z.string() }),
      cbor: z.string(),
      crc32c: z.number(),
    }),
    waveform: z.object({ samples: z.string(), crc32c: z.number() }),
  })
  .parse(JSON.parse(readFileSync(join(root, 'firmware-bridge/test/vectors/bridge.json'), 'utf8')));

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const toHost = vectors.frames.filter(({ direction }) => direction === 'toHost');
const bodyOf = (hex: string) => new DataView(bytesOf(hex).buffer);

const READERS: Partial<Record<number, (body: DataView) => object | undefined>> = {
  [FRAME_TYPES.hello]: readHello,
  [FRAME_TYPES.desc]: readDesc,
  [FRAME_TYPES.event]: readEvent,
  [FRAME_TYPES.log]: readLog,
  [FRAME_TYPES.sync]: readSync,
  [FRAME_TYPES.ack]: readAck,
  [FRAME_TYPES.burst]: readBurst,
};

/** As the vectors spell values: bytes in hex, 64-bit numbers as text. */
function spelled(values: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      if (value instanceof Uint8Array) return [key, Buffer.from(value).toString('hex')];
      return [key, typeof value === 'bigint' ? `${value}` : value];
    }),
  );
}

describe('the golden vectors', () => {
  test('agree with both checksums', () => {
    for (const { bytes, crc } of vectors.crc16) expect(crc16(bytesOf(bytes))).toBe(crc);
    for (const { bytes, crc } of vectors.crc32c) expect(crc32c(bytesOf(bytes))).toBe(crc);
    expect(crc32c(bytesOf(vectors.waveform.samples))).toBe(vectors.waveform.crc32c);
  });

  test.each(vectors.frames)('hold a frame that is decoded and encoded alike: $name', (vector) => {
    const { type, stream, sequence, body, wire } = vector;
    expect(deframe(bytesOf(wire))).toEqual([{ type, stream, sequence, body }]);
    const encoded = encodeFrame({ type, stream, sequence, body: bytesOf(body) });
    expect(Buffer.from(encoded.subarray(1)).toString('hex')).toBe(wire);
  });

  test.each(toHost.filter(({ type }) => READERS[type]))('hold a body that is read: $name', (vector) => {
    const body = READERS[vector.type]?.(bodyOf(vector.body));
    expect(spelled(body ?? {})).toEqual(vector.values);
  });

  test.each(toHost.filter(({ type }) => type === FRAME_TYPES.stats))(
    'hold figures that are read: $name',
    ({ body, values }) => {
      expect([...(readStats(bodyOf(body))?.values() ?? [])]).toEqual(values['numbers']);
    },
  );

  test.each(vectors.streams)('hold a stream of bytes: $name', ({ wire, frames, errors }) => {
    const found = deframe(bytesOf(wire));
    const plain = found.flatMap((item) => (typeof item === 'string' ? [] : [plainOf(item)]));
    expect(plain).toEqual(frames.map((frame) => frame.slice(0, -4)));
    expect(found.filter((item) => typeof item === 'string').length).toBe(errors);
  });

  test.each(vectors.damages)('hold damages, and none is taken for a frame: $name', ({ wires }) => {
    for (const wire of wires)
      expect(deframe(bytesOf(wire)).every((item) => typeof item === 'string')).toBe(true);
  });

  test('hold a descriptor that is understood', () => {
    const cbor = bytesOf(vectors.descriptor.cbor);
    expect(crc32c(cbor)).toBe(vectors.descriptor.crc32c);
    expect(readDescriptor(cbor)).toMatchObject({ board: vectors.descriptor.value.board });
  });
});

const twoDigits = (value: number) => value.toString(16).padStart(2, '0');

function plainOf({ type, stream, sequence, body }: Exclude<ReturnType<typeof deframe>[number], string>) {
  return twoDigits(0x40 | type) + twoDigits(stream) + twoDigits(sequence) + body;
}
