import type { Decoded, NoiseReason } from '../../values/sample.ts';
import { RecordedSamples } from '../recorded-samples.ts';
import type { Decoder } from '../seam.ts';
import { ChannelReader } from './channels.ts';
import { type Layout, numberIn } from './layout.ts';
import { RecordReader, type RecordSink } from './records.ts';

/** Reads a DataFlash log of ArduPilot: each record that holds a channel of the flight becomes a sample, by its own time. */
export class DataflashDecoder implements Decoder, RecordSink {
  readonly #source: string;
  #records = new RecordReader();
  #channels = new ChannelReader();
  #samples: RecordedSamples;

  constructor(source: string) {
    this.#source = source;
    this.#samples = new RecordedSamples(source);
  }

  /** Records since the beginning or the last reset. */
  get recordCount(): number {
    return this.#records.recordCount;
  }

  decode(bytes: Uint8Array, monoMs: number): readonly Decoded[] {
    this.#samples.monoMs = monoMs;
    this.#records.push(bytes, this);
    return this.#samples.take();
  }

  finish(monoMs: number): readonly Decoded[] {
    this.#samples.monoMs = monoMs;
    this.#records.end(this);
    return this.#samples.take();
  }

  reset(monoMs: number): readonly Decoded[] {
    const found = this.finish(monoMs);
    this.#records = new RecordReader();
    this.#channels = new ChannelReader();
    this.#samples = new RecordedSamples(this.#source);
    return found;
  }

  onRecord(record: DataView, layout: Layout): void {
    this.#samples.add(this.#channels.read(record, layout), numberIn(record, layout, 'TimeUS') / 1000, layout);
  }

  onNoise(reason: NoiseReason, sizeBytes: number, excerpt: string): void {
    this.#samples.addNoise(reason, sizeBytes, excerpt);
  }
}
