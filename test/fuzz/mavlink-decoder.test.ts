import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDecoder } from '../../src/decode/decoder.ts';
import { MavlinkDecoder } from '../../src/decode/mavlink/decoder.ts';
import { crcExtraOf } from '../../src/decode/mavlink/messages.ts';
import type { Packet } from '../../src/decode/mavlink/packet.ts';
import { flightChannel } from '../../src/values/flight-channels.ts';
import type { Decoded } from '../../src/values/sample.ts';
import { seeded, withFlips } from '../support/bridge-device.ts';
import { joined, MavlinkVehicle, rawPacket, recorded } from '../support/mavlink-vehicle.ts';

type Step = 'attitude' | 'heartbeat' | 'vfr' | 'unknown' | 'v1' | 'lose' | 'garbage';
const script = fc.array(
  fc.constantFrom<Step>('attitude', 'attitude', 'heartbeat', 'vfr', 'unknown', 'v1', 'lose', 'garbage'),
  { maxLength: 40 },
);
const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });
const KNOWN_IDS = Array.from({ length: 400 }, (_, id) => id).filter((id) => crcExtraOf(id) >= 0);

function life(steps: readonly Step[], isRecording: boolean): Uint8Array {
  const v = new MavlinkVehicle();
  const parts = [v.heartbeat()];
  for (const [at, step] of steps.entries()) {
    const says: Record<Step, () => Uint8Array> = {
      attitude: () => v.attitude(at * 100, at),
      heartbeat: () => v.heartbeat(),
      vfr: () => v.say('VFR_HUD', { throttle: at }),
      unknown: () => rawPacket({ id: 55_555, payload: new Uint8Array(at % 250).fill(0xfd) }),
      v1: () => rawPacket({ version: 1, id: 0, payload: new Uint8Array(9).fill(3), system: 9, sequence: at }),
      lose: () => {
        v.lose(at);
        return new Uint8Array();
      },
      garbage: () => Uint8Array.from({ length: at * 9 }, (_, byte) => (byte * 7 + at) & 0xff),
    };
    parts.push(says[step]());
  }
  const startMs = Date.UTC(2025, 1, 1);
  return joined(...(isRecording ? parts.map((part, at) => recorded(startMs + at, part)) : parts));
}

function feed(bytes: Uint8Array, cuts: readonly number[]): Decoded[] {
  const decoder = createDecoder({ source: 's', protocol: 'mavlink' });
  const found: Decoded[] = [];
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const end = start + (cuts[turn % cuts.length] ?? bytes.length);
    found.push(...decoder.decode(bytes.subarray(start, end), 0));
    start = end;
  }
  return [...found, ...decoder.finish(0)];
}

const noiseBytes = (items: readonly Decoded[]) =>
  items.reduce((sum, item) => sum + (item.kind === 'noise' ? item.sizeBytes : 0), 0);

