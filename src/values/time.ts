/**
 * The time of day as a device at a source knows it, such as a receiver of navigation satellites. A decoder tells it only
 * while the device says that it has a fix; whether the agent believes it is for the clock to judge.
 */
export interface TimeOfDay {
  readonly kind: 'time';
  readonly source: string;
  /** When it arrived. */
  readonly monoMs: number;
  /** Unix milliseconds that the device told for a moment that cannot be later than its arrival. */
  readonly wallMs: number;
  /** By how much that moment may lie before the arrival: the device's own delay and that of the wire. */
  readonly errorMs: number;
}
