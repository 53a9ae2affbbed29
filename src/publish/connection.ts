import mqtt, { type IConnackPacket, type MqttClient, type Packet } from 'mqtt';
import type { Clock } from '../system/clock.ts';
import { FieldnoteError } from '../system/errors.ts';
import { guardInbound } from '../system/inbound-guard.ts';
import {
  type ClientParts,
  clientOptions,
  INBOUND_PACKET_SIZE_BYTES_MAX,
  type MqttVersion,
} from './client-options.ts';
import { failureText } from './link-failure.ts';
import { hasRoomForAlias, type Message, propertiesOf } from './message.ts';
import { closedUnanswered, connectRefused, disconnected, subscribeRefused } from './reasons.ts';
import { TopicAliases } from './topic-aliases.ts';

export interface ConnectionOptions extends ClientParts {
  readonly will: Message;
  /** Where receipts come; nothing else is subscribed to. */
  readonly receiptTopic?: string;
  readonly onReceipt?: (payload: Buffer) => void;
  readonly clock: Clock;
}

/** What the client may see of what a broker says. Answers to the subscription and receipts are taken from it. */
const EXPECTED_PACKETS: readonly Packet['cmd'][] = ['connack', 'puback', 'pingresp', 'disconnect'];

/** What a broker that announces no limit takes (MQTT 5 section 3.2.2.3). */
const RECEIVE_MAXIMUM_DEFAULT = 65_535;

/** Reason code for a broker that takes nothing that it would have to acknowledge. */
const QOS_NOT_SUPPORTED = 0x9b;

/** What the broker says of itself when it accepts a connection. */
export type BrokerLimits = NonNullable<IConnackPacket['properties']>;

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
  /** When the oldest of them was acknowledged the last time. */
  #advancedAtMs = 0;
  #isAccepted = false;
  #isEnded = false;
  #limits: BrokerLimits = {};
  #aliases = new TopicAliases(0);
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
    this.#listen();
  }

  get version(): MqttVersion {
    return this.#options.version;
  }

  /** What the broker takes, as it says. */
  get limits(): BrokerLimits {
    return this.#limits;
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
    const { payload, qos, isRetained } = message;
    const key = this.#sentCount++;
    if (qos === 1) this.#expectAck(key);
    const mayGrow = hasRoomForAlias(message, this.packetSizeBytesMax);
    const { topic, ...alias } = this.#aliases.apply(message.topic, mayGrow);
    const retain = isRetained && this.#limits.retainAvailable !== false;
    const properties = { ...propertiesOf(message), ...alias };
    this.#client.publish(topic, payload, { qos, retain, properties }, (error) => {
      const code = ackCodeOf(error);
      if (code !== undefined && !this.#isEnded && this.#acknowledge(key)) onAck(code);
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
    this.#aliases = new TopicAliases(properties.topicAliasMaximum ?? 0);
    const { url: broker, username, receiptTopic } = this.#options;
    if (properties.maximumQoS === 0) this.drop(connectRefused(QOS_NOT_SUPPORTED, { broker, username }));
    else this.#connected.resolve();
    // QoS 0: a receipt that gets lost costs one more copy of its reports, an acknowledgement would cost more.
    if (receiptTopic !== undefined) this.#client.subscribe(receiptTopic, { qos: 0 });
  }

  #expectAck(key: number): void {
    this.#sentAtMs.set(key, this.#options.clock.monoMs());
    if (this.#sentAtMs.size === 1) this.#checkDeadline();
  }

  /** Whether it was waited for. */
  #acknowledge(key: number): boolean {
    const [oldest] = this.#sentAtMs.keys();
    if (key === oldest) this.#advancedAtMs = this.#options.clock.monoMs();
    return this.#sentAtMs.delete(key);
  }

  /**
   * One timer for the oldest publish; it looks again when that one was acknowledged in time. The time of a publish begins
   * when those before it are acknowledged, so that a slow link with a full window is not taken for a dead one.
   */
  #checkDeadline(): void {
    clearTimeout(this.#deadline);
    const [oldestMs] = this.#sentAtMs.values();
    if (oldestMs === undefined || this.#isEnded) return;
    const { ackTimeoutMs, clock } = this.#options;
    const leftMs = Math.max(oldestMs, this.#advancedAtMs) + ackTimeoutMs - clock.monoMs();
    if (leftMs > 0) this.#deadline = setTimeout(() => this.#checkDeadline(), Math.ceil(leftMs));
    else this.drop(this.#lost(`did not acknowledge a publish within ${ackTimeoutMs} ms`));
  }

  /** Takes what is for us before the guard hides it from the client. */
  #listen(): void {
    this.#client.on('packetreceive', (packet) => {
      if (packet.cmd === 'suback') this.#readSubscribed(packet.granted);
      if (packet.cmd === 'publish' && packet.topic === this.#options.receiptTopic)
        this.#options.onReceipt?.(Buffer.from(packet.payload));
    });
    guardInbound(this.#client, {
      expected: EXPECTED_PACKETS,
      packetSizeBytesMax: INBOUND_PACKET_SIZE_BYTES_MAX,
      onEndless: () => this.drop(this.#lost('sent a packet without an end')),
    });
  }

  /** Without receipts nothing would ever leave the outbox: a person has to know. */
  #readSubscribed(granted: readonly unknown[]): void {
    const code = granted.find((code) => typeof code === 'number' && code >= 0x80);
    const { url: broker, receiptTopic: topic } = this.#options;
    const advice = 'let the node read it, or set mqtt.receipts to false';
    if (typeof code === 'number' && topic !== undefined)
      this.drop(subscribeRefused(code, { broker, topic, advice }));
  }

  #failure(error: Error & { code?: unknown }): FieldnoteError {
    const { url: broker, username, clock } = this.#options;
    if (typeof error.code === 'number' && /^Connection refused/.test(error.message))
      return connectRefused(error.code, { broker, username });
    return this.#lost(`failed: ${failureText(error, clock.stampAt(clock.monoMs()))}`, error);
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
