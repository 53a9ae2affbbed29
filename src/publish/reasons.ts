import { ReasonCodes } from 'mqtt';
import { FieldnoteError } from '../system/errors.ts';

/**
 * What we do about an answer of the broker. Nothing that a broker says ever loses a report: it is tried again, soon or,
 * where a person has to act first, slowly; or it is put aside because no broker could take it.
 */
export type Verdict = 'delivered' | 'retry' | 'retry-slowly' | 'quarantine';

/** The packets in which a broker says how it went. */
export type AnswerPacket = 'connack' | 'puback' | 'disconnect';

type Answers = Readonly<Partial<Record<AnswerPacket, Verdict>>> & { readonly hint?: string };

const CREDENTIALS = 'check mqtt.username and mqtt.passwordFile';
const ACCESS = 'give the user access at the broker';
const OLD_BROKER = 'the broker does not speak MQTT 5';
const MOVED = 'redirects are not followed: set mqtt.url to the new broker';

/**
 * Every reason code that a broker may send in CONNACK, PUBACK or DISCONNECT (MQTT 5 section 2.4), and those with which
 * brokers of MQTT 3.1.1 refuse a connection (3.1.1 section 3.2.2.3); one answer more that brokers give and the
 * specification does not foresee. `quarantine` for a DISCONNECT means that it speaks
 * about a publish and not about the connection.
 */
export const REASONS: ReadonlyMap<number, Answers> = new Map<number, Answers>([
  [0x00, { puback: 'delivered', disconnect: 'retry' }],
  [0x01, { connack: 'retry-slowly', hint: OLD_BROKER }],
  [0x02, { connack: 'retry-slowly', hint: 'the broker does not take the client id' }],
  [0x03, { connack: 'retry' }],
  [0x04, { connack: 'retry-slowly', hint: CREDENTIALS }],
  [0x05, { connack: 'retry-slowly', hint: `${CREDENTIALS}, or ${ACCESS}` }],
  [0x10, { puback: 'delivered' }],
  [0x80, { connack: 'retry', puback: 'retry', disconnect: 'retry' }],
  [0x81, { connack: 'retry-slowly', disconnect: 'retry' }],
  [0x82, { connack: 'retry-slowly', disconnect: 'retry' }],
  [0x83, { connack: 'retry', puback: 'retry', disconnect: 'retry' }],
  [0x84, { connack: 'retry-slowly', hint: OLD_BROKER }],
  [0x85, { connack: 'retry-slowly', hint: 'the broker does not take the client id' }],
  [0x86, { connack: 'retry-slowly', hint: CREDENTIALS }],
  [0x87, { connack: 'retry-slowly', puback: 'retry-slowly', disconnect: 'retry-slowly', hint: ACCESS }],
  [0x88, { connack: 'retry' }],
  [0x89, { connack: 'retry', disconnect: 'retry' }],
  [0x8a, { connack: 'retry-slowly', hint: 'the broker has banned this device' }],
  [0x8b, { connack: 'retry', disconnect: 'retry' }],
  [
    0x8c,
    { connack: 'retry-slowly', hint: 'the broker wants an authentication that Fieldnote does not know' },
  ],
  [0x8d, { disconnect: 'retry' }],
  [
    0x8e,
    {
      disconnect: 'retry-slowly',
      hint: 'another client uses this id: two devices have the same site and node',
    },
  ],
  [0x8f, { disconnect: 'retry-slowly' }],
  [0x90, { connack: 'retry-slowly', puback: 'quarantine', disconnect: 'quarantine' }],
  [0x91, { puback: 'retry' }],
  [0x93, { disconnect: 'retry', hint: 'make mqtt.window smaller' }],
  [0x94, { disconnect: 'retry' }],
  [0x95, { connack: 'retry-slowly', disconnect: 'quarantine' }],
  [0x96, { disconnect: 'retry-slowly', hint: 'set mqtt.limit.messagesPerSecond to what the broker allows' }],
  [0x97, { connack: 'retry', puback: 'retry', disconnect: 'retry' }],
  [0x98, { disconnect: 'retry-slowly', hint: 'a person at the broker has ended the connection' }],
  [0x99, { connack: 'retry-slowly', puback: 'quarantine', disconnect: 'quarantine' }],
  [
    0x9a,
    {
      connack: 'retry-slowly',
      disconnect: 'retry-slowly',
      hint: 'allow retained messages at the broker: the status is one',
    },
  ],
  [
    0x9b,
    {
      connack: 'retry-slowly',
      disconnect: 'retry-slowly',
      hint: 'allow QoS 1 at the broker: without it nothing is acknowledged',
    },
  ],
  [0x9c, { connack: 'retry-slowly', disconnect: 'retry-slowly', hint: MOVED }],
  [0x9d, { connack: 'retry-slowly', disconnect: 'retry-slowly', hint: MOVED }],
  [0x9e, { disconnect: 'retry-slowly' }],
  [0x9f, { connack: 'retry', disconnect: 'retry' }],
  [0xa0, { disconnect: 'retry' }],
  [0xa1, { disconnect: 'retry-slowly' }],
  [0xa2, { disconnect: 'retry-slowly' }],
]);

