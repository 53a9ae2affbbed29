import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import {
  generate,
  type IConnectPacket,
  type IPublishPacket,
  type ISubscribePacket,
  type Packet,
  parser,
} from 'mqtt-packet';
import { type BrokerFaults, type BrokerMessage, FAULTLESS } from './broker-faults.ts';
import { topicMatches } from './topic-filter.ts';

/**
 * A small MQTT 5 broker for tests and the demo, with switches for the ways in which brokers fail. It keeps
 * retained messages, sends last wills and lets a client take over its own id. It takes QoS 0 and 1 and gives
 * every subscriber QoS 0, which loses nothing within one process.
 */

const SESSION_TAKEN_OVER = 0x8e;
const NORMAL_DISCONNECT = 0x00;

interface Session {
  readonly socket: Socket;
  connect: IConnectPacket | undefined;
  filters: string[];
  publishCount: number;
  /** Topics by their numbers. */
  readonly aliases: Map<number, string>;
  isWillDue: boolean;
}

export class Broker {
  readonly faults: BrokerFaults;
  /** Every message that was taken, last wills included, in order. */
  readonly messages: BrokerMessage[] = [];
  /** Every CONNECT that came, in order. */
  readonly connects: IConnectPacket[] = [];
  /** Most publishes of one client that waited for their acknowledgement at the same time. */
  unackedMax = 0;
  #port: number;
  #unacked = 0;
  #server: Server | undefined;
  readonly #sessions = new Set<Session>();
  readonly #retained = new Map<string, BrokerMessage>();
  readonly #listeners = new Set<(message: BrokerMessage) => void>();

  constructor(port: number, faults: Partial<BrokerFaults>) {
    this.#port = port;
    this.faults = { ...FAULTLESS, ...faults };
  }

  get port(): number {
    return this.#port;
  }

  get connectionCount(): number {
    return this.#sessions.size;
  }

