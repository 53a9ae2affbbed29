import type { AssetConfig } from '../config/schema.ts';
import type { Sample } from '../values/sample.ts';

/** Counts the values of a sample that no asset uses. */
export class UnmatchedValues {
  readonly #used: ReadonlySet<string>;
  readonly #counts = new WeakMap<readonly string[], number>();

  constructor(assets: Readonly<Record<string, Pick<AssetConfig, 'channels'>>>) {
    const channels = Object.values(assets).flatMap((asset) => Object.values(asset.channels));
    this.#used = new Set(channels.map(({ from }) => from));
  }

  countIn({ source, names }: Sample): number {
    let count = this.#counts.get(names);
    if (count === undefined) {
      count = names.filter((name) => !this.#used.has(`${source}.${name}`)).length;
      this.#counts.set(names, count);
    }
    return count;
  }
}
