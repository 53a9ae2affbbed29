import { createDecoder } from './decode/decoder.ts';
import type { Decoder } from './decode/seam.ts';
import { linkOpener } from './link/open.ts';
import { Link, type LinkState } from './link/reopening.ts';
import type { Source, SourceOptions } from './source-seam.ts';
import type { Clock } from './system/clock.ts';
import type { Device, DeviceTiming, Loss } from './values/device.ts';
import type { Decoded } from './values/sample.ts';

/** At most one line in the log of each kind in so long, for each source; the counters have it all. */
const LOG_INTERVAL_MS = 60_000;
/** At most one gap of each kind in so long, for each source; what comes between is added up. */
const GAP_INTERVAL_MS = 60_000;
/** How often a decoder may ask its device something. */
const TICK_MS = 250;

/** One source: keeps its link open, decodes its bytes, counts and logs what happens to it. */
export class SourceReader implements Source {
  readonly #options: SourceOptions;
  readonly #decoder: Decoder;
  readonly #link: Link;
  readonly #loggedMs = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #state = 'opening';
  #device: Device | undefined;
  #awaySinceMs: number | undefined;
  #lost = { wire: 0, device: 0 };
  #gapMs = Number.NEGATIVE_INFINITY;

  constructor(options: SourceOptions) {
    const { key, config, clock, random, counters, descriptorCache, signingKey } = options;
    this.#options = options;
    const send = (bytes: Uint8Array) => this.#link.write(bytes);
    const mavlink = { ...config.mavlink, signingKey, wallMs: () => believedWallMs(clock) };
    this.#decoder = createDecoder({ source: key, protocol: config.protocol, send, descriptorCache, mavlink });
    this.#link = new Link({
      source: key,
      open: linkOpener(config.link),
      silenceTimeoutMs: config.silenceTimeout,
      clock,
      random,
      onBytes: (bytes, monoMs) => {
        counters.add('bytes_read', key, bytes.length);
        this.#handOver(this.#decoder.decode(bytes, monoMs));
      },
      onState: (state) => this.#follow(state),
    });
  }

  /** What `health` says about it. */
  get state(): string {
    return this.#state;
  }

  /** Why its reader stands still; undefined while it works, also when the device is away. */
  get stuck(): string | undefined {
    return this.#link.stuck;
  }

  /** Who speaks there and how well its clock is known; undefined for what does not describe itself. */
  get device(): (Device & { readonly timing: DeviceTiming | undefined }) | undefined {
    return this.#device && { ...this.#device, timing: this.#decoder.timing };
  }

  start(): void {
    this.#link.start();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#link.stop();
    this.#tellLosses();
  }

  #tick(): void {
    const nowMs = this.#options.clock.monoMs();
    if (this.#state === 'open') this.#handOver(this.#decoder.tick?.(nowMs) ?? []);
    if (nowMs - this.#gapMs >= GAP_INTERVAL_MS) this.#tellLosses();
  }

  #handOver(decoded: readonly Decoded[]): void {
    for (const item of decoded) this.#take(item);
  }

  #take(item: Decoded): void {
    const { key, counters, onSample, log } = this.#options;
    switch (item.kind) {
      case 'sample':
        counters.add('samples_read', key);
        onSample(item);
        return;
      case 'noise': {
        counters.add(`noise_${item.reason}`, key);
        const { reason, sizeBytes, excerpt } = item;
        const say = () =>
          log.warn({ source: key, reason, sizeBytes, excerpt }, `noise from source ${key}: ${reason}`);
        if (reason !== 'unused-sentence') this.#logSeldom('noise', say);
        return;
      }
      case 'device':
        this.#greet(item);
        return;
      case 'loss':
        this.#count(item);
        return;
      case 'log':
        this.#logSeldom(`log ${item.level}`, () => log.info({ source: key, level: item.level }, item.text));
        return;
      case 'waveform':
        counters.add('waveforms_read', key);
        this.#options.onWaveform(item);
        return;
      case 'event':
        counters.add('device_events', key);
        log.info(
          { source: key, code: item.code, arguments: item.arguments },
          `event ${item.code} of source ${key}`,
        );
        return;
      case 'stats':
        counters.add('device_stats', key);
        return;
      case 'time':
        this.#options.onTime(item);
    }
  }

  #greet(device: Device): void {
    const { key, log, onDevice } = this.#options;
    const { uid, bootId, resetCause, firmware, board, channels } = device;
    const isRestart = this.#device !== undefined && this.#device.bootId !== bootId;
    const names = channels.map(({ name, unit }) => `${name} (${unit})`).join(', ');
    log.info(
      { source: key, uid, bootId, resetCause, firmware, board },
      `source ${key} is ${board} with firmware ${firmware}${isRestart ? ', restarted' : ''}; it measures ${names}`,
    );
    this.#device = device;
    onDevice(device);
  }

  #count({ where, frames, samples }: Loss): void {
    const { key, counters } = this.#options;
    counters.add(where === 'wire' ? 'frames_lost_wire' : 'frames_lost_device', key, frames);
    counters.add(where === 'wire' ? 'samples_lost_wire' : 'samples_lost_device', key, samples);
    this.#lost[where] += samples;
  }

  /** Losses become one gap a minute, so that a bad cable does not fill the store. */
  #tellLosses(): void {
    const { key, clock, onGap } = this.#options;
    const { wire, device } = this.#lost;
    if (wire + device === 0) return;
    onGap(`source ${key}: ${wire} samples lost on the wire, ${device} in the device`, wire + device);
    this.#lost = { wire: 0, device: 0 };
    this.#gapMs = clock.monoMs();
  }

  #follow(state: LinkState): void {
    const { key, clock, counters, log } = this.#options;
    const nowMs = clock.monoMs();
    if (state.kind === 'open') {
      this.#state = 'open';
      counters.add('link_opened', key);
      log.info({ source: key }, `source ${key} is open`);
      if (this.#awaySinceMs !== undefined) this.#tellAway((nowMs - this.#awaySinceMs) / 1000);
      this.#awaySinceMs = undefined;
      return;
    }
    const { error } = state;
    const isWhole = state.kind === 'ended' && error === undefined;
    if (isWhole) this.#handOver(this.#decoder.finish(nowMs));
    this.#handOver(this.#decoder.reset(nowMs));
    if (this.#state === 'open') this.#awaySinceMs = nowMs;
    if (state.kind === 'waiting') {
      this.#state = `waiting: ${state.error.message}`;
      counters.add('link_lost', key);
      // A sensor may be away for months; one line for each try would push everything else out of the journal.
      const { code, message } = state.error;
      this.#logSeldom(`waiting ${code}`, () => log.warn({ source: key, code }, `${message}; trying again`));
      return;
    }
    this.#state = error === undefined ? 'ended' : `ended: ${error.message}`;
    if (error === undefined) log.info({ source: key }, `source ${key} was read to its end`);
    else log.error({ source: key, code: error.code }, error.message);
  }

  #tellAway(seconds: number): void {
    const { key, onGap } = this.#options;
    onGap(`source ${key} was away for ${seconds.toFixed(1)} s`, null);
  }

  #logSeldom(kind: string, say: () => void): void {
    const nowMs = this.#options.clock.monoMs();
    if (nowMs - (this.#loggedMs.get(kind) ?? Number.NEGATIVE_INFINITY) < LOG_INTERVAL_MS) return;
    this.#loggedMs.set(kind, nowMs);
    say();
  }
}

/** The wall time, while somebody vouches for it. */
function believedWallMs(clock: Clock): number | undefined {
  const { wallMs, errorMs } = clock.stampAt(clock.monoMs());
  return errorMs === null ? undefined : wallMs;
}
