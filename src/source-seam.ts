import type { SourceConfig } from './config/schema.ts';
import type { DescriptorCache } from './decode/seam.ts';
import type { Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import type { Logger } from './system/log.ts';
import type { Device, DeviceTiming, Waveform } from './values/device.ts';
import type { Sample } from './values/sample.ts';
import type { TimeOfDay } from './values/time.ts';

/** Where samples come from: one entry of `sources`, whatever it is made of. It never throws once it was made. */
export interface Source {
  /** What `health` says about it: 'open' while it delivers, otherwise why not. */
  readonly state: string;
  /** Who speaks there and how well its clock is known; undefined for what does not describe itself. */
  readonly device: (Device & { readonly timing: DeviceTiming | undefined }) | undefined;
  /** Why its reader stands still; undefined while it works, also when the device is away. */
  readonly stuck?: string | undefined;
  /** What `health` shows beside the state, as plain JSON, such as the statistics of a slave. */
  readonly figures?: Readonly<Record<string, unknown>> | undefined;
  start(): void;
  /** Neither samples nor states come after it has resolved. */
  stop(): Promise<void>;
}

/** What every kind of source is made with. */
export interface SourceOptions {
  readonly key: string;
  readonly config: SourceConfig;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly counters: Counters;
  readonly log: Logger;
  readonly descriptorCache: DescriptorCache;
  /** Of the vehicle at the source, where one is configured. */
  readonly signingKey?: Uint8Array | undefined;
  readonly onSample: (sample: Sample) => void;
  readonly onWaveform: (waveform: Waveform) => void;
  /** A device is ready, or was restarted. */
  readonly onDevice: (device: Device) => void;
  /** A device told the time of day. */
  readonly onTime: (time: TimeOfDay) => void;
  /** Samples are missing for good: what a durable record should say, and how many if that is known. */
  readonly onGap: (detail: string, count: number | null) => void;
}
