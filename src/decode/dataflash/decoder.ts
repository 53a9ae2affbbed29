import type { Decoded, NoiseReason } from '../../values/sample.ts';
import type { Decoder } from '../seam.ts';
import { ChannelReader, type ChannelValues } from './channels.ts';
import { type Layout, numberIn } from './layout.ts';
import { RecordReader, type RecordSink } from './records.ts';

/** Records of one log overtake each other by less, and follow each other within less, if their times are true. */
const SETBACK_MS_MAX = 1000;
const LEAP_MS_MAX = 3_600_000;
/** Which channels a record brings changes seldom; a hostile log may change it with each. */
const LAYOUTS_MAX = 256;

/** Reads a DataFlash log of ArduPilot: each record that holds a channel of the flight becomes a sample, by its own time. */
export class DataflashDecoder implements Decoder, RecordSink {
  readonly #source: string;
  #records = new RecordReader();
  #channels = new ChannelReader();
  #found: Decoded[] = [];
  #monoMs = 0;
  #latestMs: number | undefined;
  /** Time of a record that did not fit; the next one may agree with it: the log goes on after a restart. */
  #oddMs = Number.NaN;
  readonly #names = new Map<string, readonly string[]>();

  constructor(source: string) {
    this.#source = source;
  }

  /** Records since the beginning or the last reset. */
  get recordCount(): number {
    return this.#records.recordCount;
  }

  decode(bytes: Uint8Array, monoMs: number): readonly Decoded[] {
    this.#monoMs = monoMs;
    this.#records.push(bytes, this);
    return this.#taken();
  }

  finish(monoMs: number): readonly Decoded[] {
    this.#monoMs = monoMs;
    this.#records.end(this);
    return this.#taken();
  }

  reset(monoMs: number): readonly Decoded[] {
    const found = this.finish(monoMs);
    this.#records = new RecordReader();
    this.#channels = new ChannelReader();
    this.#latestMs = undefined;
    this.#oddMs = Number.NaN;
    return found;
  }

  onRecord(record: DataView, layout: Layout): void {
    const values = this.#channels.read(record, layout);
    if (values.length === 0) return;
    const deviceMs = numberIn(record, layout, 'TimeUS') / 1000;
    if (!this.#isTime(deviceMs)) {
      this.onNoise('bad-body', layout.sizeBytes, `${layout.name} at ${deviceMs} ms`);
      return;
    }
    this.#found.push({
      kind: 'sample',
      source: this.#source,
      monoMs: this.#monoMs,
      deviceMs,
      names: this.#namesOf(values),
      values: values.map(([, value]) => value),
    });
  }

  onNoise(reason: NoiseReason, sizeBytes: number, excerpt: string): void {
    this.#found.push({
      kind: 'noise',
      source: this.#source,
      monoMs: this.#monoMs,
      reason,
      sizeBytes,
      excerpt: excerpt.replace(/\P{ASCII}|\p{C}/gu, '.'),
    });
  }

  #isTime(deviceMs: number): boolean {
    const follows = (beforeMs: number) =>
      deviceMs >= beforeMs - SETBACK_MS_MAX && deviceMs <= beforeMs + LEAP_MS_MAX;
    const isTime = this.#latestMs === undefined ? deviceMs >= 0 : follows(this.#latestMs);
    if (isTime) this.#latestMs = Math.max(this.#latestMs ?? 0, deviceMs);
    else if (follows(this.#oddMs)) this.#latestMs = deviceMs;
    const isRestart = !isTime && this.#latestMs === deviceMs;
    this.#oddMs = deviceMs;
    return isTime || isRestart;
  }

  /** The same array for the same channels. */
  #namesOf(values: ChannelValues): readonly string[] {
    const key = values.map(([channel]) => channel).join();
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const names = values.map(([channel]) => channel);
    if (this.#names.size >= LAYOUTS_MAX) this.#names.clear();
    this.#names.set(key, names);
    return names;
  }

  #taken(): readonly Decoded[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }
}
