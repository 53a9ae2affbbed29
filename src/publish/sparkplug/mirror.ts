import { MirrorLink, type MirrorLinkOptions, type MirrorMessage } from '../mirror-link.ts';
import type { MirroredState } from '../mirrored.ts';
import { EdgeNode } from './edge-node.ts';
import { HostState } from './host-state.ts';

export interface SparkplugOptions {
  readonly group: string;
  readonly node: string;
  /** Id of the primary host, if the node is to wait for one. */
  readonly host: string | undefined;
  readonly link: Omit<MirrorLinkOptions, 'subscriptions' | 'willOf' | 'on'>;
  readonly onLost: MirrorLinkOptions['on']['lost'];
  /** The bdSeq of the connection that begins now: one more than that of the one before, across restarts. */
  readonly nextBdSeq: () => Promise<number>;
}

/** Births that hosts ask for come no faster than this, so that nobody can make the node flood the broker. */
const REBIRTH_PAUSE_MS = 500;

/** Shows node and assets to Sparkplug hosts, over a connection of its own: its last will is the death of the node. */
export class Sparkplug {
  readonly #options: SparkplugOptions;
  readonly #edge: EdgeNode;
  readonly #host: HostState | undefined;
  readonly #link: MirrorLink;
  #death: MirrorMessage | undefined;
  #state: MirroredState | undefined;
  #isBorn = false;
  /** Births that were asked for and are due soon. */
  #rebirth: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #bornAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: SparkplugOptions) {
    const { clock } = options.link;
    this.#options = options;
    this.#edge = new EdgeNode({ ...options, nowMs: () => Math.max(0, Math.round(clock.wallMs())) });
    this.#host = options.host === undefined ? undefined : new HostState(options.host);
    this.#link = new MirrorLink({
      ...options.link,
      subscriptions: [this.#edge.commandTopic, ...(this.#host ? [this.#host.topic] : [])],
      willOf: () => this.#will(),
      on: {
        connected: () => this.#beBorn(),
        message: (topic, payload) => this.#take(topic, payload),
        lost: options.onLost,
      },
    });
  }

  start(): void {
    this.#link.start();
  }

  update(state: MirroredState): void {
    this.#state = state;
    if (!this.#isBorn) this.#beBorn();
    else if (this.#link.isReady) this.#send(this.#edge.changes(state));
  }

  async stop(): Promise<void> {
    clearTimeout(this.#rebirth);
    await this.#renewing;
    const death = this.#isBorn ? this.#death : undefined;
    await this.#link.stop(death ? [death] : []);
  }

  async #will(): Promise<MirrorMessage> {
    this.#isBorn = false;
    this.#host?.reset();
    this.#death = this.#edge.death(await this.#options.nextBdSeq());
    return this.#death;
  }

  #beBorn(): void {
    if (this.#state === undefined || !this.#link.isReady || this.#host?.isOnline === false) return;
    this.#isBorn = true;
    this.#bornAtMs = this.#options.link.clock.monoMs();
    this.#send(this.#edge.births(this.#state));
  }

  #take(topic: string, payload: Buffer): void {
    if (topic === this.#host?.topic) this.#followHost(this.#host, payload);
    else if (topic === this.#edge.commandTopic && this.#edge.take(payload)) this.#bearAgain();
  }

  #followHost(host: HostState, payload: Buffer): void {
    host.take(payload);
    if (host.isOnline && !this.#isBorn) this.#beBorn();
    if (host.isOnline || !this.#isBorn || this.#death === undefined) return;
    this.#isBorn = false;
    this.#renewing = this.#link.renew([this.#death]);
  }

  #bearAgain(): void {
    if (!this.#isBorn || this.#rebirth !== undefined) return;
    const pauseMs = Math.max(0, this.#bornAtMs + REBIRTH_PAUSE_MS - this.#options.link.clock.monoMs());
    this.#rebirth = setTimeout(() => {
      this.#rebirth = undefined;
      if (this.#isBorn) this.#beBorn();
    }, pauseMs);
  }

  #send(messages: readonly MirrorMessage[]): void {
    for (const message of messages) this.#link.publish(message);
  }
}
