import type { NoiseReason } from '../../values/sample.ts';
import { Assembly } from './assembly.ts';
import { readBurst } from './bodies.ts';
import { crc32c } from './crc.ts';
import type { StreamOptions } from './data-stream.ts';
import { fieldReaders, type ReadField } from './fields.ts';
import type { Frame } from './frame.ts';
import type { BurstBody } from './protocol.ts';
import { Sequence } from './sequence.ts';

/** A waveform whose chunks stop coming for so long is given up. */
const PATIENCE_MS = 5000;

/** A waveform on its way. */
interface Burst {
  readonly id: number;
  readonly crc32c: number;
  readonly startMs: number;
  /** Undefined when it is settled: all its chunks came. */
  assembly: Assembly | undefined;
  heardMs: number;
}

/** The waveforms of one stream: one at a time is put together from its chunks, in memory that its description bounds. */
export class BurstStream {
  readonly #options: StreamOptions & { readonly rateHz: number; readonly burstSamples: number };
  readonly #readers: readonly ReadField[];
  readonly #sequence = new Sequence();
  #burst: Burst | undefined;

  constructor(options: StreamOptions & { readonly rateHz: number; readonly burstSamples: number }) {
    this.#options = options;
    this.#readers = fieldReaders(options.description.fields);
  }

  /** Takes a BURST frame of this stream. @returns why it is noise */
  take(frame: Frame, arrivedMs: number): NoiseReason | undefined {
    const { clock, description, burstSamples } = this.#options;
    const body = readBurst(frame.body);
    if (body === undefined || body.total !== burstSamples * description.sampleSize) return 'bad-body';
    const startMs = clock.deviceMs(body.t0);
    if (!clock.isPlausible(startMs, arrivedMs)) return 'bad-body';
    const begun = this.#burst;
    if (begun !== undefined && startMs < begun.startMs) return 'duplicate-frame';
    if (startMs === begun?.startMs) {
      if (body.id !== begun.id || body.crc32c !== begun.crc32c) return 'bad-body';
      if (begun.assembly === undefined || begun.assembly.has(body.offset)) return 'duplicate-frame';
    }
    const lost = this.#sequence.take(frame.sequence, frame.crc);
    if (lost === 'duplicate') return 'duplicate-frame';
    if (lost > 0) this.#tellLoss(arrivedMs, { frames: lost, samples: 0 });
    this.#put(body, startMs, arrivedMs);
    return undefined;
  }

  /** Time goes on: a waveform that stopped coming is lost. */
  tick(monoMs: number): void {
    const burst = this.#burst;
    if (burst !== undefined && monoMs - burst.heardMs > PATIENCE_MS) this.#giveUp(burst, monoMs);
  }

  #put(body: BurstBody, startMs: number, arrivedMs: number): void {
    const burst = startMs === this.#burst?.startMs ? this.#burst : this.#begin(body, startMs, arrivedMs);
    if (burst.assembly === undefined) return;
    burst.heardMs = arrivedMs;
    burst.assembly.put(body.offset, body.chunk);
    if (!burst.assembly.isWhole) return;
    if (crc32c(burst.assembly.bytes) === burst.crc32c) this.#emitWaveforms(burst.assembly.bytes, startMs);
    else this.#tellLoss(arrivedMs, { frames: 0, samples: this.#options.burstSamples });
    burst.assembly = undefined;
  }

  #begin({ id, crc32c, total }: BurstBody, startMs: number, arrivedMs: number): Burst {
    const last = this.#burst;
    if (last !== undefined) {
      this.#giveUp(last, arrivedMs);
      const skipped = (id - last.id - 1) & 0xffff;
      if (skipped > 0 && skipped <= this.#roomFor(startMs - last.startMs))
        this.#tellLoss(arrivedMs, { frames: 0, samples: skipped * this.#options.burstSamples });
    }
    this.#burst = { id, crc32c, startMs, assembly: new Assembly(total), heardMs: arrivedMs };
    return this.#burst;
  }

  /** How many waveforms fit into a time. */
  #roomFor(durationMs: number): number {
    const { rateHz, burstSamples } = this.#options;
    return (durationMs / 1000) * (rateHz / burstSamples);
  }

  #giveUp(burst: Burst, monoMs: number): void {
    if (burst.assembly === undefined) return;
    burst.assembly = undefined;
    this.#tellLoss(monoMs, { frames: 0, samples: this.#options.burstSamples });
  }

  #tellLoss(
    monoMs: number,
    { frames, samples }: { readonly frames: number; readonly samples: number },
  ): void {
    const { source, description, emit } = this.#options;
    emit({ kind: 'loss', source, monoMs, where: 'wire', stream: description.name, frames, samples });
  }

  #emitWaveforms(bytes: Uint8Array, startMs: number): void {
    const { source, description, clock, rateHz, burstSamples, emit } = this.#options;
    const { names, fields, sampleSize } = description;
    const view = new DataView(bytes.buffer);
    const monoMs = clock.hostMs(startMs);
    for (const [index, read] of this.#readers.entries()) {
      const values = Float32Array.from({ length: burstSamples }, (_, k) => read(view, k * sampleSize));
      const { unit } = fields[index] as (typeof fields)[number];
      emit({ kind: 'waveform', source, monoMs, channel: names[index] as string, unit, rateHz, values });
    }
  }
}
