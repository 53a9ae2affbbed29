import { MirrorLink, type MirrorLinkOptions, type MirrorMessage } from '../mirror-link.ts';
import type { MirroredState } from '../mirrored.ts';
import { topicsOf } from '../topics.ts';
import { assetDiscovery, discoveryTopic, type NodeName, nodeDiscovery } from './discovery.ts';

export interface HomeAssistantOptions {
  readonly name: NodeName;
  readonly link: Omit<MirrorLinkOptions, 'subscriptions' | 'on'>;
  readonly onLost: MirrorLinkOptions['on']['lost'];
  /** Assets of the configuration, also those that do not run yet; undefined takes everything back. */
  readonly assets: readonly string[] | undefined;
  readonly memory: TopicMemory;
}

/**
 * The retained topics that a broker may hold because of us, across restarts: a message that nobody remembers stays at
 * the broker for ever.
 */
export interface TopicMemory {
  readonly topics: readonly string[];
  /** Resolves also when it cannot be written: showing the state is worth more than taking it back. */
  write(topics: readonly string[]): Promise<void>;
}

/** Shows node and assets in Home Assistant, and takes back what is no longer to be shown. */
export class HomeAssistant {
  readonly #options: HomeAssistantOptions;
  readonly #link: MirrorLink;
  /** What the broker should hold, by topic. */
  readonly #wanted = new Map<string, MirrorMessage>();
  /** What it holds or may hold, also of former configurations. */
  readonly #remembered: Set<string>;
  /** What was sent over this connection. */
  readonly #sent = new Map<string, MirrorMessage['payload']>();
  #writing: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(options: HomeAssistantOptions) {
    this.#options = options;
    this.#remembered = new Set(options.memory.topics);
    this.#link = new MirrorLink({
      ...options.link,
      subscriptions: [],
      on: { connected: () => this.#sendAll(), message: () => {}, lost: options.onLost },
    });
  }

  start(): void {
    this.#link.start();
  }

  /** Shows the state as it is now; what has not changed is not sent again. */
  update({ node, assets }: MirroredState): void {
    const { name } = this.#options;
    const topics = topicsOf(name);
    this.#want(discoveryTopic(name), nodeDiscovery(name, node));
    for (const asset of assets) {
      this.#want(discoveryTopic(name, asset.key), assetDiscovery(name, asset, node));
      this.#want(topics.asset(asset.key), asset);
    }
    this.#rememberNew();
    this.#send();
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#link.stop();
    await this.#stopped;
    await this.#writing;
  }

  /** Unacknowledged: all of it is sent again at each connection, and a window of the broker may be small. */
  #want(topic: string, document: object): void {
    this.#wanted.set(topic, { topic, payload: JSON.stringify(document), qos: 0, isRetained: true });
  }

  /** Of the connection that begins now. */
  #sendAll(): void {
    this.#sent.clear();
    this.#clearStale();
    this.#send();
  }

  /** One after the other, each when the broker has taken the one before. */
  #clearStale(): void {
    const [topic] = this.#stale;
    if (topic !== undefined)
      this.#link.publish({ topic, payload: '', qos: 1, isRetained: true }, () => this.#forget(topic));
  }

  #send(): void {
    if (!this.#link.isReady) return;
    for (const [topic, message] of this.#wanted) {
      if (this.#sent.get(topic) === message.payload) continue;
      this.#sent.set(topic, message.payload);
      this.#link.publish(message);
    }
  }

  /** Remembered topics of assets that are no longer configured, of another name of this node, or of a switch that is off. */
  get #stale(): readonly string[] {
    const { name, assets } = this.#options;
    const topics = topicsOf(name);
    const kept = assets?.flatMap((asset) => [discoveryTopic(name, asset), topics.asset(asset)]) ?? [];
    const all = new Set(assets ? [discoveryTopic(name), ...kept] : []);
    return [...this.#remembered].filter((topic) => !all.has(topic));
  }

  #forget(topic: string): void {
    this.#remembered.delete(topic);
    this.#write();
    this.#clearStale();
    if (this.#options.assets === undefined && this.#remembered.size === 0)
      this.#stopped ??= this.#link.stop();
  }

  #rememberNew(): void {
    const before = this.#remembered.size;
    for (const topic of this.#wanted.keys()) this.#remembered.add(topic);
    if (this.#remembered.size > before) this.#write();
  }

  #write(): void {
    const topics = [...this.#remembered];
    this.#writing = this.#writing.then(() => this.#options.memory.write(topics));
  }
}