/** What becomes of a code that a packet should not carry. Below 0x80 a broker has taken the publish. */
function verdictOfUnknown(packet: AnswerPacket, code: number): Verdict {
  if (packet === 'puback' && code < 0x80) return 'delivered';
  return packet === 'connack' ? 'retry-slowly' : 'retry';
}

/** What to do about this code in this packet. */
export function verdictOf(packet: AnswerPacket, code: number): Verdict {
  return REASONS.get(code)?.[packet] ?? verdictOfUnknown(packet, code);
}

/** A reason code with its name, such as "0x87 not authorized". */
export function reasonText(code: number): string {
  const name = ReasonCodes[code as keyof typeof ReasonCodes] || 'unknown reason';
  return `0x${code.toString(16).padStart(2, '0')} ${name.toLowerCase()}`;
}

/** The broker refused the connection with CONNACK. */
export function connectRefused(code: number, whom: { broker: string; username: string | undefined }) {
  const user = whom.username === undefined ? 'a client without a user name' : `user "${whom.username}"`;
  const message = `broker ${whom.broker} refused ${user}: ${reasonText(code)}${hint(code)}`;
  return new FieldnoteError('PUBLISH_REFUSED', message, contextOf('connack', code, whom));
}

/** The broker ended the connection with DISCONNECT. */
export function disconnected(code: number, whom: { broker: string; clientId: string }) {
  const message = `broker ${whom.broker} disconnected client ${whom.clientId}: ${reasonText(code)}${hint(code)}`;
  return new FieldnoteError('PUBLISH_LOST', message, contextOf('disconnect', code, whom));
}

/** The broker refused one publish with PUBACK. */
export function publishRefused(code: number, whom: { broker: string; topic: string }) {
  const message = `broker ${whom.broker} refused a publish to ${whom.topic}: ${reasonText(code)}${hint(code)}`;
  return new FieldnoteError('PUBLISH_REFUSED', message, contextOf('puback', code, whom));
}

/** The broker refused the subscription to the receipts with SUBACK. */
export function subscribeRefused(code: number, whom: { broker: string; topic: string }) {
  const advice = 'let the node read it, or set mqtt.receipts to false';
  const message = `broker ${whom.broker} refused a subscription to ${whom.topic}: ${reasonText(code)} (${advice})`;
  return new FieldnoteError('PUBLISH_REFUSED', message, { ...whom, reasonCode: code });
}

/** Whether a connection failed for a reason that a person has to end, so that trying often is no help. */
export function isLasting({ context }: FieldnoteError): boolean {
  return context['verdict'] === 'retry-slowly';
}

/** Whether the broker ended the connection because of a publish that it will never take. */
export function blamesPublish({ code, context }: FieldnoteError): boolean {
  return code === 'PUBLISH_LOST' && context['verdict'] === 'quarantine';
}

function contextOf(packet: AnswerPacket, reasonCode: number, whom: object): Record<string, unknown> {
  return { ...whom, reasonCode, verdict: verdictOf(packet, reasonCode) };
}

function hint(code: number): string {
  const text = REASONS.get(code)?.hint;
  return text === undefined ? '' : ` (${text})`;
}
