import type { Decoded, NoiseReason, Sample } from '../../values/sample.ts';
import type { Decoder, DecoderOptions } from '../seam.ts';
import { BOOT_TIMES, BootClock } from './boot-clock.ts';
import { FlightSamples } from './flight-samples.ts';
import { Framer, type PacketSink } from './framer.ts';
import { messageNamed } from './messages.ts';
import type { MavlinkOptions } from './options.ts';
import { PACKET_SIZE_MAX, type Packet } from './packet.ts';
import type { Read } from './read-field.ts';
import { Requests } from './requests.ts';
import { Signing } from './signing.ts';
import { StatusTexts } from './status-text.ts';
import { type BelievedSink, Trust } from './trust.ts';
import type { UnknownPacket } from './unknown-packets.ts';
import { VehicleChoice } from './vehicle.ts';
import { VehicleTime } from './vehicle-time.ts';

const idOf = (name: string) => messageNamed(name).id;
const ID = {
  heartbeat: idOf('HEARTBEAT'),
  statusText: idOf('STATUSTEXT'),
  acknowledgement: idOf('COMMAND_ACK'),
  gps: idOf('GPS_RAW_INT'),
  time: idOf('SYSTEM_TIME'),
} as const;

/** What a telemetry radio says of itself: it has no key, and nothing that is read depends on it. */
const RADIO_STATUS = 109;

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
  readonly #signing: Signing | undefined;
  readonly #requests: Requests | undefined;
  #trust = new Trust(this);
  #choice: VehicleChoice;
  #clock = new BootClock();
  #time = new VehicleTime();
  #texts = new StatusTexts();
  #untimed: Sample[] | undefined = [];
  #packetCount = 0;
  #monoMs = 0;
  #found: Decoded[] = [];

  constructor({ source, send, mavlink = {} }: Omit<DecoderOptions, 'protocol'>) {
    const { signingKey, wallMs, request } = mavlink;
    this.#source = source;
    this.#signing = signingKey && new Signing(signingKey, wallMs);
    if (request && send !== undefined) this.#requests = new Requests(send, this.#signing);
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
    this.#requests?.tick(monoMs);
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
    this.#time = new VehicleTime();
    this.#requests?.forget();
    this.#untimed = [];
    this.#packetCount = 0;
    return this.#takeFound();
  }

  onPacket(packet: Packet): void {
    if (this.#signing === undefined || (packet.id === RADIO_STATUS && !packet.isSigned)) {
      this.#trust.take(packet);
      return;
    }
    const refusal = this.#signing.refusalOf(packet);
    if (refusal === undefined) this.#trust.believe(packet);
    else
      this.#tellNoise('bad-signature', packet.size, `message ${packet.id} of ${packet.system}: ${refusal}`);
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
    if (isAutopilot) this.#hearAutopilot(packet);
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
    this.#requests?.begin(chosen);
  }

  #hearAutopilot({ id, payload, recordedMs }: Packet): void {
    const monoMs = this.#monoMs;
    const bootMs = bootTimes.get(id)?.(payload);
    if (bootMs !== undefined) {
      if (this.#clock.hear(bootMs)) this.#beginAnew();
      this.#releaseUntimed();
    }
    this.#requests?.heard(id, monoMs);
    if (id === ID.acknowledgement) this.#requests?.answered(payload, monoMs);
    if (id === ID.gps) this.#time.hearGps(payload, monoMs);
    if (id !== ID.time || recordedMs !== undefined) return;
    const time = this.#time.read(payload, monoMs);
    if (time !== undefined) this.#found.push({ kind: 'time', source: this.#source, monoMs, ...time });
  }

  #beginAnew(): void {
    const { vehicle } = this.#choice;
    this.#tellTexts([{ level: 'warning', text: 'the autopilot was restarted' }]);
    if (vehicle !== undefined) this.#requests?.begin(vehicle);
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
