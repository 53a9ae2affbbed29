import type { Fields } from './fields.ts';

/** Systems and signals that a receiver tells apart: four of each would be many. */
const GROUPS_MAX = 32;
/** Sentences of one group: 64 satellites. */
const SENTENCES_MAX = 16;
const SENTENCE_FIELDS = 3;
const SATELLITE_FIELDS = 4;

export const SATELLITE_NAMES = ['gnss.satellitesInView', 'gnss.signal'] as const;

/** Satellites of one system and signal. */
interface Group {
  readonly inView: number;
  /** dB-Hz of those that are received. */
  readonly signals: readonly number[];
}

/**
 * Satellites in view and how strong they are, over all systems: a signal that falls on all of them is a jammer, a broken
 * antenna or its cable. GSV tells four satellites a sentence, in groups by system (the talker) and signal (the last field
 * of newer receivers), each with its number of sentences.
 */
export class SatellitesInView {
  readonly #groups = new Map<string, Group>();
  #begun: { key: string; next: number; signals: number[] } | undefined;

  /** @returns satellites in view and the mean signal in dB-Hz once a group is whole; undefined before */
  read(talker: string, fields: Fields): readonly number[] | undefined {
    const [total, number, inView] = [fields.number(1), fields.number(2), fields.number(3)];
    const rest = (fields.count - SENTENCE_FIELDS) % SATELLITE_FIELDS;
    const key = `${talker}${rest === 1 ? fields.text(fields.count) : ''}`;
    if (number === 1) this.#begun = { key, next: 1, signals: [] };
    const begun = this.#begun;
    if (begun?.key !== key || begun.next !== number || !(total <= SENTENCES_MAX)) return undefined;
    begun.next += 1;
    for (let at = SENTENCE_FIELDS + SATELLITE_FIELDS; at <= fields.count - rest; at += SATELLITE_FIELDS) {
      const signal = fields.number(at);
      if (signal > 0) begun.signals.push(signal);
    }
    if (number !== total) return undefined;
    this.#begun = undefined;
    return this.#tell(key, { inView, signals: begun.signals });
  }

  forget(): void {
    this.#groups.clear();
    this.#begun = undefined;
  }

  #tell(key: string, group: Group): readonly number[] {
    this.#groups.delete(key);
    this.#groups.set(key, group);
    const oldest = this.#groups.keys().next().value;
    if (this.#groups.size > GROUPS_MAX && oldest !== undefined) this.#groups.delete(oldest);
    // A satellite that is received on two signals counts once.
    const inView = new Map<string, number>();
    for (const [groupKey, { inView: count }] of this.#groups) {
      const talker = groupKey.slice(0, 2);
      inView.set(talker, Math.max(inView.get(talker) ?? 0, count));
    }
    const signals = [...this.#groups.values()].flatMap((known) => known.signals);
    const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0);
    return [sum(inView.values()), signals.length === 0 ? Number.NaN : sum(signals) / signals.length];
  }
}
