import { Buffer } from 'node:buffer';
import type { DeviceLog } from '../../values/device.ts';
import type { Decoded, NoiseReason } from '../../values/sample.ts';
import { readEvent, readLog, readStats } from './bodies.ts';
import { BurstStream } from './burst-stream.ts';
import { readCbor } from './cbor.ts';
import { DataStream } from './data-stream.ts';
import type { Descriptor, StreamDescription } from './descriptor.ts';
import { DeviceClock } from './device-clock.ts';
import type { Frame } from './frame.ts';
import { FRAME_TYPES, type HelloBody, LOG_CODES, RESET_CODES, STAT_CODES } from './protocol.ts';
import { Sequence } from './sequence.ts';

export interface BootOptions {
  readonly source: string;
  readonly hello: HelloBody;
  readonly arrivedMs: number;
  /** The device was restarted while we listened, so its counts began with 0 and all of them are news. */
  readonly isFresh: boolean;
  readonly emit: (item: Decoded) => void;
}

/** What is known about one boot of a device: its clock, its sequences, its streams. */
export class Boot {
  readonly hello: HelloBody;
  readonly clock: DeviceClock;
  readonly #options: BootOptions;
  /** Of stream 0. */
  readonly #sequence = new Sequence();
  /** By id; undefined until the device is described. */
  #streams: ReadonlyMap<number, DataStream | BurstStream> | undefined;
  #descriptor: Descriptor | undefined;
  #helloMs: number;
  /** Frames and samples that found no room in the device, by its own count. */
  #drops: { frames: number; samples: number } | undefined;

  constructor(options: BootOptions) {
    const { hello, arrivedMs, isFresh } = options;
    this.#options = options;
    this.hello = hello;
    this.clock = new DeviceClock(hello.tickHz, hello.tick, arrivedMs);
    this.#helloMs = this.clock.deviceMs(hello.tick);
    if (isFresh) this.#drops = { frames: 0, samples: 0 };
  }

  get descriptor(): Descriptor | undefined {
    return this.#descriptor;
  }

