import { proposedModel } from './models/active.ts';
import { isAskedToLearnAgain } from './models/learn-again.ts';

/** How often it is looked whether somebody asked for something. */
const POLL_MS = 2000;

export interface LearnRequestsOptions {
  readonly dataDir: string;
  readonly asset: string;
  readonly on: {
    /** Somebody wants the learning to begin anew; called again until `learningAgain` was. */
    again(): Promise<void>;
    /** A package waits for a yes: called once for each, with its sha256. Undefined when none waits any more. */
    proposed(sha256: string | undefined): void;
  };
  readonly onError: (error: unknown) => void;
}

/** What people ask about the learning of one asset, by files in the folder of its packages. */
export class LearnRequests {
  readonly #options: LearnRequestsOptions;
  #polledMs = Number.NEGATIVE_INFINITY;
  #proposed: string | undefined;

  constructor(options: LearnRequestsOptions) {
    this.#options = options;
  }

  /** sha256 of the package that waits for a yes, as it was seen last. */
  get proposed(): string | undefined {
    return this.#proposed;
  }

  /** The clock went on: looks again. */
  advanceTo(timeMs: number): void {
    if (timeMs - this.#polledMs < POLL_MS) return;
    this.#polledMs = timeMs;
    this.#look().catch(this.#options.onError);
  }

  /** Looks now whether a package waits for a yes. */
  async lookForProposal(): Promise<string | undefined> {
    const { dataDir, asset, on } = this.#options;
    const proposed = await proposedModel(dataDir, asset).catch(() => undefined);
    if (proposed !== this.#proposed) {
      this.#proposed = proposed;
      on.proposed(proposed);
    }
    return proposed;
  }

  async #look(): Promise<void> {
    const { dataDir, asset, on } = this.#options;
    await this.lookForProposal();
    if (await isAskedToLearnAgain(dataDir, asset)) await on.again();
  }
}
