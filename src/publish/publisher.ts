import { setTimeout as sleep } from 'node:timers/promises';
import type { MqttConfig } from '../config/schema.ts';
import type { Clock } from '../system/clock.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { Lane } from '../values/lane.ts';
import { type MqttVersion, versionsToTry } from './client-options.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { Delivery, type DeliveryEvents, type DeliveryOptions } from './delivery.ts';
import { type Message, packetSizeBytes, sizeFault } from './message.ts';
import type { OutboxSource, PendingReport } from './outbox.ts';
import { type Document, Presence } from './presence.ts';
import { RateLimit } from './rate-limit.ts';
import { isLasting, mayRefuseVersion, publishRefused } from './reasons.ts';
import { Receipts, type ReceiptsEvents } from './receipts.ts';
import { RetryDelay } from './retry-delay.ts';
import type { Secrets } from './secrets.ts';
import { Suspects } from './suspects.ts';
import { topicsOf } from './topics.ts';

export interface PublisherOptions {
  readonly config: MqttConfig;
  readonly site: string;
  readonly node: string;
  /** Asked for each connection: its numbers are good for one. */
  readonly outbox: () => OutboxSource;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Asked at each attempt to connect, so that what was renewed is used without a restart. */
  readonly secrets: () => Promise<Secrets>;
  /** Body to send for a stored report; what it throws puts the report aside. As stored when absent. */
  readonly bodyOf?: (report: PendingReport) => string;
  /** Of the store, for the receipts. */
  readonly epoch?: () => string | undefined;
  /** While true only critical reports are sent, and no document is shown again; `nudge` when it has ended. */
  readonly isQuiet?: (() => boolean) | undefined;
  readonly on: PublisherEvents;
}

export interface PublisherEvents extends DeliveryEvents, ReceiptsEvents {
  connected(version: MqttVersion): void;
  /** The connection failed or was lost; the next attempt comes after so long. */
  lost(error: FieldnoteError, retryInMs: number): void;
}

/** A connection that has lived so long makes the next loss a new one. */
const STABLE_MS = 60_000;

/** A receipt takes the way twice, and the commit of the collector; an acknowledgement takes it once. */
const RECEIPTS_PER_WINDOW = 4;

/** How long a stop waits for the acknowledgements of what is in flight. */
const FINISH_TIMEOUT_MS = 1000;