  /** Whether a later HELLO is of this boot, and its time goes on; if so the clock learns from it. */
  continues(hello: HelloBody, arrivedMs: number): boolean {
    const { bootId, tickHz, schemaCrc32c } = this.hello;
    const isSame = hello.bootId === bootId && hello.tickHz === tickHz && hello.schemaCrc32c === schemaCrc32c;
    const deviceMs = this.clock.deviceMs(hello.tick);
    if (!isSame || deviceMs < this.#helloMs || !this.clock.isPlausible(deviceMs, arrivedMs)) return false;
    this.#helloMs = deviceMs;
    this.clock.observe(deviceMs, arrivedMs, 0);
    return true;
  }

  /** The device is described: from now on its frames mean something. */
  describe(descriptor: Descriptor, monoMs: number): void {
    const { source, hello, emit } = this.#options;
    this.#descriptor = descriptor;
    this.#streams = new Map(
      descriptor.streams.map((description) => [description.id, this.#streamOf(description)]),
    );
    emit({
      kind: 'device',
      source,
      monoMs,
      uid: Buffer.from(hello.uid).toString('hex'),
      bootId: hello.bootId,
      resetCause: nameOf(RESET_CODES, hello.resetCause) ?? 'unknown',
      firmware: printable(hello.firmware),
      board: descriptor.board,
      channels: descriptor.streams.flatMap(channelsOf),
    });
  }

  /** Takes the place of a frame of stream 0 in its sequence. @returns why it is noise */
  count(frame: Frame, monoMs: number): NoiseReason | undefined {
    const frames = this.#sequence.take(frame.sequence, frame.crc);
    if (frames === 'duplicate') return 'duplicate-frame';
    const { source, emit } = this.#options;
    if (frames > 0 && this.#streams !== undefined)
      emit({ kind: 'loss', source, monoMs, where: 'wire', stream: undefined, frames, samples: 0 });
    return undefined;
  }

  /** Takes a frame of one of the streams: DATA or BURST. @returns why it is noise */
  takeMeasured(frame: Frame, arrivedMs: number): NoiseReason | undefined {
    if (this.#streams === undefined) return 'undescribed';
    const stream = this.#streams.get(frame.stream);
    const isExpected =
      stream instanceof DataStream ? frame.type === FRAME_TYPES.data : frame.type === FRAME_TYPES.burst;
    return isExpected && stream !== undefined ? stream.take(frame, arrivedMs) : 'unknown-frame';
  }

  /** Takes what the device says about itself: EVENT, LOG or STATS. @returns why it is noise */
  takeOwn(frame: Frame, arrivedMs: number): NoiseReason | undefined {
    if (this.#streams === undefined) return 'undescribed';
    switch (frame.type) {
      case FRAME_TYPES.event:
        return this.#takeEvent(frame, arrivedMs);
      case FRAME_TYPES.log:
        return this.#takeLog(frame, arrivedMs);
      case FRAME_TYPES.stats:
        return this.#takeStats(frame, arrivedMs);
      default:
        return 'unknown-frame';
    }
  }

  tick(monoMs: number): void {
    for (const stream of this.#streams?.values() ?? [])
      if (stream instanceof BurstStream) stream.tick(monoMs);
  }

  #streamOf(description: StreamDescription): DataStream | BurstStream {
    const { source, emit } = this.#options;
    const options = { source, description, clock: this.clock, emit };
    const { rateHz, burstSamples } = description;
    if (rateHz === undefined || burstSamples === undefined) return new DataStream(options);
    return new BurstStream({ ...options, rateHz, burstSamples });
  }

  #takeEvent(frame: Frame, arrivedMs: number): NoiseReason | undefined {
    const body = readEvent(frame.body);
    if (body === undefined) return 'bad-body';
    const hasArguments = body.arguments.length > 0;
    const item = hasArguments ? readCbor(body.arguments) : undefined;
    const deviceMs = this.clock.deviceMs(body.tick);
    if ((hasArguments && item === undefined) || !this.clock.isPlausible(deviceMs, arrivedMs))
      return 'bad-body';
    const { source, emit } = this.#options;
    emit({ kind: 'event', source, monoMs: this.clock.hostMs(deviceMs), code: body.code, arguments: item });
    return undefined;
  }

  #takeLog(frame: Frame, monoMs: number): NoiseReason | undefined {
    const body = readLog(frame.body);
    const level: DeviceLog['level'] | undefined = body && nameOf(LOG_CODES, body.level);
    if (body === undefined || level === undefined) return 'bad-body';
    const { source, emit } = this.#options;
    emit({ kind: 'log', source, monoMs, level, text: printable(body.text) });
    return undefined;
  }

  #takeStats(frame: Frame, monoMs: number): NoiseReason | undefined {
    const stats = readStats(frame.body);
    if (stats === undefined) return 'bad-body';
    const { source, emit } = this.#options;
    const values = [...stats].map(([key, value]) => [statName(key), value]);
    emit({ kind: 'stats', source, monoMs, values: Object.fromEntries(values) });
    this.#tellDrops(stats, monoMs);
    return undefined;
  }

  /** The counts are 32-bit and wrap. The first ones tell of a time before we listened, unless the boot is fresh. */
  #tellDrops(stats: ReadonlyMap<number, number>, monoMs: number): void {
    const last = this.#drops;
    const now = {
      frames: stats.get(STAT_CODES.ringDrops) ?? last?.frames ?? 0,
      samples: stats.get(STAT_CODES.samplesDropped) ?? last?.samples ?? 0,
    };
    this.#drops = now;
    if (last === undefined) return;
    const frames = Math.max(0, (now.frames - last.frames) | 0);
    const samples = Math.max(0, (now.samples - last.samples) | 0);
    if (frames === 0 && samples === 0) return;
    const { source, emit } = this.#options;
    emit({ kind: 'loss', source, monoMs, where: 'device', stream: undefined, frames, samples });
  }
}

function channelsOf({ names, fields, rateHz, burstSamples }: StreamDescription) {
  return fields.map(({ unit, min, max, kind }, index) => ({
    name: names[index] ?? '',
    unit,
    rateHz,
    isWaveform: burstSamples !== undefined,
    min,
    max,
    quantity: kind,
  }));
}

/** The firmware's own figures have only numbers. */
function statName(key: number): string {
  const isNamed = key < STAT_CODES.application;
  return (isNamed ? nameOf(STAT_CODES, key) : undefined) ?? `${key}`;
}

/** For a log that people read. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, '.');
}

/** The name of a code in one of the tables of the protocol. */
function nameOf<Name extends string>(codes: Readonly<Record<Name, number>>, code: number): Name | undefined {
  return (Object.keys(codes) as Name[]).find((name) => codes[name] === code);
}
