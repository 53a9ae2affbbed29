import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type IClientOptions, type MqttClient, type Packet } from 'mqtt';
import type { Clock } from '../system/clock.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { guardInbound } from '../system/inbound-guard.ts';
import type { Stamp } from '../values/stamp.ts';
import {
  type ClientParts,
  clientOptions,
  INBOUND_PACKET_SIZE_BYTES_MAX,
  type MqttVersion,
} from './client-options.ts';
import { failureText } from './link-failure.ts';
import {
  closedUnanswered,
  connectRefused,
  disconnected,
  isLasting,
  mayRefuseVersion,
  subscribeRefused,
} from './reasons.ts';
import { RetryDelay } from './retry-delay.ts';
import type { Secrets } from './secrets.ts';

/**
 * The connection of a mirror: something that shows the present state in the form that others know. It is a connection
 * of its own, so that whatever a broker or a subscriber does to it never touches the delivery of the reports. Nothing
 * is queued: what cannot be sent now is sent as a whole when the next connection begins.
 */

export interface MirrorMessage {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: 0 | 1;
  readonly isRetained: boolean;
}

export interface MirrorLinkOptions {
  readonly settings: Omit<ClientParts, 'version' | 'secrets' | 'will'>;
  /** Read at each connection. */
  readonly secrets: () => Promise<Secrets>;
  /** To be tried one after the other. */
  readonly versions: readonly [MqttVersion, ...MqttVersion[]];
  readonly subscriptions: readonly string[];
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly clock: Clock;
  /** The last will of the connection that begins now. */
  readonly willOf?: () => Promise<MirrorMessage>;
  readonly on: MirrorLinkEvents;
}

export interface MirrorLinkEvents {
  /** Everything can be sent from now on; what was sent before is forgotten. */
  connected(): void;
  /** The next one comes, and this one is acknowledged, when the promise is fulfilled; it must never be rejected. */
  message(topic: string, payload: Buffer): void | Promise<void>;
  lost(error: FieldnoteError, retryInMs: number): void;
}

const EXPECTED_PACKETS: readonly Packet['cmd'][] = [
  ...(['connack', 'puback', 'suback', 'publish', 'pingresp', 'disconnect'] as const),
];

/** More than this waiting for a stalled connection: the state is sent when it has moved on. */
const WAITING_BYTES_MAX = 256 * 1024;

/** A connection that has lived so long makes the next loss a new one. */
const STABLE_MS = 60_000;

/** How long a polite end may take. */
const CLOSE_TIMEOUT_MS = 1000;

export class MirrorLink {
  readonly #options: MirrorLinkOptions;
  readonly #retryDelay: RetryDelay;
  readonly #stopping = new AbortController();
  #client: MqttClient | undefined;
  /** Ends the connection that there is. */
  #drop: (error: FieldnoteError) => void = () => {};
  #isConnected = false;
  #connectedAtMs = Number.POSITIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();

  constructor(options: MirrorLinkOptions) {
    this.#options = options;
    this.#retryDelay = new RetryDelay(options.random);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Whether a message would be sent now. */
  get isReady(): boolean {
    const waitingBytes = this.#client?.stream.writableLength ?? 0;
    return this.#isConnected && waitingBytes <= WAITING_BYTES_MAX;
  }

  /**
   * Sends a message if there is a connection.
   * @param onTaken called when the broker has taken a message of QoS 1
   */
  publish({ topic, payload, qos, isRetained }: MirrorMessage, onTaken: () => void = () => {}): void {
    if (!this.#isConnected) return;
    this.#client?.publish(topic, payload, { qos, retain: isRetained }, (error) => {
      if (!error) onTaken();
    });
  }

