import type { MqttClient, Packet } from 'mqtt';

/** Times the largest packet that may come in before one is complete: the packet, and what the streams buffer. */
const BACKLOG_PACKETS_MAX = 4;

export interface InboundGuardOptions {
  /** What a broker has to say to this client. */
  readonly expected: readonly Packet['cmd'][];
  /** Of the largest packet that the client has told the broker to send. */
  readonly packetSizeBytesMax: number;
  /** More bytes came than any packet has. */
  readonly onEndless: () => void;
}

/** Keeps from a client what it cannot cope with: packets without an end, and packets that are not for it. */
export function guardInbound(client: MqttClient, options: InboundGuardOptions): void {
  const { expected, packetSizeBytesMax, onEndless } = options;
  let sizeBytes = 0;
  client.on('packetreceive', (packet) => {
    sizeBytes = 0;
    // It would answer these, and when their packet id is missing the answer throws where nobody can catch it.
    if (!expected.includes(packet.cmd)) Object.assign(packet, { cmd: 'reserved' });
  });
  client.stream.on('data', (bytes: Buffer) => {
    sizeBytes += bytes.length;
    if (sizeBytes > BACKLOG_PACKETS_MAX * packetSizeBytesMax) onEndless();
  });
}
