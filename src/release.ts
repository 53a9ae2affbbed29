import { messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import { outcomeLine } from './update/outcome-line.ts';
import type { Outcome, Releases, State } from './update/releases.ts';

/** What `health` shows of the updates of this device. */
export interface ReleaseHealth {
  /** Of the release in use; null when it is the program that the package has installed. */
  readonly sequence: number | null;
  /** Sequence of the update that is being tried. */
  readonly trial?: number;
  /** What came of the last one. */
  readonly last?: Outcome;
}

/** Undefined when there was never an update. */
export function releaseHealthOf({ current, trial, last }: State): ReleaseHealth | undefined {
  if (trial === undefined && last === undefined) return undefined;
  return {
    sequence: current?.sequence ?? null,
    ...(trial && { trial: trial.sequence }),
    ...(last && { last }),
  };
}

/** Looks what the updater has written, and says it once in the log. */
export class ReleaseNews {
  readonly #releases: Pick<Releases, 'state'>;
  readonly #log: Logger;
  #told = '';

  constructor(releases: Pick<Releases, 'state'>, log: Logger) {
    this.#releases = releases;
    this.#log = log;
  }

  /** Undefined when there was never an update, or nobody can read what came of it. */
  async look(): Promise<ReleaseHealth | undefined> {
    try {
      const state = await this.#releases.state();
      this.#tell(state);
      return releaseHealthOf(state);
    } catch (error) {
      const message = messageOf(error);
      if (this.#told !== message) this.#log.error(message);
      this.#told = message;
      return undefined;
    }
  }

  #tell({ trial, last }: State): void {
    const news = trial
      ? `update ${trial.sequence} (${trial.name}) is being tried`
      : last && outcomeLine(last);
    if (news === undefined || news === this.#told) return;
    this.#told = news;
    if (trial || last?.result === 'installed') this.#log.info(news);
    else this.#log.error(news);
  }
}
