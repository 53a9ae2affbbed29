import type { SecureContextOptions } from 'node:tls';
import type { IClientOptions } from 'mqtt';
import { type Message, propertiesOf } from './message.ts';
import type { Secrets } from './secrets.ts';

export interface ClientParts {
  /** `mqtt`, `mqtts`, `ws` or `wss`, host and port; the last two with a path. */
  readonly url: string;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly secrets: Secrets;
  readonly keepAliveMs: number;
  /** How long the broker may take to accept the connection. */
  readonly ackTimeoutMs: number;
  readonly will: Message;
}

/** The broker sends us little, and no honest packet of it is larger. */
export const INBOUND_PACKET_SIZE_BYTES_MAX = 65_536;

/** Older versions of TLS are broken (RFC 8996). */
const TLS_VERSION_MIN = 'TLSv1.2';

/** mqtt.js hands what it does not know to the TLS of Node. */
type SecureOptions = IClientOptions & Pick<SecureContextOptions, 'minVersion'>;

/** mqtt.js with everything switched off that the outbox does better: its reconnecting, its queues and its stores. */
export function clientOptions({ url, username, secrets, will, ...parts }: ClientParts): SecureOptions {
  return {
    ...addressOf(url, parts.ackTimeoutMs),
    ...(username !== undefined && { username }),
    ...secrets,
    minVersion: TLS_VERSION_MIN,
    clientId: parts.clientId,
    protocolVersion: 5,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: parts.ackTimeoutMs,
    queueQoSZero: false,
    // By default every packet, the password in it, goes to whatever the variable DEBUG names.
    log: () => {},
    keepalive: Math.max(1, Math.round(parts.keepAliveMs / 1000)),
    properties: { maximumPacketSize: INBOUND_PACKET_SIZE_BYTES_MAX },
    will: {
      topic: will.topic,
      payload: Buffer.from(will.payload),
      qos: will.qos,
      retain: will.isRetained,
      properties: propertiesOf(will),
    },
  };
}

function addressOf(url: string, handshakeTimeout: number): IClientOptions {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const portOption = port === '' ? {} : { port: Number(port) };
  if (protocol === 'mqtt:' || protocol === 'mqtts:') {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    return { protocol: protocol === 'mqtts:' ? 'mqtts' : 'mqtt', host, ...portOption };
  }
  return {
    protocol: protocol === 'wss:' ? 'wss' : 'ws',
    hostname,
    // What a URL leaves out it does not tell, and mqtt.js puts the port into a URL of its own.
    port: protocol === 'wss:' ? 443 : 80,
    ...portOption,
    path: `${pathname}${search}`,
    wsOptions: {
      minVersion: TLS_VERSION_MIN,
      maxPayload: INBOUND_PACKET_SIZE_BYTES_MAX * 4,
      handshakeTimeout,
      perMessageDeflate: false,
    },
  };
}
