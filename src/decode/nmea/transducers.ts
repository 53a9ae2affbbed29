import type { Fields } from './fields.ts';

/** Transducers of one sentence, and layouts of sentences that are remembered, so that names stay the same array. */
const TRANSDUCERS_MAX = 16;
const LAYOUTS_MAX = 32;
const NAME_LENGTH_MAX = 32;
const GROUP_FIELDS = 4;

/** What a transducer without a name is called, by its type. */
const TYPES: Readonly<Record<string, string>> = {
  A: 'angle',
  C: 'temperature',
  D: 'distance',
  F: 'frequency',
  G: 'value',
  H: 'humidity',
  I: 'current',
  L: 'salinity',
  N: 'force',
  P: 'pressure',
  R: 'flow',
  S: 'switch',
  T: 'speed',
  U: 'voltage',
  V: 'volume',
};

/**
 * Measurements of any transducer (XDR): type, value, unit, name, again and again. The value stays in the unit of the
 * sentence, since only its maker knows what a `P` in `B` (bar) or `P` (pascal) is meant for.
 */
export class Transducers {
  readonly #layouts = new Map<string, readonly string[]>();

  /** @returns undefined where two transducers have one name, or there is none */
  read(
    fields: Fields,
  ): { readonly names: readonly string[]; readonly values: readonly number[] } | undefined {
    const count = Math.min(Math.floor(fields.count / GROUP_FIELDS), TRANSDUCERS_MAX);
    const groups = Array.from({ length: count }, (_, group) => group * GROUP_FIELDS);
    const names = groups.map((at) => nameOf(fields.text(at + 1), fields.text(at + 4)));
    if (count === 0 || new Set(names).size !== count) return undefined;
    return { names: this.#same(names), values: groups.map((at) => fields.number(at + 2)) };
  }

  #same(names: readonly string[]): readonly string[] {
    const key = names.join('\n');
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const oldest = this.#layouts.keys().next().value;
    if (this.#layouts.size === LAYOUTS_MAX && oldest !== undefined) this.#layouts.delete(oldest);
    this.#layouts.set(key, names);
    return names;
  }
}

function nameOf(type: string, name: string): string {
  const plain = name.trim().replaceAll(/\s+/g, '_').slice(0, NAME_LENGTH_MAX);
  return `xdr.${plain === '' ? (TYPES[type] ?? 'value') : plain}`;
}
