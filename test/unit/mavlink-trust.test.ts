import { describe, expect, test } from 'vitest';
import { Packet } from '../../src/decode/mavlink/packet.ts';
import { Trust } from '../../src/decode/mavlink/trust.ts';
import { rawPacket } from '../support/mavlink-vehicle.ts';

/** A packet by its sequence number and the noise before it. */
function packetOf(sequence: number, skippedBytes = 0, system = 1): Packet {
  const packet = new Packet();
  const bytes = rawPacket({ id: 0, payload: Uint8Array.of(1), sequence, system });
  packet.load(bytes, 0, bytes.length);
  packet.skippedBytes = skippedBytes;
  return packet;
}

function trusting(...packets: Packet[]) {
  const believed: number[] = [];
  const lost: number[] = [];
  const doubted: number[] = [];
  const trust = new Trust({
    onBelieved(packet, missing) {
      believed.push(packet.sequence);
      lost.push(missing);
    },
    onDoubted: (packet) => doubted.push(packet.sequence),
  });
  for (const packet of packets) trust.take(packet);
  return { believed, lost, doubted, trust };
}

describe('a packet', () => {
  test('is believed where the stream begins and where another one ended', () => {
    expect(trusting(packetOf(5), packetOf(6), packetOf(99, 0, 2)).believed).toEqual([5, 6, 99]);
  });

  test('out of noise is believed when it counts on', () => {
    expect(trusting(packetOf(5), packetOf(6, 40)).believed).toEqual([5, 6]);
  });

  test('out of noise that does not count on waits for the next one', () => {
    expect(trusting(packetOf(5), packetOf(8, 40)).believed).toEqual([5]);
    expect(trusting(packetOf(5), packetOf(8, 40), packetOf(9)).believed).toEqual([5, 8, 9]);
    expect(trusting(packetOf(5), packetOf(8, 40), packetOf(11, 40)).believed).toEqual([5, 8, 11]);
  });

  test('that nothing confirms is doubted', () => {
    const { believed, doubted } = trusting(packetOf(5), packetOf(200, 40), packetOf(6, 40));
    expect([believed, doubted]).toEqual([[5, 6], [200]]);
  });

  test('is not confirmed by one of another sender, by one that counts far, or by one after much noise', () => {
    expect(trusting(packetOf(5), packetOf(8, 9), packetOf(9, 9, 2)).doubted).toEqual([8]);
    expect(trusting(packetOf(5), packetOf(8, 9), packetOf(100, 9)).doubted).toEqual([8]);
    expect(trusting(packetOf(5), packetOf(8, 9), packetOf(10, 5000)).doubted).toEqual([8]);
  });

  test('that waits at the end is doubted', () => {
    const { trust, doubted } = trusting(packetOf(5), packetOf(8, 40));
    trust.end();
    expect(doubted).toEqual([8]);
  });
});

describe('losses', () => {
  test('are what is missing in the sequence of each sender', () => {
    const packets = [packetOf(254), packetOf(1), packetOf(7, 0, 2), packetOf(2), packetOf(8, 0, 2)];
    expect(trusting(...packets).lost).toEqual([0, 2, 0, 0, 0]);
  });

  test('are not what comes twice, or was overtaken', () => {
    expect(trusting(packetOf(10), packetOf(12), packetOf(11), packetOf(12), packetOf(13)).lost).toEqual([
      0, 1, 0, 0, 0,
    ]);
  });

  test('do not grow the memory with the number of senders', () => {
    const { trust, lost } = trusting();
    for (let round = 0; round < 2; round++)
      for (let system = 1; system < 250; system++) trust.take(packetOf(round * 9, 0, system));
    expect(lost.every((count) => count === 0)).toBe(true);
  });
});
