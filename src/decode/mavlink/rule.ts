import type { FlightChannelName } from '../../values/flight-channels.ts';
import type { Read } from './read-field.ts';

/** One channel of a message. */
export interface Rule {
  readonly channel: FlightChannelName;
  /** In the unit of the channel; NaN where the vehicle does not know the value. */
  readonly read: Read;
}

/** How each channel of a message is read. */
export type RuleTable = { readonly [Name in FlightChannelName]?: Read };

export const DEGREES = 180 / Math.PI;

/** What a field of a type holds when the value is not known, where the definition says so. */
export const UNKNOWN = { minusOne: -1, uint8: 255, int16: 32_767, uint16: 65_535 } as const;

/** A field in another unit; the value that stands for "unknown" is none. */
export function scaled(read: Read, scale: number, unknown?: number): Read {
  return (payload) => {
    const raw = read(payload);
    return raw === unknown ? Number.NaN : raw * scale;
  };
}

/** The value while a condition holds. */
export function only(isKnown: (payload: DataView) => boolean, read: Read): Read {
  return (payload) => (isKnown(payload) ? read(payload) : Number.NaN);
}

export function rules(table: RuleTable): readonly Rule[] {
  return Object.entries(table as Readonly<Record<string, Read>>).map(([channel, read]) => ({
    channel: channel as FlightChannelName,
    read,
  }));
}

/** Remembers what it made for each number of an instance, so that each keeps its rules for good. */
export function perInstance(
  make: (instance: number) => readonly Rule[],
): (instance: number) => readonly Rule[] {
  const made = new Map<number, readonly Rule[]>();
  return (instance) => {
    const known = made.get(instance) ?? make(instance);
    made.set(instance, known);
    return known;
  };
}
