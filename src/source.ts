import type { SourceConfig } from './config/schema.ts';
import { createDecoder, type Decoder } from './decode/decoder.ts';
import { linkOpener } from './link/open.ts';
import { Link, type LinkState } from './link/reopening.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import type { Logger } from './system/log.ts';
import type { Decoded, Noise, Sample } from './values/sample.ts';

/** At most one line in the log about noise in so long, for each source; the counters have it all. */
const NOISE_LOG_INTERVAL_MS = 60_000;

export interface SourceReaderOptions {
  readonly key: string;
  readonly config: SourceConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: Counters;
  readonly log: Logger;
  readonly onSample: (sample: Sample) => void;
}

/** One source: keeps its link open, decodes its bytes, counts and logs what happens to it. */
export class SourceReader {
  readonly #options: SourceReaderOptions;
  readonly #decoder: Decoder;
  readonly #link: Link;
  #state = 'opening';
  #noiseLoggedMs = Number.NEGATIVE_INFINITY;

  constructor(options: SourceReaderOptions) {
    const { key, config, clock, random, counters } = options;
    this.#options = options;
    this.#decoder = createDecoder({ source: key, protocol: config.protocol });
    this.#link = new Link({
      source: key,
      open: linkOpener(config.link),
      silenceTimeoutMs: config.silenceTimeout,
      clock,
      random,
      onBytes: (bytes, monoMs) => {
        counters.add('bytes_read', key, bytes.length);
        this.#handOver(this.#decoder.decode(bytes, monoMs));
      },
      onState: (state) => this.#follow(state),
    });
  }

  /** What `health` says about it. */
  get state(): string {
    return this.#state;
  }

  start(): void {
    this.#link.start();
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }

  #handOver(decoded: readonly Decoded[]): void {
    const { key, counters, onSample } = this.#options;
    for (const item of decoded) {
      if (item.kind === 'sample') {
        counters.add('samples_read', key);
        onSample(item);
      } else if (item.kind === 'noise') {
        counters.add(`noise_${item.reason}`, key);
        this.#logNoise(item);
      }
    }
  }

  #follow(state: LinkState): void {
    const { key, clock, counters, log } = this.#options;
    if (state.kind === 'open') {
      this.#state = 'open';
      counters.add('link_opened', key);
      log.info({ source: key }, `source ${key} is open`);
      return;
    }
    const { error } = state;
    const isWhole = state.kind === 'ended' && error === undefined;
    if (isWhole) this.#handOver(this.#decoder.finish(clock.monoMs()));
    this.#handOver(this.#decoder.reset(clock.monoMs()));
    if (state.kind === 'waiting') {
      this.#state = `waiting: ${state.error.message}`;
      counters.add('link_lost', key);
      const retry = `trying again in ${(state.retryInMs / 1000).toFixed(1)} s`;
      log.warn({ source: key, code: state.error.code }, `${state.error.message}; ${retry}`);
      return;
    }
    this.#state = error === undefined ? 'ended' : `ended: ${error.message}`;
    if (error === undefined) log.info({ source: key }, `source ${key} was read to its end`);
    else log.error({ source: key, code: error.code }, error.message);
  }

  #logNoise({ source, monoMs, reason, sizeBytes, excerpt }: Noise): void {
    if (monoMs - this.#noiseLoggedMs < NOISE_LOG_INTERVAL_MS) return;
    this.#noiseLoggedMs = monoMs;
    this.#options.log.warn({ source, reason, sizeBytes, excerpt }, `noise from source ${source}: ${reason}`);
  }
}
