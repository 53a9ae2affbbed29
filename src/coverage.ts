import type { StoreKeeper } from './store-keeper.ts';
import type { Clock } from './system/clock.ts';
import { messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import type { Stamp } from './values/stamp.ts';
import type { Verdict } from './values/verdict.ts';

/** Stretches of an asset that may wait to be stored; what is beyond was not watched as far as anybody can tell. */
const STRETCHES_MAX = 64;
/** Two verdicts so many steps apart still follow each other. */
const STEPS_APART_MAX = 2.5;

export interface CoverageOptions {
  readonly keeper: Pick<StoreKeeper, 'store'>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Stretch {
  /** Made once: the wall clock of a later look may differ. */
  readonly from: Stamp;
  readonly toMs: number;
}

/**
 * When each asset was watched: stretches of time in which verdict follows verdict. They are stored now and then, so what
 * a power cut takes was not watched: a digest may say too little of it, never too much.
 */
export class Coverage {
  readonly #options: CoverageOptions;
  readonly #stretches = new Map<string, Stretch[]>();
  #storing: Promise<void> = Promise.resolve();

  constructor(options: CoverageOptions) {
    this.#options = options;
  }

  /** A verdict about the step before its end, on the monotonic timeline. */
  saw({ kind, asset, endMs }: Pick<Verdict, 'kind' | 'asset' | 'endMs'>, stepMs: number): void {
    if (kind !== 'judged') return;
    const stretches = this.#stretches.get(asset) ?? [];
    this.#stretches.set(asset, stretches);
    const latest = stretches.at(-1);
    if (latest !== undefined && endMs <= latest.toMs) return;
    if (latest !== undefined && endMs - latest.toMs <= STEPS_APART_MAX * stepMs)
      stretches[stretches.length - 1] = { from: latest.from, toMs: endMs };
    else if (stretches.length < STRETCHES_MAX)
      stretches.push({ from: this.#options.clock.stampAt(endMs - stepMs), toMs: endMs });
  }

  /** Resolves when all of it is in the store, if the store takes it. */
  async store(): Promise<void> {
    this.#storing = this.#storing.then(() => this.#store());
    await this.#storing;
  }

  async #store(): Promise<void> {
    const { keeper, clock, log } = this.#options;
    const counts = new Map([...this.#stretches].map(([asset, { length }]) => [asset, length]));
    const stretches = [...this.#stretches].flatMap(([asset, known]) =>
      known.map(({ from, toMs }) => ({ asset, from, to: clock.stampAt(toMs) })),
    );
    if (keeper.store === undefined || stretches.length === 0) return;
    try {
      await keeper.store.recordWatched(stretches);
      // The latest of those goes on.
      for (const [asset, known] of this.#stretches) known.splice(0, (counts.get(asset) ?? 1) - 1);
    } catch (error) {
      log.warn(`cannot store when the assets were watched: ${messageOf(error)}`);
    }
  }
}