  /** Calls the listener with every message that is taken; returns the way to stop that. */
  onMessage(listener: (message: BrokerMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Listens, after a stop() on the same port as before. */
  async start(): Promise<void> {
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** Stops listening and cuts all connections. What was retained is forgotten, as in a broker that died. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const session of this.#sessions) session.socket.destroy();
    this.#retained.clear();
    await closed;
  }

  /** Cuts all connections but goes on listening. */
  dropConnections(): void {
    for (const session of this.#sessions) session.socket.destroy();
  }

  /** What all clients have subscribed to. */
  get filters(): string[] {
    return [...this.#sessions].flatMap(({ filters }) => filters);
  }

  /** Publishes as another client would. */
  publish(topic: string, payload: string): void {
    const properties = {};
    const fields = { qos: 0, retain: false, clientId: 'other', properties, packetSizeBytes: 0 };
    this.#deliver({ topic, payload: Buffer.from(payload), ...fields });
  }

  /** Sends every client these bytes, whatever they mean. */
  sendRaw(bytes: Buffer): void {
    for (const session of this.#sessions) session.socket.write(bytes);
  }

  #accept(socket: Socket): void {
    const session: Session = {
      ...{ socket, connect: undefined, filters: [], publishCount: 0, isWillDue: false },
      aliases: new Map(),
    };
    const packets = parser({ protocolVersion: 5 });
    this.#sessions.add(session);
    packets.on('packet', (packet) => this.#take(session, packet));
    packets.on('error', () => socket.destroy());
    socket.setNoDelay(true);
    socket.on('data', (bytes) => packets.parse(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('timeout', () => socket.destroy());
    socket.on('close', () => {
      this.#sessions.delete(session);
      this.#sendWill(session);
    });
  }

  #take(session: Session, packet: Packet): void {
    if (session.socket.destroyed || this.faults.silent) return;
    if (packet.cmd === 'connect') this.#connect(session, packet);
    else if (session.connect === undefined) session.socket.destroy();
    else if (packet.cmd === 'publish') this.#publish(session, packet);
    else if (packet.cmd === 'subscribe') this.#subscribe(session, packet);
    else if (packet.cmd === 'pingreq') send(session, { cmd: 'pingresp' });
    else if (packet.cmd === 'disconnect') {
      session.isWillDue = packet.reasonCode !== undefined && packet.reasonCode !== NORMAL_DISCONNECT;
      session.socket.end();
    }
  }

  #connect(session: Session, packet: IConnectPacket): void {
    this.connects.push(packet);
    const { connackReason: reasonCode, connackProperties: properties } = this.faults;
    if (reasonCode === 0) this.#takeOver(packet.clientId);
    send(session, { cmd: 'connack', reasonCode, sessionPresent: false, properties });
    if (reasonCode !== 0) {
      session.socket.end();
      return;
    }
    session.connect = packet;
    session.isWillDue = packet.will !== undefined;
    const keepAliveS = properties.serverKeepAlive ?? packet.keepalive ?? 0;
    session.socket.setTimeout(keepAliveS * 1500);
  }

  #takeOver(clientId: string): void {
    for (const other of this.#sessions) {
      if (other.connect?.clientId === clientId) disconnect(other, SESSION_TAKEN_OVER);
    }
  }

  #publish(session: Session, packet: IPublishPacket): void {
    const message = messageOf(withTopic(session, packet), session.connect?.clientId ?? '');
    session.publishCount += 1;
    const { dropConnectionAfter = Number.POSITIVE_INFINITY, hangsUpOn } = this.faults;
    if (session.publishCount >= dropConnectionAfter || hangsUpOn(message)) {
      session.socket.destroy();
      return;
    }
    const reasonCode = this.faults.disconnectReason(message);
    if (reasonCode !== undefined) disconnect(session, reasonCode);
    else if (packet.qos === 0) this.#deliver(message);
    else this.#acknowledge(session, packet, message);
  }

  #acknowledge(session: Session, packet: IPublishPacket, message: BrokerMessage): void {
    const reasonCode = this.faults.pubackReason(message.topic);
    if (reasonCode < 0x80) this.#deliver(message);
    if (this.faults.mutePubacks) return;
    const messageId = this.faults.pubackId(packet.messageId ?? 0);
    if (this.faults.pubackDelayMs === 0) {
      send(session, { cmd: 'puback', messageId, reasonCode });
      return;
    }
    this.#unacked += 1;
    this.unackedMax = Math.max(this.unackedMax, this.#unacked);
    setTimeout(() => {
      this.#unacked -= 1;
      send(session, { cmd: 'puback', messageId, reasonCode });
    }, this.faults.pubackDelayMs);
  }

  #deliver(message: BrokerMessage): void {
    this.messages.push(message);
    if (message.retain && message.payload.length > 0) this.#retained.set(message.topic, message);
    else if (message.retain) this.#retained.delete(message.topic);
    for (const session of this.#sessions) {
      if (session.filters.some((filter) => topicMatches(filter, message.topic))) {
        send(session, publishOf(message, false));
      }
    }
    for (const listener of this.#listeners) listener(message);
  }

  #subscribe(session: Session, packet: ISubscribePacket): void {
    // A shared subscription has one member here.
    const filters = packet.subscriptions.map(({ topic }) => topic.replace(/^\$share\/[^/]+\//, ''));
    session.filters = [...new Set([...session.filters, ...filters])];
    send(session, {
      cmd: 'suback',
      messageId: packet.messageId ?? 0,
      granted: filters.map((filter) => this.faults.subackReason(filter)),
    });
    for (const message of this.#retained.values()) {
      if (filters.some((filter) => topicMatches(filter, message.topic)))
        send(session, publishOf(message, true));
    }
  }

  #sendWill(session: Session): void {
    const will = session.connect?.will;
    if (!session.isWillDue || will === undefined) return;
    session.isWillDue = false;
    const { topic, payload, qos = 0, retain = false } = will;
    const clientId = session.connect?.clientId ?? '';
    this.#deliver({
      topic,
      payload: Buffer.from(payload),
      qos,
      retain,
      clientId,
      properties: will.properties ?? {},
      packetSizeBytes: 0,
    });
  }
}

/** Starts a broker on 127.0.0.1, on a free port if none is given. */
export async function startBroker(options: { port?: number } & Partial<BrokerFaults> = {}): Promise<Broker> {
  const { port = 0, ...faults } = options;
  const broker = new Broker(port, faults);
  await broker.start();
  return broker;
}

/** The publish with the topic that its alias stands for (MQTT 5 section 3.3.2.3.4). */
function withTopic({ aliases }: Session, packet: IPublishPacket): IPublishPacket {
  const { topic, properties: { topicAlias } = {} } = packet;
  if (topicAlias === undefined) return packet;
  if (topic !== '') aliases.set(topicAlias, topic);
  return { ...packet, topic: aliases.get(topicAlias) ?? '' };
}

function messageOf(packet: IPublishPacket, clientId: string): BrokerMessage {
  const { topic, qos, retain, properties = {} } = packet;
  const length = packet.length ?? 0;
  const lengthBytes = length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4;
  const payload = Buffer.from(packet.payload);
  return { topic, payload, qos, retain, clientId, properties, packetSizeBytes: 1 + lengthBytes + length };
}

function publishOf(message: BrokerMessage, retain: boolean): IPublishPacket {
  const { topic, payload, properties } = message;
  return { cmd: 'publish', topic, payload, qos: 0, dup: false, retain, properties };
}

function disconnect(session: Session, reasonCode: number): void {
  send(session, { cmd: 'disconnect', reasonCode });
  session.socket.end();
}

function send({ socket }: Session, packet: Packet): void {
  if (socket.writable) socket.write(generate(packet, { protocolVersion: 5 }));
}
