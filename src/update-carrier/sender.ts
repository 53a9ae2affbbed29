import { MirrorLink, type MirrorLinkOptions } from '../publish/mirror-link.ts';
import { topicsOf } from '../publish/topics.ts';
import type { Clock } from '../system/clock.ts';
import { FieldnoteError } from '../system/errors.ts';
import type { OutgoingBundle } from './outgoing.ts';
import { packPart, partCountOf, readState, type TransferState, WINDOW_PARTS } from './protocol.ts';

/** Without a word of the node for so long it is asked again. */
const ASK_INTERVAL_MS = 3000;
const LOOK_INTERVAL_MS = 500;

export interface SenderOptions {
  readonly bundle: OutgoingBundle;
  readonly site: string;
  readonly node: string;
  /** To the broker of the node. */
  readonly link: Omit<MirrorLinkOptions, 'subscriptions' | 'on' | 'willOf'>;
  /** So long without anything new, and it is given up. */
  readonly patienceMs: number;
  readonly clock: Clock;
  /** Share that the node has, 0 to 1. */
  readonly onProgress: (share: number) => void;
  /** Says why it does not go on, each reason once. */
  readonly onWaiting: (reason: string) => void;
  /** What the retained `health` of the node says; also after the bundle is there, until `stop`. */
  readonly onHealth: (document: unknown) => void;
}

/** Sends one bundle to one node, however often the link breaks on the way. */
export class UpdateSender {
  readonly #options: SenderOptions;
  readonly #topics: ReturnType<typeof topicsOf>;
  readonly #link: MirrorLink;
  readonly #arrived = Promise.withResolvers<void>();
  /** The next part to be sent; undefined until the node has said where to go on. */
  #next: number | undefined;
  #best = -1;
  #heardMs: number;
  #askedMs = Number.NEGATIVE_INFINITY;
  #progressMs: number;
  #waitingFor = '';
  #timer: NodeJS.Timeout | undefined;

  /** @throws FieldnoteError BAD_ARGUMENT when site or node cannot be one level of a topic */
  constructor(options: SenderOptions) {
    this.#options = options;
    this.#topics = topicsOf(options);
    this.#heardMs = options.clock.monoMs();
    this.#progressMs = this.#heardMs;
    const { updateState, status, health } = this.#topics;
    this.#link = new MirrorLink({
      ...options.link,
      subscriptions: [updateState, status, health],
      on: {
        connected: () => this.#offer(),
        message: (topic, payload) => this.#hear(topic, payload),
        lost: ({ message }) => this.#wait(message),
      },
    });
  }

  /**
   * Resolves when the node has the whole bundle and its hash is right.
   * @throws FieldnoteError UPDATE_REFUSED with the reason of the node; PUBLISH_LOST when nothing new came for too long
   */
  async send(): Promise<void> {
    this.#link.start();
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    await this.#arrived.promise.finally(() => clearInterval(this.#timer));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#link.stop();
  }

  #offer(): void {
    const { transfer, sizeBytes } = this.#options.bundle;
    this.#askedMs = this.#options.clock.monoMs();
    this.#next = undefined;
    this.#publish(this.#topics.updateOffer, JSON.stringify({ transfer, sizeBytes }));
  }

  #look(): void {
    const { clock, patienceMs } = this.#options;
    const nowMs = clock.monoMs();
    if (nowMs - this.#progressMs > patienceMs)
      this.#arrived.reject(
        new FieldnoteError(
          'PUBLISH_LOST',
          `nothing new for ${Math.round(patienceMs / 1000)} s${this.#waitingFor && ` (${this.#waitingFor})`}; ` +
            'the node keeps what it has, and the same command goes on behind it',
        ),
      );
    else if (nowMs - Math.max(this.#heardMs, this.#askedMs) > ASK_INTERVAL_MS) this.#offer();
  }

  #hear(topic: string, payload: Buffer): void {
    if (topic === this.#topics.health) this.#options.onHealth(jsonOf(payload));
    else if (topic === this.#topics.status) this.#hearStatus(jsonOf(payload));
    else {
      const state = readState(payload);
      if (state?.transfer === this.#options.bundle.transfer) this.#hearState(state);
    }
  }

  #hearStatus(status: unknown): void {
    const isOffline =
      typeof status === 'object' && status !== null && 'state' in status && status.state === 'offline';
    if (isOffline) this.#wait('the node is offline');
  }

  #hearState(state: TransferState): void {
    this.#heardMs = this.#options.clock.monoMs();
    if (state.state === 'receiving') this.#goOn(state);
    else if (state.state === 'waiting') this.#wait(`the node waits: ${state.reason}`);
    else if (state.state === 'complete') {
      this.#options.onProgress(1);
      this.#arrived.resolve();
    } else this.#arrived.reject(new FieldnoteError('UPDATE_REFUSED', `the node refuses it: ${state.reason}`));
  }

  #goOn({ have, again }: { have: number; again: boolean }): void {
    const { bundle, onProgress } = this.#options;
    const count = partCountOf(bundle);
    if (have > this.#best) {
      this.#best = have;
      this.#progressMs = this.#heardMs;
      this.#waitingFor = '';
      // The last word about it is the node's, when it has looked at the whole.
      onProgress(Math.min(have / count, 0.99));
    }
    if (again) this.#next = have;
    // Not asked for by this connection: the offer is on its way.
    if (this.#next === undefined) return;
    for (; this.#next < Math.min(count, have + WINDOW_PARTS); this.#next++) {
      const part = { transfer: bundle.transfer, index: this.#next, bytes: bundle.part(this.#next) };
      this.#publish(this.#topics.updatePart, packPart(part));
    }
  }

  #publish(topic: string, payload: string | Buffer): void {
    this.#link.publish({ topic, payload, qos: 1, isRetained: false });
  }

  #wait(reason: string): void {
    if (reason === this.#waitingFor) return;
    this.#waitingFor = reason;
    this.#options.onWaiting(reason);
  }
}

function jsonOf(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}
