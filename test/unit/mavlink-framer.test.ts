import { describe, expect, test } from 'vitest';
import { Framer } from '../../src/decode/mavlink/framer.ts';
import type { Packet } from '../../src/decode/mavlink/packet.ts';
import type { UnknownPacket } from '../../src/decode/mavlink/unknown-packets.ts';
import { joined, MavlinkVehicle, rawPacket, recorded } from '../support/mavlink-vehicle.ts';

/** What a framer tells of some bytes. */
function frame(bytes: Uint8Array, { isOver = true } = {}) {
  const packets: Packet[] = [];
  const unknown: UnknownPacket[] = [];
  const skipped: [string, number][] = [];
  const framer = new Framer({
    onPacket: (packet) => packets.push(packet.copy()),
    onUnknown: (packet) => unknown.push(packet),
    onSkipped: (reason, sizeBytes) => skipped.push([reason, sizeBytes]),
  });
  framer.push(bytes);
  if (isOver) framer.end();
  return { packets, unknown, skipped, ids: packets.map(({ id }) => id) };
}

const vehicle = () => new MavlinkVehicle();

describe('packets', () => {
  test('are found in MAVLink 2, with the zeros that the sender cut off', () => {
    const { packets, skipped } = frame(vehicle().attitude(1234));
    const [packet] = packets;
    expect(packet).toMatchObject({ id: 30, system: 1, component: 1, size: 14, skippedBytes: 0 });
    expect(packet?.payload.getUint32(0, true)).toBe(1234);
    expect(packet?.payload.getFloat32(4, true)).toBe(0);
    expect(skipped).toEqual([]);
  });

  test('are found in MAVLink 1', () => {
    const packet = rawPacket({ version: 1, id: 0, payload: new Uint8Array(9).fill(7), sequence: 9 });
    expect(frame(packet).packets[0]).toMatchObject({ id: 0, sequence: 9, size: 17 });
  });

  test('of MAVLink 1 have the length of their definition, or are none', () => {
    const packet = rawPacket({ version: 1, id: 0, payload: new Uint8Array(8) });
    expect(frame(packet).ids).toEqual([]);
  });

  test('are found with fields that are newer than the table', () => {
    expect(frame(rawPacket({ id: 30, payload: new Uint8Array(60).fill(1) })).ids).toEqual([30]);
  });

  test('do not bring what was in the payload before', () => {
    const long = rawPacket({ id: 30, payload: new Uint8Array(28).fill(0xff) });
    const short = rawPacket({ id: 30, payload: Uint8Array.of(1) });
    const { packets } = frame(joined(long, short));
    expect(packets[1]?.payload.getUint32(24, true)).toBe(0);
  });

  test('with a flag that nobody knows are not read', () => {
    const packet = vehicle().attitude(1);
    packet[2] = 0x02;
    expect(frame(packet).ids).toEqual([]);
  });

  test('are found right behind one that was damaged, and inside a false length', () => {
    const v = vehicle();
    const damaged = v.attitude(1);
    damaged[12] = (damaged[12] ?? 0) ^ 1;
    const { ids, skipped } = frame(joined(v.heartbeat(), damaged, v.heartbeat()));
    expect([ids, skipped]).toEqual([[0, 0], [['bad-crc', damaged.length]]]);
    const falseStart = Uint8Array.of(0xfd, 255, 0, 0, 1, 1, 1, 30, 0, 0);
    expect(frame(joined(falseStart, v.heartbeat(), v.attitude(1))).ids).toEqual([0, 30]);
  });

  test('of an unknown definition are told when packets meet them on both sides', () => {
    const v = vehicle();
    const strange = rawPacket({ id: 54_321, payload: new Uint8Array(9).fill(0xfd), sequence: 77 });
    const { ids, unknown, skipped } = frame(joined(v.heartbeat(), strange, strange, v.heartbeat()));
    expect(ids).toEqual([0, 0]);
    expect(unknown).toEqual(Array(2).fill({ system: 1, component: 1, sequence: 77 }));
    expect(skipped).toEqual([['unknown-frame', 2 * strange.length]]);
  });

  test('that only look unknown are noise', () => {
    const v = vehicle();
    const strange = rawPacket({ id: 54_321, payload: new Uint8Array(9) });
    const { unknown, skipped } = frame(joined(v.heartbeat(), strange, Uint8Array.of(1), v.heartbeat()));
    expect([unknown, skipped]).toEqual([[], [['bad-frame', strange.length + 1]]]);
  });

  test('wait for their last byte', () => {
    const packet = vehicle().heartbeat();
    expect(frame(packet.subarray(0, -1), { isOver: false }).ids).toEqual([]);
    expect(frame(packet, { isOver: false }).ids).toEqual([0]);
  });
});

describe('a recording of a ground station', () => {
  const START_MS = Date.UTC(2024, 4, 1);

  test('gives each packet its time, and no noise', () => {
    const v = vehicle();
    const bytes = joined(recorded(START_MS, v.heartbeat()), recorded(START_MS + 40.5, v.attitude(1)));
    const { packets, skipped } = frame(bytes);
    expect(packets.map(({ recordedMs }) => recordedMs)).toEqual([START_MS, START_MS + 40.5]);
    expect(skipped).toEqual([]);
    expect(packets.map(({ skippedBytes }) => skippedBytes)).toEqual([0, 0]);
  });

  test('may have been made without a clock', () => {
    expect(frame(recorded(47_333, vehicle().heartbeat())).packets[0]?.recordedMs).toBe(47_333);
  });

  test('is no stream that begins with other bytes', () => {
    const bytes = joined(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), vehicle().heartbeat());
    const { packets, skipped } = frame(bytes);
    expect(packets[0]?.recordedMs).toBeUndefined();
    expect(skipped).toEqual([['bad-frame', 8]]);
  });

  test('goes on behind damage', () => {
    const v = vehicle();
    const bytes = joined(
      recorded(START_MS, v.heartbeat()),
      Uint8Array.from({ length: 50 }, (_, at) => at),
      recorded(START_MS + 1000, v.heartbeat()),
    );
    const { packets, skipped } = frame(bytes);
    expect(packets.map(({ recordedMs }) => recordedMs)).toEqual([START_MS, START_MS + 1000]);
    expect(skipped).toEqual([['bad-frame', 50]]);
  });
});
