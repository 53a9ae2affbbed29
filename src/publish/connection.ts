import mqtt, { type IClientOptions, type IConnackPacket, type MqttClient, type Packet } from 'mqtt';
import type { Clock } from '../system/clock.ts';
import { FieldnoteError } from '../system/errors.ts';
import { guardInbound } from './inbound-guard.ts';
import { type Message, propertiesOf } from './message.ts';
import { closedUnanswered, connectionFailed, disconnected } from './reasons.ts';
import type { Secrets } from './secrets.ts';

/** `5`, or the version before it, which many brokers have beside it or instead. */
export type MqttVersion = 5 | '3.1.1';

/** One after the other, as long as the broker may have refused the version. A broker that was updated shows at once. */
export function versionsToTry(configured: MqttVersion | 'auto'): readonly [MqttVersion, ...MqttVersion[]] {
  return configured === 'auto' ? [5, '3.1.1'] : [configured];
}

/** Who connects to which broker, and how. */
export interface BrokerSettings {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string;
  readonly clientId: string;
  readonly version: MqttVersion;
  readonly username?: string | undefined;
  readonly secrets: Secrets;
  readonly keepAliveMs: number;
  /** How long the broker may take to accept the connection or to acknowledge a publish. */
  readonly ackTimeoutMs: number;
}

export interface ConnectionOptions extends BrokerSettings {
  readonly will: Message;
  readonly clock: Clock;
}

/** We subscribe to nothing: the broker sends acknowledgements, and no honest one of them is larger. */
const INBOUND_PACKET_SIZE_BYTES_MAX = 65_536;

/** What a broker says to a client that publishes at QoS 1 and subscribes to nothing. */
const EXPECTED_PACKETS: readonly Packet['cmd'][] = ['connack', 'puback', 'pingresp', 'disconnect'];

/** What a broker that announces no limit takes (MQTT 5 section 3.2.2.3). */
const RECEIVE_MAXIMUM_DEFAULT = 65_535;

/** How long a polite end may take. */
const CLOSE_TIMEOUT_MS = 1000;

/**
 * One attempt to reach the broker, and the connection if it succeeds. Each attempt has a client object of its own,
 * without its reconnecting, queueing and storing: those lose publishes, and the outbox already does the work.
 * Whatever goes wrong ends the connection, and `ended` says why.
 */
export class Connection {
  /** Resolves when the broker has accepted the connection. */
  readonly connected: Promise<void>;
  /** Resolves with the reason when the connection has failed, was lost or was closed; never rejects. */
  readonly ended: Promise<FieldnoteError>;

  readonly #options: ConnectionOptions;
  readonly #client: MqttClient;
  readonly #connected = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<FieldnoteError>();
  /** When each publish that waits for its acknowledgement was sent, the oldest first. */
  readonly #sentAtMs = new Map<number, number>();
  #sentCount = 0;
  #isAccepted = false;
  #isEnded = false;
  #limits: NonNullable<IConnackPacket['properties']> = {};
  #deadline: NodeJS.Timeout | undefined;

