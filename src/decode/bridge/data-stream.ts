import type { Decoded, NoiseReason } from '../../values/sample.ts';
import type { StreamDescription } from './descriptor.ts';
import type { DeviceClock } from './device-clock.ts';
import { fieldReaders, type ReadField } from './fields.ts';
import type { Frame } from './frame.ts';
import { DATA_LAYOUT } from './protocol.ts';
import { lostOnWire, Sequence } from './sequence.ts';

export interface StreamOptions {
  readonly source: string;
  readonly description: StreamDescription;
  readonly clock: DeviceClock;
  readonly emit: (item: Decoded) => void;
}

/**
 * The samples of one stream. Their host times never fall back: when the clock fit learns that the delay is less than it
 * thought, the times stand still until the truth has caught up.
 */
export class DataStream {
  readonly #options: StreamOptions;
  readonly #readers: readonly ReadField[];
  /** Device time from one sample to the next; 0 without a fixed rate. */
  readonly #periodMs: number;
  readonly #sequence = new Sequence();
  /** Device time of the first sample of the last frame, and when the next frame is due. */
  #lastMs = Number.NEGATIVE_INFINITY;
  #dueMs = Number.NaN;
  /** Samples of the largest batch so far. */
  #batch = 1;
  #latestHostMs = Number.NEGATIVE_INFINITY;

  constructor(options: StreamOptions) {
    const { rateHz, fields } = options.description;
    this.#options = options;
    this.#periodMs = rateHz === undefined ? 0 : 1000 / rateHz;
    this.#readers = fieldReaders(fields);
  }

  /** Takes a DATA frame of this stream. @returns why it is noise */
  take(frame: Frame, arrivedMs: number): NoiseReason | undefined {
    const { clock } = this.#options;
    const count = this.#countIn(frame);
    if (count === undefined) return 'bad-body';
    const firstMs = clock.deviceMs(frame.view.getUint32(frame.bodyAt + DATA_LAYOUT.t0, true));
    const endMs = firstMs + (count - 1) * this.#periodMs;
    if (!clock.isPlausible(endMs, arrivedMs)) return 'bad-body';
    const isOld = this.#periodMs > 0 ? firstMs <= this.#lastMs : firstMs < this.#lastMs;
    if (isOld) return 'duplicate-frame';
    const lost = this.#sequence.take(frame.sequence, frame.crc);
    if (lost === 'duplicate') return 'duplicate-frame';
    clock.observe(endMs, arrivedMs, frame.stream);
    this.#tellLoss(lost, firstMs, arrivedMs);
    this.#batch = Math.max(this.#batch, count);
    this.#lastMs = firstMs;
    this.#dueMs = endMs + this.#periodMs;
    this.#emitSamples(frame, count, firstMs);
    return undefined;
  }

  /** Samples in a frame; undefined when its size is wrong. */
  #countIn({ bodySize }: Frame): number | undefined {
    const { sampleSize, rateHz } = this.#options.description;
    const count = (bodySize - DATA_LAYOUT.sizeMin) / sampleSize;
    const isWhole = Number.isInteger(count) && count >= 1;
    return isWhole && (count === 1 || rateHz !== undefined) ? count : undefined;
  }

  #tellLoss(lost: number, firstMs: number, monoMs: number): void {
    const { source, description, emit } = this.#options;
    const isRated = this.#periodMs > 0 && !Number.isNaN(this.#dueMs);
    const missing = isRated ? Math.max(0, Math.round((firstMs - this.#dueMs) / this.#periodMs)) : lost;
    const { frames, samples } = lostOnWire(lost, missing, this.#batch);
    if (frames > 0)
      emit({ kind: 'loss', source, monoMs, where: 'wire', stream: description.name, frames, samples });
  }

  #emitSamples(frame: Frame, count: number, firstMs: number): void {
    const { source, description, clock, emit } = this.#options;
    const { names, sampleSize } = description;
    const firstHostMs = clock.hostMs(firstMs);
    const periodHostMs = this.#periodMs * clock.rate;
    let at = frame.bodyAt + DATA_LAYOUT.samples;
    for (let k = 0; k < count; k++, at += sampleSize) {
      const monoMs = Math.max(firstHostMs + k * periodHostMs, this.#latestHostMs);
      this.#latestHostMs = monoMs;
      const values = this.#valuesAt(frame.view, at);
      emit({ kind: 'sample', source, monoMs, deviceMs: firstMs + k * this.#periodMs, names, values });
      this.#tellNotNumbers(values, monoMs);
    }
  }

  #valuesAt(view: DataView, at: number): number[] {
    const readers = this.#readers;
    // Not by push or map: half of the time of a sample is this array.
    const values = new Array<number>(readers.length);
    for (let index = 0; index < readers.length; index++)
      values[index] = (readers[index] as ReadField)(view, at);
    return values;
  }

  #tellNotNumbers(values: readonly number[], monoMs: number): void {
    for (let index = 0; index < values.length; index++) {
      if (!Number.isNaN(values[index])) continue;
      const { source, description, emit } = this.#options;
      const excerpt = `${description.names[index]}=NaN`;
      emit({ kind: 'noise', source, monoMs, reason: 'not-a-number', sizeBytes: 4, excerpt });
    }
  }
}
