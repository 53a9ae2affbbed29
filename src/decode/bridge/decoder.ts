import type { DeviceTiming } from '../../values/device.ts';
import type { Decoded, NoiseReason } from '../../values/sample.ts';
import type { Decoder, DecoderOptions, DescriptorCache } from '../seam.ts';
import { readAck, readDesc, readHello, readSync } from './bodies.ts';
import { Boot } from './boot.ts';
import { crc32c } from './crc.ts';
import { readDescriptor } from './descriptor.ts';
import { DescriptorDownload } from './download.ts';
import { Deframer, type Frame, type FrameSink } from './frame.ts';
import { FRAME_TYPES, type HelloBody } from './protocol.ts';
import { Requests } from './requests.ts';

const EXCERPT_LENGTH_MAX = 64;

/**
 * The host side of firmware-bridge (docs/reference/wire-protocol.md). Nothing is published before a valid HELLO and a
 * descriptor whose CRC-32C matches: pulled from the device, collected from one that only transmits, or known from
 * before. A new boot begins everything anew.
 */
export class BridgeDecoder implements Decoder, FrameSink {
  readonly #source: string;
  readonly #cache: DescriptorCache | undefined;
  readonly #send: DecoderOptions['send'];
  readonly #deframer = new Deframer();
  #requests: Requests | undefined;
  #boot: Boot | undefined;
  #download: DescriptorDownload | undefined;
  #frameCount = 0;
  #monoMs = 0;
  #found: Decoded[] = [];
  readonly #emit = (item: Decoded) => {
    this.#found.push(item);
  };

  constructor({ source, send, descriptorCache }: Omit<DecoderOptions, 'protocol'>) {
    this.#source = source;
    this.#cache = descriptorCache;
    this.#send = send;
    this.#requests = send && new Requests(send);
  }

  get timing(): DeviceTiming | undefined {
    return this.#boot?.clock.timing;
  }

  /** Valid frames since the beginning or the last reset. */
  get frameCount(): number {
    return this.#frameCount;
  }

  decode(bytes: Uint8Array, monoMs: number): readonly Decoded[] {
    this.#monoMs = monoMs;
    this.#deframer.push(bytes, this);
    return this.tick(monoMs);
  }

  tick(monoMs: number): readonly Decoded[] {
    this.#monoMs = monoMs;
    this.#boot?.tick(monoMs);
    this.#requests?.ask({ boot: this.#boot, missingAt: this.#download?.missingAt }, monoMs);
    const found = this.#found;
    this.#found = [];
    return found;
  }

  finish(monoMs: number): readonly Decoded[] {
    return this.reset(monoMs);
  }

  reset(monoMs: number): readonly Decoded[] {
    this.#monoMs = monoMs;
    this.#deframer.end(this);
    this.#boot = undefined;
    this.#download = undefined;
    this.#requests = this.#send && new Requests(this.#send);
    this.#frameCount = 0;
    const found = this.#found;
    this.#found = [];
    return found;
  }

  onBadRun(reason: NoiseReason, sizeBytes: number, excerpt: string): void {
    this.#tellNoise(reason, sizeBytes, excerpt);
  }

  onFrame(frame: Frame): void {
    this.#frameCount++;
    const reason = frame.stream === 0 ? this.#takeOwn(frame) : this.#takeMeasured(frame);
    if (reason !== undefined) this.#tellNoise(reason, frame.wireSize, frame.excerpt);
  }

  #takeMeasured(frame: Frame): NoiseReason | undefined {
    return this.#boot === undefined ? 'undescribed' : this.#boot.takeMeasured(frame, this.#monoMs);
  }

  /** Stream 0: what the device says about itself. */
  #takeOwn(frame: Frame): NoiseReason | undefined {
    if (frame.type === FRAME_TYPES.hello) {
      const hello = readHello(frame.body);
      if (hello === undefined) return 'bad-body';
      this.#hear(hello);
    }
    if (this.#boot === undefined) return 'undescribed';
    const reason = this.#boot.count(frame, this.#monoMs);
    if (reason !== undefined) return reason;
    switch (frame.type) {
      case FRAME_TYPES.hello:
        return undefined;
      case FRAME_TYPES.desc:
        return this.#takeDesc(frame);
      case FRAME_TYPES.sync:
        return this.#takeSync(frame, this.#boot);
      case FRAME_TYPES.ack:
        return readAck(frame.body) === undefined ? 'bad-body' : undefined;
      default:
        return this.#boot.takeOwn(frame, this.#monoMs);
    }
  }

  #hear(hello: HelloBody): void {
    this.#requests?.heard('hello');
    const last = this.#boot;
    if (last?.continues(hello, this.#monoMs)) return;
    const boot = new Boot({
      source: this.#source,
      hello,
      arrivedMs: this.#monoMs,
      isFresh: last !== undefined && last.hello.bootId !== hello.bootId,
      emit: this.#emit,
    });
    this.#boot = boot;
    this.#download = undefined;
    const isKnown = last?.hello.schemaCrc32c === hello.schemaCrc32c;
    if (isKnown && last?.descriptor !== undefined) boot.describe(last.descriptor, this.#monoMs);
    else this.#lookUp(hello.schemaCrc32c);
  }

  #lookUp(crc: number): void {
    const bytes = this.#cache?.get(crc);
    if (bytes !== undefined && crc32c(bytes) === crc) this.#describe(bytes);
    else this.#download = new DescriptorDownload(crc);
  }

  #takeDesc(frame: Frame): NoiseReason | undefined {
    const body = readDesc(frame.body);
    if (body === undefined) return 'bad-body';
    this.#requests?.heard('desc');
    const bytes = this.#download?.take(body);
    if (bytes === undefined) return undefined;
    if (bytes === 'damaged') return 'bad-descriptor';
    this.#download = undefined;
    if (this.#describe(bytes)) this.#cache?.put(crc32c(bytes), bytes);
    return undefined;
  }

  #describe(bytes: Uint8Array): boolean {
    const descriptor = readDescriptor(bytes);
    if (typeof descriptor === 'string') this.#tellNoise('bad-descriptor', bytes.length, descriptor);
    else this.#boot?.describe(descriptor, this.#monoMs);
    return typeof descriptor !== 'string';
  }

  #takeSync(frame: Frame, { clock }: Boot): NoiseReason | undefined {
    const body = readSync(frame.body);
    if (body === undefined) return 'bad-body';
    const askedMs = this.#requests?.askedAt(body);
    if (askedMs === undefined) return undefined;
    const deviceMs = clock.deviceMs(body.tick);
    if (!clock.isPlausible(deviceMs, this.#monoMs)) return 'bad-body';
    this.#requests?.heard('sync');
    clock.observeRoundTrip(deviceMs, askedMs, this.#monoMs);
    return undefined;
  }

  #tellNoise(reason: NoiseReason, sizeBytes: number, text: string): void {
    const excerpt = text.slice(0, EXCERPT_LENGTH_MAX).replace(/\p{C}/gu, '.');
    this.#emit({ kind: 'noise', source: this.#source, monoMs: this.#monoMs, reason, sizeBytes, excerpt });
  }
}
