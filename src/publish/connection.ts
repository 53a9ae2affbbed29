import mqtt, { type IClientOptions, type IConnackPacket, type MqttClient, type Packet } from 'mqtt';
import type { Clock } from '../system/clock.ts';
import { FieldnoteError } from '../system/errors.ts';
import { type Message, propertiesOf } from './message.ts';
import { closedUnanswered, connectRefused, disconnected } from './reasons.ts';
import type { Secrets } from './secrets.ts';

/** `5`, or the version before it, which many brokers have beside it or instead. */
export type MqttVersion = 5 | '3.1.1';

export interface ConnectionOptions {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string;
  readonly clientId: string;
  readonly version: MqttVersion;
  readonly username?: string | undefined;
  readonly secrets: Secrets;
  readonly keepAliveMs: number;
  /** How long the broker may take to accept the connection or to acknowledge a publish. */
  readonly ackTimeoutMs: number;
  readonly will: Message;
  readonly clock: Clock;
}

/** We subscribe to nothing: the broker sends acknowledgements, and no honest one of them is larger. */
const INBOUND_PACKET_SIZE_BYTES_MAX = 65_536;

/** Bytes that may come in before a packet is complete: one such packet and what the streams buffer. */
const INBOUND_BACKLOG_BYTES_MAX = 4 * 65_536;

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
    this.#client = mqtt.connect(clientOptions(options));
    this.#client.on('connect', (packet) => this.#accept(packet));
    this.#client.on('disconnect', ({ reasonCode = 0 }) =>
      this.drop(disconnected(reasonCode, { broker: options.url, clientId: options.clientId })),
    );
    this.#client.on('error', (error) => this.drop(this.#failure(error)));
    this.#client.on('close', () => this.drop(this.#closed()));
    this.#guardInbound();
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

  /** Keeps from the client what it cannot cope with: packets without an end, and packets that are not for us. */
  #guardInbound(): void {
    let sizeBytes = 0;
    this.#client.on('packetreceive', (packet) => {
      sizeBytes = 0;
      // It would answer these, and when their packet id is missing the answer throws where nobody can catch it.
      if (!EXPECTED_PACKETS.includes(packet.cmd)) Object.assign(packet, { cmd: 'reserved' });
    });
    this.#client.stream.on('data', (bytes: Buffer) => {
      sizeBytes += bytes.length;
      if (sizeBytes > INBOUND_BACKLOG_BYTES_MAX) this.drop(this.#lost('sent a packet without an end'));
    });
  }

  #failure(error: Error & { code?: unknown }): FieldnoteError {
    const { url: broker, username } = this.#options;
    if (typeof error.code === 'number' && /^Connection refused/.test(error.message))
      return connectRefused(error.code, { broker, username });
    // The errors of a host with several addresses have no message of their own.
    return this.#lost(`failed: ${error.message || error.code}`, error);
  }

  #closed(): FieldnoteError {
    const { url: broker } = this.#options;
    return this.#isAccepted ? this.#lost('closed the connection') : closedUnanswered(broker);
  }

  #lost(what: string, cause?: Error): FieldnoteError {
    const { url } = this.#options;
    return new FieldnoteError('PUBLISH_LOST', `broker ${url} ${what}`, { broker: url }, cause);
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

function clientOptions(options: ConnectionOptions): IClientOptions {
  const { protocol, hostname, port } = new URL(options.url);
  const { version, will, username, secrets } = options;
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
    will: {
      topic: will.topic,
      payload: will.payload,
      qos: will.qos,
      retain: will.isRetained,
      properties: propertiesOf(will),
    },
  };
}
