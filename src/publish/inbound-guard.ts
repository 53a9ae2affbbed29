import type { MqttClient, Packet } from 'mqtt';

/** Bytes that may come in before a packet is complete: one of the largest we take, and what the streams buffer. */
const INBOUND_BACKLOG_BYTES_MAX = 4 * 65_536;

export interface InboundGuardOptions {
  /** What a broker has to say to this client. */
  readonly expected: readonly Packet['cmd'][];
  /** More bytes came than any packet has. */
  readonly onEndless: () => void;
}

/** Keeps from a client what it cannot cope with: packets without an end, and packets that are not for it. */
export function guardInbound(client: MqttClient, { expected, onEndless }: InboundGuardOptions): void {
  let sizeBytes = 0;
  client.on('packetreceive', (packet) => {
    sizeBytes = 0;
    // It would answer these, and when their packet id is missing the answer throws where nobody can catch it.
    if (!expected.includes(packet.cmd)) Object.assign(packet, { cmd: 'reserved' });
  });
  client.stream.on('data', (bytes: Buffer) => {
    sizeBytes += bytes.length;
    if (sizeBytes > INBOUND_BACKLOG_BYTES_MAX) onEndless();
  });
}
