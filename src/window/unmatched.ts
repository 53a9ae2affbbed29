import type { AssetConfig } from '../config/schema.ts';
import type { Sample } from '../values/sample.ts';

/** Counts the values of a sample that nothing uses. */
export class UnmatchedValues {
  readonly #used: ReadonlySet<string>;
  readonly #counts = new WeakMap<readonly string[], number>();

  /** @param others channels (`<source>.<name>`) that are used beside those of the assets */
  constructor(
    assets: Readonly<Record<string, Pick<AssetConfig, 'channels'>>>,
    others: readonly string[] = [],
  ) {
    const channels = Object.values(assets).flatMap((asset) => Object.values(asset.channels));
    this.#used = new Set([...channels.map(({ from }) => from), ...others]);
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
