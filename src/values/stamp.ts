/**
 * When something happened, and how sure that is. Order is by (boot, monoMs), never by wall time: a device
 * without a battery-backed clock may have a wrong wall time until it meets a time source.
 */
export interface Stamp {
  /** Counts the boots of this device that the store has seen. */
  readonly boot: number;
  /** Milliseconds since that boot. */
  readonly monoMs: number;
  /** Unix milliseconds by the wall clock at that moment. */
  readonly wallMs: number;
  readonly clock: ClockState;
  /** Half-width of the interval that holds the true time; null when nothing is known. */
  readonly errorMs: number | null;
}

export type ClockState =
  | 'synced' // the operating system says that it is synchronised
  | 'gnss'
  | 'manual' // set by a person, or the time of a recording
  | 'floor' // no earlier than the last time that was stored
  | 'unknown';
