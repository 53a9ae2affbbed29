import { gzipSync } from 'node:zlib';
import { topicFault } from './topics.ts';

/** One MQTT publish, before it gets a packet id. */
export interface Message {
  readonly topic: string;
  /** Text, or text that was packed by `packed`. */
  readonly payload: string | Buffer;
  readonly contentType: string;
  readonly qos: 0 | 1;
  readonly isRetained: boolean;
  /** CloudEvents id, repeated as the user property `id`, so that nobody needs to parse the payload to drop copies. */
  readonly id?: string;
  /** The broker drops it when no subscriber has come for so many seconds. */
  readonly expiryS?: number | undefined;
}

/** Room that an incident id and a revision never need. */
const ID_LENGTH_MAX = 256;

/** Largest "remaining length" of an MQTT packet (MQTT 5 section 1.5.5). */
const REMAINING_LENGTH_MAX = 268_435_455;

/** What a topic alias takes among the properties. */
const ALIAS_SIZE_BYTES = 3;

/** User property of a packed payload, with the name and the value that HTTP uses. */
const PACKED = { contentEncoding: 'gzip' } as const;

/** Why a message can never be published to anybody, or undefined when it can. */
export function messageFault({ topic, payload, id = '-' }: Message): string | undefined {
  if (typeof topic !== 'string' || !(typeof payload === 'string' || Buffer.isBuffer(payload)))
    return 'topic or payload is no text';
  const fault = topicFault(topic);
  if (fault !== undefined) return fault;
  if (payload.length === 0) return 'payload is empty';
  if (payload.length > REMAINING_LENGTH_MAX) return `payload is longer than ${REMAINING_LENGTH_MAX} bytes`;
  if (id.length > ID_LENGTH_MAX) return `id is longer than ${ID_LENGTH_MAX} characters`;
  return /\p{Cc}/u.test(id) || !id.isWellFormed() ? 'id contains characters that MQTT forbids' : undefined;
}

/** Why the broker would not take a message of this size, or undefined when it would. */
export function sizeFault(message: Message, sizeBytesMax: number): string | undefined {
  const sizeBytes = packetSizeBytes(message);
  if (sizeBytes <= sizeBytesMax) return undefined;
  return `packet has ${sizeBytes} bytes; the broker takes at most ${sizeBytesMax}`;
}

/** The message with its payload packed by gzip, if that makes it smaller. */
export function packed(message: Message): Message {
  const small = { ...message, payload: gzipSync(message.payload) };
  return packetSizeBytes(small) < packetSizeBytes(message) ? small : message;
}

/**
 * Size of the PUBLISH packet in bytes, which the broker's Maximum Packet Size limits (MQTT 5 sections 3.3 and
 * 3.2.2.3.6). The properties are those that `propertiesOf` sets.
 */
export function packetSizeBytes(message: Message): number {
  const { topic, payload, contentType, qos, expiryS } = message;
  const text = (value: string) => 2 + Buffer.byteLength(value);
  const users = Object.entries(userPropertiesOf(message));
  const properties =
    (typeof payload === 'string' ? 2 : 0) +
    (expiryS === undefined ? 0 : 5) +
    (1 + text(contentType)) +
    users.reduce((sum, [name, value]) => sum + 1 + text(name) + text(value), 0);
  const packetId = qos === 0 ? 0 : 2;
  const remaining =
    text(topic) + packetId + varintSizeBytes(properties) + properties + Buffer.byteLength(payload);
  return 1 + varintSizeBytes(remaining) + remaining;
}

/** Whether there is room for a topic alias beside the topic; two length fields may grow by a byte each. */
export function hasRoomForAlias(message: Message, sizeBytesMax: number): boolean {
  return packetSizeBytes(message) + ALIAS_SIZE_BYTES + 2 <= sizeBytesMax;
}

/** The MQTT 5 properties of a message. */
export function propertiesOf(message: Message) {
  const { contentType, payload, expiryS } = message;
  const userProperties = userPropertiesOf(message);
  return {
    ...(typeof payload === 'string' && { payloadFormatIndicator: true }),
    ...(expiryS !== undefined && { messageExpiryInterval: expiryS }),
    contentType,
    ...(Object.keys(userProperties).length > 0 && { userProperties }),
  };
}

function userPropertiesOf({ id, payload }: Message): Record<string, string> {
  return { ...(id !== undefined && { id }), ...(typeof payload !== 'string' && PACKED) };
}

function varintSizeBytes(value: number): number {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  return value < 2_097_152 ? 3 : 4;
}
