import { setTimeout as sleep } from 'node:timers/promises';
import { fullJitterMs } from '../system/back-off.ts';
import type { Clock } from '../system/clock.ts';
import { FieldnoteError } from '../system/errors.ts';
import type { OpenLink, OpenLinkFunction } from './open-link.ts';
import { SilenceWatch } from './silence.ts';

const RETRY = { firstMs: 250, longestMs: 30_000 } as const;

/** Opening and closing give up or are done long before; a driver that does neither needs a new process. */
const STUCK_MS = 30_000;

/** A link that delivered for so long was good: the next failure is the first one again. */
const STEADY_MS = 10_000;

export type LinkState =
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting'; readonly error: FieldnoteError; readonly retryInMs: number }
  /** A recording was read to its end, or cannot be read. It is not opened again. */
  | { readonly kind: 'ended'; readonly error: FieldnoteError | undefined };

export interface LinkOptions {
  /** Key of the source, for messages. */
  readonly source: string;
  readonly open: OpenLinkFunction;
  /** A live link that is open but mute for so long is closed and opened again. */
  readonly silenceTimeoutMs: number;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** @param monoMs when the bytes arrived */
  onBytes(bytes: Buffer, monoMs: number): void;
  onState(state: LinkState): void;
}

/** Keeps one source open for ever: opens it, watches it, and opens it again when it is lost or mute. */
export class Link {
  readonly #options: LinkOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #current: { readonly link: OpenLink; readonly watch: SilenceWatch | undefined } | undefined;
  #isPaused = false;
  #busySinceMs: number | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Since when it opens or closes; undefined while it is open, or waits until it may try again. */
  get busySinceMs(): number | undefined {
    return this.#busySinceMs;
  }

  /** Why it stands still; undefined while it works, also when the device is away. */
  get stuck(): string | undefined {
    const nowMs = this.#options.clock.monoMs();
    const busyMs = nowMs - (this.#busySinceMs ?? nowMs);
    return busyMs > STUCK_MS ? `opens or closes for ${Math.round(busyMs / 1000)} s` : undefined;
  }

  start(): void {
    this.#running = this.#keepOpen();
  }

  /** Ends it for good. Neither bytes nor states come afterwards. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#current?.link.close();
    await this.#running;
  }

  /** Sends bytes to the device; while the link is not open they go nowhere. */
  write(bytes: Uint8Array): void {
    this.#current?.link.write(bytes);
  }

  /** Back-pressure: stops the bytes, across reopenings. A paused link is not taken for a mute one. */
  pause(): void {
    this.#isPaused = true;
    this.#current?.link.pause();
    this.#current?.watch?.stop();
  }

  resume(): void {
    this.#isPaused = false;
    this.#current?.link.resume();
    this.#current?.watch?.start();
  }

  async #keepOpen(): Promise<void> {
    const { random, onState } = this.#options;
    const { signal } = this.#stopping;
    for (let failures = 0; ; failures += 1) {
      const { error, deliveredMs } = await this.#openOnce();
      if (signal.aborted) return;
      if (error === undefined || error.code === 'RECORDING_UNREADABLE') {
        onState({ kind: 'ended', error });
        return;
      }
      if (deliveredMs >= STEADY_MS) failures = 0;
      const retryInMs = fullJitterMs(failures, RETRY, random);
      onState({ kind: 'waiting', error, retryInMs });
      await sleep(retryInMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
  }

  /** One life of the link: why it ended, and for how long it delivered bytes. */
  async #openOnce(): Promise<{ error: FieldnoteError | undefined; deliveredMs: number }> {
    const { source, open, silenceTimeoutMs, clock, onBytes } = this.#options;
    const { signal } = this.#stopping;
    const ended = Promise.withResolvers<FieldnoteError | undefined>();
    const onSilence = () => ended.resolve(silent(source, silenceTimeoutMs));
    const watch = new SilenceWatch({ timeoutMs: silenceTimeoutMs, clock, onSilence });
    let firstMs: number | undefined;
    let lastMs = 0;
    const hear = (bytes: Buffer) => {
      lastMs = clock.monoMs();
      firstMs ??= lastMs;
      watch.heard(lastMs);
      onBytes(bytes, lastMs);
    };

    this.#busySinceMs = clock.monoMs();
    try {
      const link = await open({ onBytes: hear, onClose: ended.resolve }, signal);
      if (signal.aborted) await link.close();
      else this.#begin(link, watch);
      const error = await ended.promise;
      watch.stop();
      this.#busySinceMs = clock.monoMs();
      await link.close();
      return { error, deliveredMs: lastMs - (firstMs ?? lastMs) };
    } catch (error) {
      if (error instanceof FieldnoteError) return { error, deliveredMs: 0 };
      throw error;
    } finally {
      this.#busySinceMs = undefined;
      this.#current = undefined;
    }
  }

  #begin(link: OpenLink, watch: SilenceWatch): void {
    this.#busySinceMs = undefined;
    this.#current = { link, watch: link.isLive ? watch : undefined };
    this.#options.onState({ kind: 'open' });
    if (this.#isPaused) this.pause();
    else this.#current.watch?.start();
  }
}

function silent(source: string, timeoutMs: number): FieldnoteError {
  const message = `Source ${source} is open but sent nothing for ${timeoutMs / 1000} s; check wiring, baud rate and the device`;
  return new FieldnoteError('LINK_SILENT', message, { source, timeoutMs });
}
