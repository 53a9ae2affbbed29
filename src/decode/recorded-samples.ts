import type { Decoded, NoiseReason } from '../values/sample.ts';
import { RecordedTime } from './recorded-time.ts';

/** Values by channel; NaN and what means "unknown" are left out. */
export type ChannelValues = readonly (readonly [channel: string, value: number])[];

/** Which channels a record brings changes seldom; a hostile recording may change it with each. */
const LAYOUTS_MAX = 256;
const EXCERPT_LENGTH_MAX = 64;

/** Makes samples and noise of what a reader of recorded flights finds, until they are taken. */
export class RecordedSamples {
  readonly #source: string;
  readonly #time = new RecordedTime();
  readonly #names = new Map<string, readonly string[]>();
  #found: Decoded[] = [];
  /** When the bytes come. */
  monoMs = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** @param record what the values are from, if their time cannot be believed */
  add(
    values: ChannelValues,
    deviceMs: number,
    record: { readonly name: string; readonly sizeBytes: number },
  ) {
    if (values.length === 0) return;
    if (!this.#time.believe(deviceMs)) {
      this.addNoise('bad-body', record.sizeBytes, `${record.name} at ${deviceMs} ms`);
      return;
    }
    this.#found.push({
      kind: 'sample',
      source: this.#source,
      monoMs: this.monoMs,
      deviceMs,
      names: this.#namesOf(values),
      values: values.map(([, value]) => value),
    });
  }

  addNoise(reason: NoiseReason, sizeBytes: number, text: string): void {
    const excerpt = text.slice(0, EXCERPT_LENGTH_MAX).replace(/\P{ASCII}|\p{C}/gu, '.');
    this.#found.push({
      kind: 'noise',
      source: this.#source,
      monoMs: this.monoMs,
      reason,
      sizeBytes,
      excerpt,
    });
  }

  take(): readonly Decoded[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  /** The same array for the same channels. */
  #namesOf(values: ChannelValues): readonly string[] {
    const names = values.map(([channel]) => channel);
    const key = names.join();
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    if (this.#names.size >= LAYOUTS_MAX) this.#names.clear();
    this.#names.set(key, names);
    return names;
  }
}
