import type { Decoded, NoiseReason, Sample } from '../../values/sample.ts';
import type { Decoder, DecoderOptions } from '../seam.ts';
import { BOOT_TIMES, BootClock } from './boot-clock.ts';
import { FlightSamples } from './flight-samples.ts';
import { Framer, type PacketSink } from './framer.ts';
import { messageNamed } from './messages.ts';
import type { MavlinkOptions } from './options.ts';
import { PACKET_SIZE_MAX, type Packet } from './packet.ts';
import type { Read } from './read-field.ts';
import { StatusTexts } from './status-text.ts';
import { type BelievedSink, Trust } from './trust.ts';
import type { UnknownPacket } from './unknown-packets.ts';
import { VehicleChoice } from './vehicle.ts';

const idOf = (name: string) => messageNamed(name).id;
const ID = { heartbeat: idOf('HEARTBEAT'), statusText: idOf('STATUSTEXT') } as const;
const OF_ANY_COMPONENT = new Set(['BATTERY_STATUS', 'ESC_STATUS', 'ESC_INFO'].map(idOf));
const bootTimes = new Map<number, Read>([...BOOT_TIMES].map(([name, read]) => [idOf(name), read]));

/** Samples that wait until the autopilot has told its time, so that none of a recording is without. */
const UNTIMED_MAX = 256;

/**
 * Reads a vehicle that speaks MAVLink 1 or 2, live or from a recording (.tlog, or its bare packets), as samples in the
 * vocabulary of flights. Their `deviceMs` is the time of the recording, otherwise that since the boot of the autopilot.
 */
export class MavlinkDecoder implements Decoder, PacketSink, BelievedSink {
  readonly #source: string;
  readonly #options: MavlinkOptions;
  readonly #framer = new Framer(this);
  readonly #samples = new FlightSamples();
  #trust = new Trust(this);
  #choice: VehicleChoice;
  #clock = new BootClock();
  #texts = new StatusTexts();
  #untimed: Sample[] | undefined = [];
  #packetCount = 0;
  #monoMs = 0;
  #found: Decoded[] = [];

  constructor({ source, mavlink = {} }: Omit<DecoderOptions, 'protocol'>) {
    this.#source = source;
    this.#options = mavlink;
    this.#choice = new VehicleChoice(mavlink.system);
  }

  /** Believed packets since the beginning or the last reset. */
  get packetCount(): number {
    return this.#packetCount;
  }

  decode(bytes: Uint8Array, monoMs: number): readonly Decoded[] {
    this.#monoMs = monoMs;
    this.#framer.push(bytes);
    return this.#takeFound();
  }

  tick(monoMs: number): readonly Decoded[] {
    this.#monoMs = monoMs;
    if (this.#framer.skippedBytes > PACKET_SIZE_MAX) this.#framer.tellSkipped();
    return this.#takeFound();
  }

  finish(monoMs: number): readonly Decoded[] {
    return this.reset(monoMs);
  }

  reset(monoMs: number): readonly Decoded[] {
    this.#monoMs = monoMs;
    this.#framer.end();
    this.#trust.end();
    this.#tellTexts(this.#texts.finish());
    this.#releaseUntimed();
    this.#trust = new Trust(this);
    this.#choice = new VehicleChoice(this.#options.system);
    this.#clock = new BootClock();
    this.#untimed = [];
    this.#packetCount = 0;
    return this.#takeFound();
  }

  onPacket(packet: Packet): void {
    this.#trust.take(packet);
  }

  onUnknown(packet: UnknownPacket): void {
    this.#trust.skip(packet);
  }

  onSkipped(reason: NoiseReason, sizeBytes: number, excerpt: string): void {
    this.#tellNoise(reason, sizeBytes, excerpt);
  }

  onDoubted(packet: Packet): void {
    this.#tellNoise('bad-frame', packet.size, `message ${packet.id} that nothing confirms`);
  }

  onBelieved(packet: Packet, lost: number): void {
    this.#packetCount++;
    if (packet.id === ID.heartbeat) this.#hearHeartbeat(packet);
    const { vehicle } = this.#choice;
    const isAutopilot = packet.system === vehicle?.system && packet.component === vehicle.component;
    if (lost > 0) this.#tellLoss(packet, lost, isAutopilot);
    if (vehicle === undefined || packet.system !== vehicle.system) return;
    if (isAutopilot) this.#hearTime(packet);
    if (!isAutopilot && !OF_ANY_COMPONENT.has(packet.id)) return;
    if (packet.id === ID.statusText) this.#tellTexts(this.#texts.take(packet.payload));
    const flight = this.#samples.of(packet.id, packet.payload, vehicle.autopilot);
    if (flight !== undefined) this.#tellSample(packet, flight);
  }

  #hearHeartbeat(packet: Packet): void {
    const chosen = this.#choice.hear(packet, packet.recordedMs ?? this.#monoMs);
    if (chosen === undefined) return;
    const { system, component, autopilot, type } = chosen;
    const text = `reads vehicle ${system}, component ${component} (autopilot ${autopilot}, type ${type})`;
    this.#tellTexts([{ level: 'info', text }]);
  }

  #hearTime({ id, payload }: Packet): void {
    const bootMs = bootTimes.get(id)?.(payload);
    if (bootMs === undefined) return;
    if (this.#clock.hear(bootMs))
      this.#tellTexts([{ level: 'warning', text: 'the autopilot was restarted' }]);
    this.#releaseUntimed();
  }

  #tellSample({ recordedMs }: Packet, { names, values }: Pick<Sample, 'names' | 'values'>): void {
    const deviceMs = recordedMs ?? this.#clock.bootMs;
    const sample: Sample = {
      kind: 'sample',
      source: this.#source,
      monoMs: this.#monoMs,
      deviceMs,
      names,
      values,
    };
    if (deviceMs !== undefined || this.#untimed === undefined) this.#found.push(sample);
    else if (this.#untimed.push(sample) === UNTIMED_MAX) this.#releaseUntimed();
  }

  #releaseUntimed(): void {
    const deviceMs = this.#clock.bootMs;
    for (const sample of this.#untimed ?? []) this.#found.push({ ...sample, deviceMs });
    this.#untimed = undefined;
  }

  #tellLoss({ system, component }: Packet, lost: number, isAutopilot: boolean): void {
    this.#found.push({
      kind: 'loss',
      source: this.#source,
      monoMs: this.#monoMs,
      where: 'wire',
      stream: `${system}.${component}`,
      frames: lost,
      samples: isAutopilot ? lost : 0,
    });
  }

  #tellTexts(texts: ReturnType<StatusTexts['finish']>): void {
    for (const text of texts)
      this.#found.push({ kind: 'log', source: this.#source, monoMs: this.#monoMs, ...text });
  }

  #tellNoise(reason: NoiseReason, sizeBytes: number, excerpt: string): void {
    this.#found.push({
      kind: 'noise',
      source: this.#source,
      monoMs: this.#monoMs,
      reason,
      sizeBytes,
      excerpt,
    });
  }

  #takeFound(): readonly Decoded[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }
}