  /** @throws Error when the URL or the authority's certificate cannot be used at all */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.connected = this.#connected.promise;
    this.ended = this.#ended.promise;
    this.#client = mqtt.connect({ ...clientOptions(options), will: willOf(options.will) });
    this.#client.on('connect', (packet) => this.#accept(packet));
    this.#client.on('disconnect', ({ reasonCode = 0 }) =>
      this.drop(disconnected(reasonCode, { broker: options.url, clientId: options.clientId })),
    );
    this.#client.on('error', (error) =>
      this.drop(connectionFailed(error, { broker: options.url, username: options.username })),
    );
    this.#client.on('close', () => this.drop(this.#closed()));
    guardInbound(this.#client, {
      expected: EXPECTED_PACKETS,
      onEndless: () => this.drop(this.#lost('sent a packet without an end')),
    });
  }

  /** How many publishes the broker lets wait for their acknowledgement. */
  get receiveMaximum(): number {
    return this.#limits.receiveMaximum || RECEIVE_MAXIMUM_DEFAULT;
  }

  get packetSizeBytesMax(): number {
    return this.#limits.maximumPacketSize || Number.POSITIVE_INFINITY;
  }

  /**
   * Sends a message that has no fault (`messageFault`).
   * @param onAck called with the reason code of the acknowledgement of a QoS 1 message, unless the connection ends
   * before it
   */
  publish(message: Message, onAck: (reasonCode: number) => void = () => {}): void {
    if (this.#isEnded) return;
    const { topic, payload, qos, isRetained: retain } = message;
    const key = this.#sentCount++;
    if (qos === 1) this.#expectAck(key);
    this.#client.publish(topic, payload, { qos, retain, properties: propertiesOf(message) }, (error) => {
      const code = ackCodeOf(error);
      if (code !== undefined && !this.#isEnded && this.#sentAtMs.delete(key)) onAck(code);
    });
  }

  /** Ends the connection at once. Only the first reason counts. */
  drop(reason: FieldnoteError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#deadline);
    this.#client.end(true);
    this.#client.stream.destroy();
    this.#ended.resolve(reason);
  }

  /** Ends the connection politely, so that the broker does not send the last will. */
  async close(): Promise<void> {
    const reason = this.#lost('was left');
    const timer = setTimeout(() => this.drop(reason), CLOSE_TIMEOUT_MS);
    if (this.#client.connected && this.#sentAtMs.size === 0)
      this.#client.end(false, {}, () => this.drop(reason));
    else this.drop(reason);
    await this.ended;
    clearTimeout(timer);
  }

  #accept({ properties = {} }: IConnackPacket): void {
    this.#isAccepted = true;
    this.#limits = properties;
    this.#connected.resolve();
  }

  #expectAck(key: number): void {
    this.#sentAtMs.set(key, this.#options.clock.monoMs());
    if (this.#sentAtMs.size === 1) this.#checkDeadline();
  }

  /** One timer for the oldest publish; it looks again when that one was acknowledged in time. */
  #checkDeadline(): void {
    clearTimeout(this.#deadline);
    const [oldestMs] = this.#sentAtMs.values();
    if (oldestMs === undefined || this.#isEnded) return;
    const { ackTimeoutMs, clock } = this.#options;
    const leftMs = oldestMs + ackTimeoutMs - clock.monoMs();
    if (leftMs > 0) this.#deadline = setTimeout(() => this.#checkDeadline(), Math.ceil(leftMs));
    else this.drop(this.#lost(`did not acknowledge a publish within ${ackTimeoutMs} ms`));
  }

  #closed(): FieldnoteError {
    const { url: broker } = this.#options;
    return this.#isAccepted ? this.#lost('closed the connection') : closedUnanswered(broker);
  }

  #lost(what: string): FieldnoteError {
    const { url } = this.#options;
    return new FieldnoteError('PUBLISH_LOST', `broker ${url} ${what}`, { broker: url });
  }
}

/**
 * Reason code of an acknowledgement; undefined when there was none. The client calls back with an error that has
 * no code when it gives a connection up, often before it says so: that is no acknowledgement.
 */
function ackCodeOf(error: (Error & { code?: unknown }) | null | undefined): number | undefined {
  if (error === null || error === undefined) return 0;
  return typeof error.code === 'number' ? error.code : undefined;
}

/** How to reach the broker, without what is said to it. */
export function clientOptions(options: BrokerSettings): IClientOptions {
  const { protocol, hostname, port } = new URL(options.url);
  const { version, username, secrets } = options;
  return {
    protocol: protocol === 'mqtts:' ? 'mqtts' : 'mqtt',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(port !== '' && { port: Number(port) }),
    ...(username !== undefined && { username }),
    ...secrets,
    clientId: options.clientId,
    protocolVersion: version === 5 ? 5 : 4,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: options.ackTimeoutMs,
    queueQoSZero: false,
    // By default every packet, the password in it, goes to whatever the variable DEBUG names.
    log: () => {},
    keepalive: Math.max(1, Math.round(options.keepAliveMs / 1000)),
    properties: { maximumPacketSize: INBOUND_PACKET_SIZE_BYTES_MAX },
  };
}

function willOf(will: Message): NonNullable<IClientOptions['will']> {
  const { topic, payload, qos, isRetained: retain } = will;
  return { topic, payload, qos, retain, properties: propertiesOf(will) };
}
