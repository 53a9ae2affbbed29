import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { FieldnoteError } from '../system/errors.ts';
import { guardInbound } from '../system/inbound-guard.ts';
import type { NodeMessage } from './message.ts';

export interface InboxOptions {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly broker: string;
  readonly clientId: string;
  /** Collectors of one group share the reports: each report goes to one of them. */
  readonly group: string;
  readonly username?: string | undefined;
  readonly secrets: InboxSecrets;
  /** The broker has accepted the subscriptions. */
  readonly onSubscribed: () => void;
  /** False when there is no room for it. */
  readonly onMessage: (message: InboxMessage) => boolean;
}

/** What one connection needs and no log may show. */
export interface InboxSecrets {
  readonly password?: string;
  readonly ca?: Buffer;
  /** With its private key. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface InboxMessage extends NodeMessage {
  /** Tells the broker that it may forget the message. */
  acknowledge(): void;
}

const REPORT_TOPICS = ['fieldnote/+/+/incident/+', 'fieldnote/+/+/digest'];
const GAP_TOPIC = 'fieldnote/+/+/gap';

/** Messages that the broker may send before it hears of the first: what is in memory is at most this, in size too. */
export const RECEIVE_MAXIMUM = 256;
const PACKET_SIZE_BYTES_MAX = 288 * 1024;
const CONNECT_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_S = 30;
const CLOSE_TIMEOUT_MS = 1000;

/**
 * One connection to the broker on which reports come in; when it ends, for whatever reason, make another one. The
 * session ends with it: what was not acknowledged goes to another collector or is sent again by its node, which waits
 * for the receipt.
 *
 * mqtt.js acknowledges a publish before it looks at the next one, so that each would wait for a commit of its own. Here
 * the publishes are taken from it and acknowledged by PUBACKs of our own, in any order and after the commit that
 * holds many of them.
 */
export class Inbox {
  /** Resolves with the reason when the connection has ended; never rejects. */
  readonly ended: Promise<FieldnoteError>;
  readonly #options: InboxOptions;
  readonly #client: MqttClient;
  readonly #ended = Promise.withResolvers<FieldnoteError>();
  #isEnded = false;

  /** @throws Error when the URL or the authority's certificate cannot be used at all */
  constructor(options: InboxOptions) {
    this.#options = options;
    this.ended = this.#ended.promise;
    this.#client = mqtt.connect(clientOptions(options));
    this.#client.on('connect', () => this.#subscribe());
    this.#client.on('packetreceive', (packet) => {
      if (packet.cmd === 'suback') this.#readAnswer(packet.granted);
      if (packet.cmd === 'publish') this.#take(packet);
    });
    guardInbound(this.#client, {
      expected: ['connack', 'puback', 'pingresp', 'disconnect'],
      packetSizeBytesMax: PACKET_SIZE_BYTES_MAX,
      onEndless: () => this.#end('sent a packet without an end'),
    });
    this.#client.on('disconnect', ({ reasonCode }) => this.#end(`disconnected with ${shown(reasonCode)}`));
    this.#client.on('error', (error: Error & { code?: unknown }) =>
      this.#end(`failed: ${error.message || error.code}`),
    );
    this.#client.on('close', () => this.#end('closed the connection'));
  }

  /** Sends a message at QoS 0, which no receive maximum of the broker limits. Nodes ask again for what gets lost. */
  publish(topic: string, payload: string): void {
    if (this.#isEnded) return;
    const properties = { payloadFormatIndicator: true, contentType: 'application/json' };
    this.#client.publish(topic, payload, { qos: 0, properties }, () => {});
  }

  /** Ends the connection after what was published has been written, or a moment later. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#end('was left'), CLOSE_TIMEOUT_MS);
    if (this.#client.connected) this.#client.end(false, {}, () => this.#end('was left'));
    else this.#end('was left');
    await this.ended;
    clearTimeout(timer);
  }

  #subscribe(): void {
    const { group } = this.#options;
    // Gaps are retained, and a shared subscription is not given what is retained.
    const reports = REPORT_TOPICS.map((topic) => `$share/${group}/${topic}`);
    this.#client.subscribe([...reports, GAP_TOPIC], { qos: 1 });
  }

  #readAnswer(granted: readonly unknown[]): void {
    const refused = granted.find((code) => typeof code === 'number' && code >= 0x80);
    if (refused === undefined) this.#options.onSubscribed();
    else this.#end(`refused the subscription with ${shown(Number(refused))}`);
  }

  #take({ topic, payload, qos, messageId = 0, properties }: IPublishPacket): void {
    const { stream } = this.#client;
    // PUBACK with reason "success" (MQTT 5 section 3.4).
    const puback = Buffer.of(0x40, 2, messageId >> 8, messageId & 0xff);
    const isTaken = this.#options.onMessage({
      topic,
      payload: Buffer.from(payload),
      encoding: properties?.userProperties?.['contentEncoding'],
      acknowledge: () => {
        if (qos > 0 && !this.#isEnded) stream.write(puback);
      },
    });
    // Without an acknowledgement the broker would never send another in its place.
    if (!isTaken && qos > 0) this.#end('sent more than can wait for the database');
  }

  #end(what: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#client.end(true);
    this.#client.stream.destroy();
    const { broker } = this.#options;
    this.#ended.resolve(new FieldnoteError('PUBLISH_LOST', `broker ${broker} ${what}`, { broker }));
  }
}

/** Names of the codes that an operator can do something about (MQTT 5 section 2.4). */
const NAMES: Readonly<Record<number, string>> = {
  [0x87]: `not authorized: allow it to read ${[...REPORT_TOPICS, GAP_TOPIC].join(', ')}`,
  [0x8e]: 'session taken over',
  [0x8f]: 'topic filter invalid',
  [0x9e]: 'shared subscriptions not supported',
  [0xa2]: 'wildcard subscriptions not supported',
};

function shown(code = 0): string {
  return [`0x${code.toString(16).padStart(2, '0')}`, NAMES[code] ?? ''].join(' ').trimEnd();
}

function clientOptions({ broker, clientId, username, secrets }: InboxOptions): IClientOptions {
  const { protocol, hostname, port } = new URL(broker);
  return {
    protocol: protocol === 'mqtts:' ? 'mqtts' : 'mqtt',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(port !== '' && { port: Number(port) }),
    ...(username !== undefined && { username }),
    ...secrets,
    clientId,
    protocolVersion: 5,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepalive: KEEP_ALIVE_S,
    queueQoSZero: false,
    // By default every packet, the password in it, goes to whatever the variable DEBUG names.
    log: () => {},
    properties: { receiveMaximum: RECEIVE_MAXIMUM, maximumPacketSize: PACKET_SIZE_BYTES_MAX },
  };
}
