import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MavlinkDecoder } from '../../src/decode/mavlink/decoder.ts';
import type { Decoded } from '../../src/values/sample.ts';
import { joined, MavlinkVehicle, rawPacket } from '../support/mavlink-vehicle.ts';

const KEY = new Uint8Array(32).fill(42);
const NOW_MS = Date.UTC(2026, 10, 23);
const signed = (wallMs = NOW_MS) => new MavlinkVehicle({ key: KEY, wallMs: () => wallMs });

function listener(key: Uint8Array | undefined = KEY, wallMs?: () => number | undefined) {
  const decoder = new MavlinkDecoder({ source: 'fc', mavlink: { signingKey: key, wallMs } });
  return (...packets: Uint8Array[]): Decoded[] => [
    ...decoder.decode(joined(...packets), 0),
    ...decoder.tick(0),
  ];
}

const samplesIn = (items: readonly Decoded[]) => items.filter((item) => item.kind === 'sample').length;
const refusedIn = (items: readonly Decoded[]) =>
  items.flatMap((item) => (item.kind === 'noise' ? [`${item.reason}: ${item.excerpt}`] : []));

describe('where a key is configured', () => {
  test('packets that are signed by it are read', () => {
    const v = signed();
    expect(samplesIn(listener()(v.heartbeat(), v.attitude(1)))).toBe(2);
  });

  test('the signature is the one of the published rule', () => {
    const packet = signed().heartbeat();
    const hash = createHash('sha256').update(KEY).update(packet.subarray(0, -6)).digest();
    expect(packet.subarray(-6)).toEqual(new Uint8Array(hash.subarray(0, 6)));
    const ticks = BigInt(NOW_MS - Date.UTC(2015, 0, 1)) * 100n;
    expect(new DataView(packet.buffer, packet.length - 12).getUint32(0, true)).toBe(
      Number(ticks & 0xffffffffn),
    );
  });

  test('packets without a signature are refused', () => {
    const v = new MavlinkVehicle();
    const found = listener()(v.heartbeat(), v.attitude(1));
    expect(samplesIn(found)).toBe(0);
    expect(refusedIn(found)).toEqual([
      'bad-signature: message 0 of 1: unsigned',
      'bad-signature: message 30 of 1: unsigned',
    ]);
  });

  test('the status of a radio is read without one', () => {
    const radio = rawPacket({ id: 109, payload: new Uint8Array(9).fill(1), system: 51, component: 68 });
    expect(refusedIn(listener()(radio))).toEqual([]);
  });

  test('packets of another key are refused, and so is each changed byte', () => {
    const v = new MavlinkVehicle({ key: new Uint8Array(32), wallMs: () => NOW_MS });
    expect(refusedIn(listener()(v.heartbeat()))).toEqual(['bad-signature: message 0 of 1: wrong signature']);
    const packet = signed().attitude(1);
    for (let at = packet.length - 13; at < packet.length; at++) {
      const changed = packet.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(refusedIn(listener()(changed))).toHaveLength(1);
    }
  });

  test('a packet is read once: sent again it is refused, and so is an older one', () => {
    const v = signed();
    const [first, second] = [v.heartbeat(), v.attitude(1)];
    expect(refusedIn(listener()(first, second, second, first)).map((text) => text.split(': ')[2])).toEqual([
      'sent before',
      'sent before',
    ]);
  });

  test('each link and sender has its own time', () => {
    const [v, other] = [
      signed(),
      new MavlinkVehicle({ component: 2, key: KEY, wallMs: () => NOW_MS - 1000 }),
    ];
    expect(refusedIn(listener()(v.heartbeat(), other.heartbeat()))).toEqual([]);
  });

  test('a sender that was not heard before may be a minute behind, no more', () => {
    const late = (ms: number) => refusedIn(listener(KEY, () => NOW_MS + ms)(signed().heartbeat()));
    expect(late(59_000)).toEqual([]);
    expect(late(61_000)).toEqual(['bad-signature: message 0 of 1: too old']);
  });

  test('a clock that nobody vouches for refuses nobody', () => {
    expect(refusedIn(listener(KEY, () => undefined)(signed(Date.UTC(2016, 0, 1)).heartbeat()))).toEqual([]);
  });
});

test('without a key, signed packets are read as well', () => {
  const v = signed();
  const decoder = new MavlinkDecoder({ source: 'fc' });
  expect(samplesIn([...decoder.decode(joined(v.heartbeat(), v.attitude(1)), 0)])).toBe(2);
});
