/** Least and greatest value that can be true. */
export type Range = readonly [min: number, max: number];

/** Nothing is colder. */
const ABSOLUTE_ZERO: Readonly<Record<string, number>> = {
  ...{ '°C': -273.15, C: -273.15, degC: -273.15 },
  ...{ '°F': -459.67, F: -459.67, degF: -459.67 },
  K: 0,
};

/** What a channel can read, by its configuration or its device, and by its unit. */
export function physicalRange(unit: string, range: Range | undefined): Range {
  const [min, max] = range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const coldest = Object.hasOwn(ABSOLUTE_ZERO, unit.trim()) ? ABSOLUTE_ZERO[unit.trim()] : undefined;
  return [Math.max(min, coldest ?? Number.NEGATIVE_INFINITY), max];
}