  /** Ends this connection politely, so that no last will is sent, and begins the next one. */
  async renew(farewell: readonly MirrorMessage[]): Promise<void> {
    for (const message of farewell) this.publish(message);
    this.#isConnected = false;
    const client = this.#client;
    if (client === undefined) return;
    const polite = client.endAsync(!client.connected).catch(() => {});
    await Promise.race([polite, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    // Whatever the broker made of it.
    this.#drop(connectionLost(this.#options.settings.url, 'was left'));
  }

  async stop(farewell: readonly MirrorMessage[] = []): Promise<void> {
    this.#stopping.abort();
    await this.renew(farewell);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, on } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#connectedAtMs = Number.POSITIVE_INFINITY;
      const error = await this.#attempt();
      if (signal.aborted) return;
      if (clock.monoMs() - this.#connectedAtMs >= STABLE_MS) this.#retryDelay.reset();
      const retryInMs = isLasting(error) ? this.#retryDelay.slowMs() : this.#retryDelay.nextMs();
      on.lost(error, retryInMs);
      await sleep(retryInMs, undefined, { signal }).catch(() => {});
    }
  }

  async #attempt(): Promise<FieldnoteError> {
    const [first, ...others] = this.#options.versions;
    let error = await this.#connect(first);
    for (const older of others)
      if (mayRefuseVersion(error) && !this.#stopping.signal.aborted) error = await this.#connect(older);
    return error;
  }

  /** One connection from its beginning to its end. */
  async #connect(version: MqttVersion): Promise<FieldnoteError> {
    const { settings, secrets, willOf } = this.#options;
    const ended = Promise.withResolvers<FieldnoteError>();
    this.#drop = ended.resolve;
    const lost = (what: string) => ended.resolve(connectionLost(settings.url, what));
    const deadline = setTimeout(() => lost('did not answer in time'), settings.ackTimeoutMs);
    try {
      const parts = { ...settings, secrets: await secrets(), version };
      const will = await willOf?.();
      if (this.#stopping.signal.aborted) return connectionLost(settings.url, 'was left');
      const client = mqtt.connect({ ...clientOptions(parts), ...(will && { will: mqttWill(will) }) });
      this.#client = client;
      this.#listen(client, ended.resolve);
      guardInbound(client, {
        expected: EXPECTED_PACKETS,
        packetSizeBytesMax: INBOUND_PACKET_SIZE_BYTES_MAX,
        onEndless: () => lost('sent a packet without an end'),
      });
      client.on('connect', () => {
        this.#subscribe(client, ended.resolve, () => {
          clearTimeout(deadline);
          this.#begin();
        });
      });
      return await ended.promise;
    } catch (error) {
      return connectionLost(settings.url, messageOf(error));
    } finally {
      clearTimeout(deadline);
      this.#isConnected = false;
      this.#client?.end(true);
      this.#client?.stream.destroy();
      this.#client = undefined;
    }
  }

  #listen(client: MqttClient, end: (error: FieldnoteError) => void): void {
    const { settings, clock, on } = this.#options;
    const whom = { broker: settings.url, username: settings.username, clientId: settings.clientId };
    const now = () => clock.stampAt(clock.monoMs());
    let isAnswered = false;
    client.on('connect', () => {
      isAnswered = true;
    });
    client.handleMessage = ({ topic, payload }, done) => {
      void Promise.resolve(on.message(topic, Buffer.from(payload))).then(() => done());
    };
    client.on('disconnect', ({ reasonCode = 0 }) => end(disconnected(reasonCode, whom)));
    client.on('error', (error) => end(connectionFailed(error, whom, now())));
    client.on('close', () => {
      const { broker } = whom;
      end(isAnswered ? connectionLost(broker, 'closed the connection') : closedUnanswered(broker));
    });
  }

  #subscribe(client: MqttClient, end: (error: FieldnoteError) => void, done: () => void): void {
    const { subscriptions, settings } = this.#options;
    if (subscriptions.length === 0) {
      done();
      return;
    }
    client.subscribe([...subscriptions], { qos: 1 }, (error, _granted, packet) => {
      const refused = packet?.granted.map(Number).find((code) => code >= 0x80);
      const whom = {
        broker: settings.url,
        topic: subscriptions.join(', '),
        advice: 'let the node read it',
      };
      if (refused !== undefined) end(subscribeRefused(refused, whom));
      else if (!error) done();
    });
  }

  #begin(): void {
    const { clock, on } = this.#options;
    this.#connectedAtMs = clock.monoMs();
    this.#isConnected = true;
    on.connected();
  }
}

function mqttWill({ topic, payload, qos, isRetained }: MirrorMessage): NonNullable<IClientOptions['will']> {
  return { topic, payload, qos, retain: isRetained };
}

function connectionFailed(
  error: Error & { code?: unknown },
  whom: { broker: string; username: string | undefined },
  now: Stamp,
): FieldnoteError {
  if (typeof error.code === 'number' && /^Connection refused/.test(error.message))
    return connectRefused(error.code, whom);
  return connectionLost(whom.broker, `failed: ${failureText(error, now)}`);
}

function connectionLost(broker: string, what: string): FieldnoteError {
  return new FieldnoteError('PUBLISH_LOST', `broker ${broker} ${what}`, { broker });
}
