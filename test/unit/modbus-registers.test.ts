import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ByteOrder, profileSchema, type RegisterType, sizeOf } from '../../src/modbus/profile.ts';
import { blocksOf, placedChannels, valuesOf, writeOf } from '../../src/modbus/registers.ts';
import { runsOf } from '../../src/modbus/slave.ts';

const profileOf = (channels: Record<string, object>, rest: object = {}) =>
  profileSchema.parse({ title: 'a', source: 'b', checked: 'device', ...rest, channels });

function read(channel: object, bytes: readonly number[]) {
  const profile = profileOf({ it: { register: 0, ...channel } });
  const [block] = blocksOf(placedChannels(profile), profile);
  const [value] = block === undefined ? [] : valuesOf(block, Uint8Array.from(bytes));
  if (value === undefined) throw new Error('no value');
  return value;
}

/** The same registers in another order of bytes. */
function reordered(bytes: readonly number[], order: ByteOrder): number[] {
  const words = Array.from({ length: bytes.length / 2 }, (_, at) => bytes.slice(2 * at, 2 * at + 2));
  if (order === 'CDAB' || order === 'DCBA') words.reverse();
  return words.flatMap((word) => (order === 'BADC' || order === 'DCBA' ? word.toReversed() : word));
}

const WRITERS: Record<Exclude<RegisterType, 'bit'>, (view: DataView, value: number) => void> = {
  uint16: (view, value) => view.setUint16(0, value),
  int16: (view, value) => view.setInt16(0, value),
  uint32: (view, value) => view.setUint32(0, value),
  int32: (view, value) => view.setInt32(0, value),
  uint64: (view, value) => view.setBigUint64(0, BigInt(value)),
  int64: (view, value) => view.setBigInt64(0, BigInt(value)),
  float32: (view, value) => view.setFloat32(0, value),
  float64: (view, value) => view.setFloat64(0, value),
};

describe('values of registers', () => {
  test('are the same in all byte orders, for all types', () => {
    const types = Object.keys(WRITERS) as (keyof typeof WRITERS)[];
    const orders = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.constantFrom(...orders),
        fc.nat(32_767),
        (type, order, value) => {
          const view = new DataView(new ArrayBuffer(2 * sizeOf({ type })));
          WRITERS[type](view, value);
          const bytes = reordered([...new Uint8Array(view.buffer)], order);
          expect(read({ type, order }, bytes)).toMatchObject({ value, isRefused: false });
        },
      ),
    );
  });

  test('have a sign, a scale, an offset and bits', () => {
    expect(read({ type: 'int16', scale: 0.1, offset: 3 }, [0xff, 0x9c]).value).toBeCloseTo(-7);
    expect(read({ bits: [4, 7] }, [0x12, 0xa5]).value).toBe(0xa);
    expect(read({ type: 'uint64', bits: [60, 63] }, [0xc0, 0, 0, 0, 0, 0, 0, 0]).value).toBe(12);
    expect(read({ type: 'bit', table: 'coil' }, [0x01]).value).toBe(1);
  });

  test('are refused where the device says that there is none: as written with or without a sign', () => {
    for (const broken of [0x8000, -32_768])
      expect(read({ type: 'int16', scale: 0.1, broken: [broken] }, [0x80, 0x00])).toMatchObject({
        value: -3276.8,
        isRefused: true,
      });
    expect(read({ type: 'int16', broken: [0x8000] }, [0x7f, 0xff]).isRefused).toBe(false);
    expect(read({ type: 'float32' }, [0x7f, 0xc0, 0, 0]).isRefused).toBe(true);
    expect(read({ type: 'float32' }, [0x7f, 0x80, 0, 0]).isRefused).toBe(true);
  });
});

const layout = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 12 });
const limits = fc.record({ registersMax: fc.integer({ min: 1, max: 20 }), gapMax: fc.nat(10) });

