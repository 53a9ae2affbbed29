/**
 * What a device that describes itself says beside its samples. Times are host times: device time, mapped to the
 * agent's monotonic timeline.
 */
export type DeviceValue = Device | Loss | Waveform | DeviceEvent | DeviceLog | DeviceStats;

/**
 * A device is ready: it said who it is and what it measures. Comes before its first sample, and again whenever it was
 * restarted or its clock was: time, sequences and waveforms begin anew.
 */
export interface Device {
  readonly kind: 'device';
  readonly source: string;
  readonly monoMs: number;
  /** Serial number of the chip in hex; empty when it has none. */
  readonly uid: string;
  /** Differs from boot to boot. */
  readonly bootId: number;
  /** Why it started, such as 'watchdog'. */
  readonly resetCause: string;
  readonly firmware: string;
  readonly board: string;
  readonly channels: readonly DeviceChannel[];
}

export interface DeviceChannel {
  /** As in the samples: `<stream>.<field>`. */
  readonly name: string;
  readonly unit: string;
  /** Samples per second; undefined without a fixed rate. */
  readonly rateHz: number | undefined;
  /** Whether it comes as waveforms instead of samples. */
  readonly isWaveform: boolean;
  /** Least and greatest value that can be true, in the unit. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly quantity: 'value' | 'counter' | 'state';
}

/** Something that was sent, or should have been, and did not come. Each loss is told once. */
export interface Loss {
  readonly kind: 'loss';
  readonly source: string;
  readonly monoMs: number;
  /** On the wire, by gaps in the sequence; or in the device, by its own count of what found no room. */
  readonly where: 'wire' | 'device';
  /** Name of the stream; undefined for frames about the device itself, and when the device does not tell. */
  readonly stream: string | undefined;
  readonly frames: number;
  readonly samples: number;
}

/** A block of one channel that was sampled faster than the link could carry. */
export interface Waveform {
  readonly kind: 'waveform';
  readonly source: string;
  /** When its first sample was taken. */
  readonly monoMs: number;
  readonly channel: string;
  readonly unit: string;
  readonly rateHz: number;
  /** NaN where the device had no number. Never infinite. */
  readonly values: Float32Array;
}

/** Something happened on the device; `code` is the firmware's own number. */
export interface DeviceEvent {
  readonly kind: 'event';
  readonly source: string;
  readonly monoMs: number;
  readonly code: number;
  /** Numbers, texts, arrays and objects of them; undefined when there are none. */
  readonly arguments: unknown;
}

export interface DeviceLog {
  readonly kind: 'log';
  readonly source: string;
  readonly monoMs: number;
  readonly level: 'error' | 'warning' | 'info' | 'debug';
  readonly text: string;
}

/** Figures of the device about itself, by name (`supplyMv`) or by number for the firmware's own. */
export interface DeviceStats {
  readonly kind: 'stats';
  readonly source: string;
  readonly monoMs: number;
  readonly values: Readonly<Record<string, number>>;
}

/** How well device time is known, for `health`. */
export interface DeviceTiming {
  /** Parts per million by which the device's clock runs fast; undefined until there is enough to tell. */
  readonly rateErrorPpm: number | undefined;
  /**
   * Half-width of the interval that holds the true host time of a tick. Undefined while only the device talks: then
   * nothing bounds the least delay of the link, and times are late by it.
   */
  readonly errorMs: number | undefined;
  /** Time that the rate was measured over. */
  readonly spanMs: number;
}