describe('the MAVLink decoder', () => {
  test('does not depend on how the bytes are cut into chunks', () => {
    fc.assert(
      fc.property(script, sizes, fc.boolean(), fc.integer(), (steps, cuts, isRecording, seed) => {
        const bytes = withFlips(life(steps, isRecording), 0.002, seeded(seed));
        expect(feed(bytes, cuts)).toEqual(feed(bytes, [bytes.length]));
      }),
      { numRuns: 300 },
    );
  });

  test('never throws and gives only well-formed values, whatever the bytes are', () => {
    const framed = fc
      .tuple(fc.constantFrom(...KNOWN_IDS), fc.nat(3), fc.nat(255), fc.uint8Array({ maxLength: 255 }))
      .map(([id, system, sequence, payload]) => rawPacket({ id, system, sequence, payload }));
    const garbage = fc.uint8Array({ maxLength: 400 });
    const parts = fc.array(fc.oneof({ weight: 4, arbitrary: framed }, garbage), { maxLength: 30 });
    fc.assert(
      fc.property(parts, fc.boolean(), (chunks, isRecording) => {
        for (const item of feed(joined(life([], isRecording), ...chunks), [64])) expectWellFormed(item);
      }),
      { numRuns: 500 },
    );
  });

  test('loses no packet but the damaged ones, and those that nothing confirms', () => {
    const v = new MavlinkVehicle();
    const random = seeded(11);
    const decoder = new MavlinkDecoder({ source: 's' });
    decoder.decode(joined(v.heartbeat(), v.attitude(0)), 0);
    const count = 20_000;
    let damagedCount = 0;
    const found: Decoded[] = [];
    for (let n = 1; n <= count; n++) {
      const packet = v.attitude(n, n);
      const sent = withFlips(packet, 0.0005, random);
      if (!sent.every((byte, at) => byte === packet[at])) damagedCount++;
      found.push(...decoder.decode(sent, 0));
    }
    const samples = found.filter((item) => item.kind === 'sample');
    for (const { deviceMs, values } of samples)
      expect(values[0]).toBeCloseTo((deviceMs ?? Number.NaN) * (180 / Math.PI), -1);
    expect(damagedCount).toBeGreaterThan(100);
    expect(samples.length).toBeGreaterThanOrEqual(count - damagedCount - 2);
    const lost = found.reduce((sum, item) => sum + (item.kind === 'loss' ? item.frames : 0), 0);
    // A packet whose id was damaged looks like one of an unknown definition: it is noise, and no loss.
    const strange = found.filter((item) => item.kind === 'noise' && item.reason === 'unknown-frame').length;
    expect(samples.length + lost + strange).toBeGreaterThanOrEqual(count - 5);
  });

  /**
   * What is counted: packets that are believed out of 10^7 random bytes, in which each 100th byte begins a good header
   * (known id, the right length) with random payload and checksum. By chance alone 1.5 of these 100,000 have a right checksum.
   */
  test('believes nothing in 10^7 random bytes with a good header each 100, whose checksums are right by chance', () => {
    let intactCount = 0;
    class Counting extends MavlinkDecoder {
      override onPacket(packet: Packet): void {
        intactCount++;
        super.onPacket(packet);
      }
    }
    const decoder = new Counting({ source: 's' });
    const random = seeded(25);
    const byte = () => Math.floor(random() * 256);
    const found: Decoded[] = [];
    const chunk = new Uint8Array(10_000);
    for (let turn = 0; turn < 1000; turn++) {
      for (let at = 0; at < chunk.length; at++) chunk[at] = byte();
      for (let at = 0; at < chunk.length; at += 100) {
        const id = KNOWN_IDS[Math.floor(random() * KNOWN_IDS.length)] ?? 0;
        chunk.set([0xfd, 20 + (byte() % 60), 0, 0, byte(), 1, 1, id & 0xff, id >> 8, 0], at);
      }
      found.push(...decoder.decode(chunk, 0));
    }
    expect(found.filter(({ kind }) => kind !== 'noise')).toEqual([]);
    expect(decoder.packetCount).toBe(0);
    expect(intactCount).toBeGreaterThan(0);
  });

  test('keeps nothing of 10 MB of another protocol, and counts each byte', () => {
    const line = '$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n';
    const chunk = Buffer.from(line.repeat(1000));
    const decoder = new MavlinkDecoder({ source: 's' });
    global.gc?.();
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 150; count++) expect(decoder.decode(chunk, 0)).toEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
    expect(noiseBytes(decoder.finish(0))).toBe(150 * chunk.length);
  });
});

function expectWellFormed(item: Decoded): void {
  expect(item.source).toBe('s');
  if (item.kind === 'noise') {
    expect(item.excerpt).toMatch(/^\P{C}{0,64}$/u);
    expect(item.sizeBytes).toBeGreaterThan(0);
  } else if (item.kind === 'sample') {
    expect(item.values.length).toBe(item.names.length);
    expect(item.values.every(Number.isFinite)).toBe(true);
    expect(item.names.every((name) => flightChannel(name) !== undefined)).toBe(true);
  } else if (item.kind === 'log') {
    expect(item.text).toMatch(/^\P{C}*$/u);
  }
}
