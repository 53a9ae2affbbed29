import { ReasonCodes } from 'mqtt';
import { FieldnoteError } from '../system/errors.ts';

/**
 * What the broker's reason codes mean for us (MQTT 5 section 2.4). Nothing that a broker says ever loses a
 * report: it is kept and tried again, or put aside when no broker could take it.
 */

const NOT_AUTHORIZED = 0x87;
const SESSION_TAKEN_OVER = 0x8e;
const TOPIC_NAME_INVALID = 0x90;
const PACKET_TOO_LARGE = 0x95;
const PAYLOAD_FORMAT_INVALID = 0x99;

/** CONNACK codes that pass by themselves: server unavailable, server busy, quota, connection rate, unspecified. */
const PASSING_REFUSALS: readonly number[] = [0x80, 0x83, 0x88, 0x89, 0x8b, 0x97, 0x9f];

/** CONNACK codes of a broker that does not speak the version; the first is that of a broker of MQTT 3.1.1. */
const VERSION_REFUSALS: readonly unknown[] = [0x01, 0x84];

/** DISCONNECT codes that speak about a publish, not about the connection. */
const PUBLISH_BLAMED: readonly number[] = [TOPIC_NAME_INVALID, PACKET_TOO_LARGE, PAYLOAD_FORMAT_INVALID];

/** Hints for the person who has to act; the codes 1 to 5 are those of MQTT 3.1.1 brokers. */
const HINTS: Readonly<Record<number, string>> = {
  1: 'the broker does not speak this version of MQTT: set mqtt.version to auto',
  4: 'check mqtt.username and mqtt.passwordFile',
  5: 'check mqtt.username and mqtt.passwordFile, or give the user access',
  132: 'the broker does not speak this version of MQTT: set mqtt.version to auto',
  134: 'check mqtt.username and mqtt.passwordFile',
  135: 'give the user access at the broker',
  142: 'another client uses this id: two devices have the same site and node',
  156: 'set mqtt.url to another broker; redirects are not followed',
  157: 'set mqtt.url to the new broker; redirects are not followed',
};

/** What becomes of a report that the broker answered. */
export type Verdict = 'delivered' | 'retry' | 'retry-slowly' | 'quarantine';

/** Verdict on a publish by the reason code of its PUBACK; below 0x80 the broker has taken it. */
export function verdictOf(pubackCode: number): Verdict {
  if (pubackCode < 0x80) return 'delivered';
  if (pubackCode === NOT_AUTHORIZED) return 'retry-slowly';
  return PUBLISH_BLAMED.includes(pubackCode) ? 'quarantine' : 'retry';
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
  return new FieldnoteError('PUBLISH_REFUSED', message, { ...whom, reasonCode: code });
}

/** What an error of the client says: the broker refused the connection, or it failed. */
export function connectionFailed(
  error: Error & { code?: unknown },
  whom: { broker: string; username: string | undefined },
): FieldnoteError {
  if (typeof error.code === 'number' && /^Connection refused/.test(error.message))
    return connectRefused(error.code, whom);
  const { broker } = whom;
  // The errors of a host with several addresses have no message of their own.
  const message = `broker ${broker} failed: ${error.message || error.code}`;
  return new FieldnoteError('PUBLISH_LOST', message, { broker }, error);
}

/** The broker took the bytes of CONNECT and hung up, as some do on a version of MQTT that they do not speak. */
export function closedUnanswered(broker: string): FieldnoteError {
  const message = `broker ${broker} closed the connection without an answer`;
  return new FieldnoteError('PUBLISH_LOST', message, { broker, isUnanswered: true });
}

/** Whether a broker may have refused the version of MQTT, so that an older one is worth a try. */
export function mayRefuseVersion({ context }: FieldnoteError): boolean {
  return context['isUnanswered'] === true || VERSION_REFUSALS.includes(context['reasonCode']);
}

/** The broker ended the connection with DISCONNECT. */
export function disconnected(code: number, whom: { broker: string; clientId: string }) {
  const message = `broker ${whom.broker} disconnected client ${whom.clientId}: ${reasonText(code)}${hint(code)}`;
  return new FieldnoteError('PUBLISH_LOST', message, { ...whom, reasonCode: code });
}

/** The broker refused one publish with PUBACK. */
export function publishRefused(code: number, whom: { broker: string; topic: string }) {
  const message = `broker ${whom.broker} refused a publish to ${whom.topic}: ${reasonText(code)}${hint(code)}`;
  return new FieldnoteError('PUBLISH_REFUSED', message, { ...whom, reasonCode: code });
}

/** The broker refused a subscription with SUBACK. */
export function subscriptionRefused(code: number, whom: { broker: string; topic: string }) {
  const message = `broker ${whom.broker} refused a subscription to ${whom.topic}: ${reasonText(code)}${hint(code)}`;
  return new FieldnoteError('PUBLISH_REFUSED', message, { ...whom, reasonCode: code });
}

/** Whether a connection failed for a reason that a person has to end, so that trying often is no help. */
export function isLasting(error: FieldnoteError): boolean {
  const code = error.context['reasonCode'];
  if (typeof code !== 'number') return false;
  return (
    code === SESSION_TAKEN_OVER || (error.code === 'PUBLISH_REFUSED' && !PASSING_REFUSALS.includes(code))
  );
}

/** Whether the broker ended the connection because of a publish that it will never take. */
export function blamesPublish(error: FieldnoteError): boolean {
  const code = error.context['reasonCode'];
  return error.code === 'PUBLISH_LOST' && typeof code === 'number' && PUBLISH_BLAMED.includes(code);
}

function hint(code: number): string {
  const text = HINTS[code];
  return text === undefined ? '' : ` (${text})`;
}