describe('requests', () => {
  test('read each channel once, within their limit', () => {
    fc.assert(
      fc.property(layout, limits, (registers, limit) => {
        const profile = profileOf(
          Object.fromEntries(registers.map((register) => [`r${register}`, { register }])),
        );
        const blocks = blocksOf(placedChannels(profile), limit);
        const names = blocks.flatMap(({ channels }) => channels.map(({ name }) => name));
        expect(names.toSorted()).toEqual(Object.keys(profile.channels).toSorted());
        for (const { address, count, channels } of blocks) {
          expect(count).toBeLessThanOrEqual(limit.registersMax);
          for (const { register } of channels) expect(register).toBeGreaterThanOrEqual(address);
          for (const { register } of channels) expect(register).toBeLessThan(address + count);
        }
      }),
    );
  });

  test('are the fewest that there can be', () => {
    fc.assert(
      fc.property(layout, limits, (registers, limit) => {
        const profile = profileOf(
          Object.fromEntries(registers.map((register) => [`r${register}`, { register }])),
        );
        const sorted = registers.toSorted((a, b) => a - b);
        expect(blocksOf(placedChannels(profile), limit)).toHaveLength(fewest(sorted, limit));
      }),
    );
  });

  test('are split at the gaps that a device refuses, and then in halves, until each channel is alone', () => {
    const profile = profileOf({ a: { register: 0 }, b: { register: 1 }, c: { register: 5, type: 'uint32' } });
    const [block] = blocksOf(placedChannels(profile), profile);
    if (block === undefined) throw new Error('no block');
    const runs = runsOf(block);
    expect(runs.map(({ address, count }) => [address, count])).toEqual([
      [0, 2],
      [5, 2],
    ]);
    const halves = runs.slice(0, 1).flatMap(runsOf);
    expect(halves.map(({ address, count }) => [address, count])).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });
});

/** By trying all ways to cut the list. */
function fewest(
  registers: readonly number[],
  { registersMax, gapMax }: { registersMax: number; gapMax: number },
): number {
  const best: number[] = [0];
  for (let end = 1; end <= registers.length; end += 1) {
    best[end] = Number.POSITIVE_INFINITY;
    for (let start = end - 1; start >= 0; start -= 1) {
      const run = registers.slice(start, end);
      const isNear = run.every((register, at) => at === 0 || register - (run[at - 1] ?? 0) - 1 <= gapMax);
      if (!isNear || (run.at(-1) ?? 0) - (run[0] ?? 0) + 1 > registersMax) break;
      best[end] = Math.min(best[end] ?? 0, (best[start] ?? 0) + 1);
    }
  }
  return best.at(-1) ?? 0;
}

describe('a value that is written', () => {
  const channelOf = (channel: object) => {
    const [placed] = placedChannels(profileOf({ it: { register: 5, ...channel } }));
    if (placed === undefined) throw new Error('no channel');
    return placed;
  };

  test('is read again as it was, for all types and orders', () => {
    const types = ['uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64', 'float32', 'float64'] as const;
    const orders = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.constantFrom(...orders),
        fc.nat(32_767),
        (type, order, value) => {
          const channel = channelOf({ type, order, scale: 0.5, offset: -3 });
          const request = writeOf(channel, 1, value * 0.5 - 3);
          const words =
            request.function === 6 ? [request.value] : request.function === 16 ? request.values : [];
          const [block] = blocksOf([channel], { registersMax: 125, gapMax: 0 });
          if (block === undefined) throw new Error('no block');
          const data = Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
          expect(valuesOf(block, data)[0]?.value).toBeCloseTo(value * 0.5 - 3, 2);
        },
      ),
    );
  });

  test('is refused where its registers cannot hold it', () => {
    for (const [channel, value] of [
      [{ type: 'uint16' }, -1],
      [{ type: 'int16' }, 40_000],
      [{ type: 'uint16', scale: 0.1 }, 7000],
      [{ type: 'uint16', bits: [0, 3] }, 1],
    ] as const)
      expect(() => writeOf(channelOf(channel), 1, value)).toThrow(/does not fit its registers/);
  });

  test('of a coil is one bit', () => {
    expect(writeOf(channelOf({ type: 'bit', table: 'coil' }), 3, 1)).toMatchObject({
      function: 5,
      unit: 3,
      value: true,
    });
  });
});
