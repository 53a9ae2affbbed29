import type { AssetConfig } from '../config/schema.ts';

/** Where a value of a sample goes: sample.values[at] belongs to column `column` of the asset. */
interface Lead {
  readonly at: number;
  readonly column: number;
}

/** What one source delivers to one asset, and how far its time has come. */
export class Feed {
  /** Latest time that the source has given. */
  latestMs = Number.NEGATIVE_INFINITY;
  /** Columns of the asset that it fills. */
  readonly columns: number[] = [];
  readonly #columnsByName = new Map<string, number[]>();
  readonly #leads = new WeakMap<readonly string[], readonly Lead[]>();

  add(name: string, column: number): void {
    this.columns.push(column);
    this.#columnsByName.set(name, [...(this.#columnsByName.get(name) ?? []), column]);
  }

  /** Worked out once for each array of names, which stays the same while the layout of the source does. */
  leadsOf(names: readonly string[]): readonly Lead[] {
    const known = this.#leads.get(names);
    if (known) return known;
    const leads = names.flatMap((name, at) =>
      (this.#columnsByName.get(name) ?? []).map((column) => ({ at, column })),
    );
    this.#leads.set(names, leads);
    return leads;
  }
}

/** The feeds of an asset by the key of their source, from the `from: <source>.<name>` of its channels. */
export function feedsOf(channels: AssetConfig['channels']): ReadonlyMap<string, Feed> {
  const feeds = new Map<string, Feed>();
  for (const [column, { from }] of Object.values(channels).entries()) {
    const dotAt = from.indexOf('.');
    const source = from.slice(0, dotAt);
    const feed = feeds.get(source) ?? new Feed();
    feeds.set(source, feed);
    feed.add(from.slice(dotAt + 1), column);
  }
  return feeds;
}