/**
 * Publishes the outbox to the broker: at least once, each lane in order, for as long as it takes. It never gives up, and no
 * state of a broker makes it lose a report: the outbox alone knows what is still to be sent.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #presence: Presence;
  readonly #connectDelay: RetryDelay;
  readonly #publishDelay: RetryDelay;
  readonly #rateLimit: RateLimit;
  readonly #suspects = new Suspects();
  readonly #stopping = new AbortController();
  #connection: Connection | undefined;
  #connectedAtMs = Number.POSITIVE_INFINITY;
  #delivery: Delivery | undefined;
  /** The latest retained payload that was sent over this connection, by topic. */
  readonly #shown = new Map<string, Message['payload']>();
  #running: Promise<void> = Promise.resolve();

  /** @throws FieldnoteError BAD_ARGUMENT when site or node cannot be a topic level */
  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#presence = new Presence(options);
    this.#connectDelay = new RetryDelay(options.random);
    this.#publishDelay = new RetryDelay(options.random);
    this.#rateLimit = new RateLimit(options.config.limit, options.clock);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Something new was accepted into the outbox: into this lane, or nobody knows into which. */
  nudge(lane?: Lane): void {
    this.#delivery?.nudge(lane);
  }

  /**
   * What `status` shows beside `state`, `site` and `node`, such as the version of the agent. Published now and at
   * each connection.
   */
  publishStatus(document: Document): void {
    this.#presence.setStatus(document);
    if (this.#connection) this.#sendRetained(this.#connection, { ...this.#presence.online, qos: 0 });
  }

  /** What `health` shows. Published now and at each connection. */
  publishHealth(document: Document): void {
    const message = this.#presence.setHealth(document);
    if (this.#connection && this.#options.isQuiet?.() !== true) this.#sendRetained(this.#connection, message);
  }

  /** What `gap` shows: the newest records of what was lost. Published at each change and at each connection. */
  publishGap(document: Document): void {
    const message = this.#presence.setGap(document);
    const isShown = this.#shown.get(message.topic) === message.payload;
    if (this.#connection && !isShown) this.#sendRetained(this.#connection, message);
  }

  /** Waits a moment for what is in flight, says that the node is offline, and disconnects. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#delivery) {
      this.#delivery.finish();
      await Promise.race([this.#running, sleep(FINISH_TIMEOUT_MS, undefined, { ref: false })]);
    }
    await this.#connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, on } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const error = await this.#attempt();
      if (signal.aborted) return;
      if (clock.monoMs() - this.#connectedAtMs >= STABLE_MS) this.#connectDelay.reset();
      const retryInMs = isLasting(error) ? this.#connectDelay.slowMs() : this.#connectDelay.nextMs();
      on.lost(error, retryInMs);
      // Rejects only when `stop` ends the wait.
      await sleep(retryInMs, undefined, { signal }).catch(() => {});
    }
  }

  /** One connection from its beginning to its end, which comes as a value. */
  async #attempt(): Promise<FieldnoteError> {
    const [first, ...others] = versionsToTry(this.#options.config.version);
    let error = await this.#attemptWith(first);
    for (const older of others)
      if (mayRefuseVersion(error) && !this.#stopping.signal.aborted) error = await this.#attemptWith(older);
    return error;
  }

  async #attemptWith(version: MqttVersion): Promise<FieldnoteError> {
    this.#connectedAtMs = Number.POSITIVE_INFINITY;
    this.#shown.clear();
    try {
      const connection = new Connection(this.#connectionOptions(version, await this.#options.secrets()));
      this.#connection = connection;
      const isConnected = connection.connected.then(() => true);
      if (await Promise.race([isConnected, connection.ended.then(() => false)]))
        await this.#serve(connection);
      return await connection.ended;
    } catch (thrown) {
      const error = failure(this.#options.config.url, thrown);
      this.#connection?.drop(error);
      return error;
    } finally {
      this.#connection = undefined;
      this.#delivery = undefined;
    }
  }

  async #serve(connection: Connection): Promise<void> {
    const { clock, on } = this.#options;
    this.#connectedAtMs = clock.monoMs();
    on.connected(connection.version);
    if (!(await this.#announce(connection)) || this.#stopping.signal.aborted) return;
    const options = this.#deliveryOptions(connection);
    const delivery = new Delivery(options);
    this.#delivery = delivery;
    const ending = connection.ended.then(() => delivery.end());
    await Promise.all([ending, delivery.run().then(() => this.#leave(connection))]);
    await this.#learnFromLoss(delivery, options.outbox, await connection.ended);
  }

  /**
   * Says that the node is online and waits for the broker's answer; false when the connection has ended before it.
   * What goes wrong up to here is the doing of the broker or the configuration; from here on a report can be the
   * cause.
   */
  async #announce(connection: Connection): Promise<boolean> {
    const { online } = this.#presence;
    const { config, on } = this.#options;
    const fault = sizeFault(online, connection.packetSizeBytesMax);
    if (fault !== undefined) connection.drop(statusTooLarge(config.url, fault));
    const answer = new Promise<number>((resolve) => connection.publish(online, resolve));
    const code = await Promise.race([answer, connection.ended.then(() => undefined)]);
    if (code === undefined) return false;
    const refused = publishRefused(code, { broker: config.url, topic: online.topic });
    if (code >= 0x80) on.refused(refused, Number.POSITIVE_INFINITY);
    for (const message of this.#presence.documents) this.#sendRetained(connection, message);
    return true;
  }

  async #leave(connection: Connection): Promise<void> {
    connection.publish({ ...this.#presence.offline, qos: 0 });
    await connection.close();
  }

  /** After a broker has hung up because of a report, no good report must wait behind it for ever. */
  async #learnFromLoss(
    { inFlight, hasProgress }: Delivery,
    outbox: OutboxSource,
    error: FieldnoteError,
  ): Promise<void> {
    const { clock, on } = this.#options;
    const holdUntilMs = clock.monoMs() + this.#publishDelay.slowMs();
    const refused = this.#suspects.afterLoss({ error, inFlight, isFruitless: !hasProgress }, holdUntilMs);
    if (refused === undefined) return;
    await outbox.quarantine(refused, error.message);
    this.#suspects.clear(refused);
    on.quarantined(refused, error.message);
  }

  #sendRetained(connection: Connection, message: Message): void {
    if (sizeFault(message, connection.packetSizeBytesMax) !== undefined) return;
    // The next one says the same or better: the limit is for the reports.
    if (this.#rateLimit.waitMs(undefined) > 0) return;
    this.#rateLimit.take(packetSizeBytes(message), undefined);
    connection.publish(message);
    this.#shown.set(message.topic, message.payload);
  }

  #connectionOptions(version: MqttVersion, secrets: Secrets): ConnectionOptions {
    const { config, site, node, clock } = this.#options;
    return {
      url: config.url,
      // Always the same, so that the broker ends a dead connection of ours when the next one comes.
      clientId: `fieldnote.${site}.${node}`,
      username: config.username,
      version,
      secrets,
      keepAliveMs: config.keepAlive,
      ackTimeoutMs: config.ackTimeout,
      will: this.#presence.offline,
      ...(config.receipts && {
        receiptTopic: topicsOf({ site, node }).receipt,
        onReceipt: (payload: Buffer) => this.#delivery?.receipt(payload),
      }),
      clock,
    };
  }

  #deliveryOptions(connection: Connection): DeliveryOptions {
    const { config, outbox, bodyOf = ({ payload }) => payload, clock, isQuiet, on } = this.#options;
    return {
      connection,
      broker: config.url,
      outbox: outbox(),
      clock,
      bodyOf,
      // MQTT 3.1.1 has nothing that would tell a subscriber.
      isPacked: config.compress && connection.version === 5,
      lifetimesMs: config.expireAfter,
      windowLengthMax: Math.min(config.window, connection.receiveMaximum),
      rateLimit: this.#rateLimit,
      suspects: this.#suspects,
      retryDelay: this.#publishDelay,
      receipts: config.receipts ? this.#receipts() : undefined,
      isQuiet,
      on,
    };
  }

  /** A new one for each connection: what was sent over another one goes again. */
  #receipts(): Receipts {
    const { config, epoch = () => undefined, clock, on } = this.#options;
    return new Receipts({
      epoch,
      timeoutMs: config.receiptTimeout,
      lengthMax: RECEIPTS_PER_WINDOW * config.window,
      ...{ clock, on },
    });
  }
}

function statusTooLarge(broker: string, fault: string): FieldnoteError {
  return new FieldnoteError(
    'PUBLISH_REFUSED',
    `broker ${broker} cannot take even the status: ${fault}; raise its maximum packet size`,
    { broker, reasonCode: 0x95, verdict: 'retry-slowly' },
  );
}

function failure(broker: string, thrown: unknown): FieldnoteError {
  if (thrown instanceof FieldnoteError) return thrown;
  return new FieldnoteError('PUBLISH_LOST', `broker ${broker}: ${messageOf(thrown)}`, { broker }, thrown);
}
