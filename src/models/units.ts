/**
 * Conversion between units of one quantity. Spellings are taken as people write them: degC, °C and C are one unit, so
 * are m/s², m/s^2 and m/s2. A unit that is not listed converts to itself alone.
 */

/** value in the unit that is wanted = value in the unit that is given · factor + offset */
export interface Conversion {
  readonly factor: number;
  readonly offset: number;
}

interface Unit {
  readonly quantity: string;
  /** value in the base unit of the quantity = value · factor + offset */
  readonly factor: number;
  readonly offset: number;
}

export const UNCHANGED: Conversion = { factor: 1, offset: 0 };

const KELVIN_AT_0_C = 273.15;
const FAHRENHEIT_AT_0_K = -459.67;
const PASCAL_PER_PSI = 6894.757293168361;
const STANDARD_GRAVITY = 9.80665;
const LITRES_PER_GALLON = 3.785411784;

/** Spellings, separated by spaces, and how many base units one is. Factors by definition (NIST SP 811, appendix B). */
const FACTORS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  pressure: {
    Pa: 1,
    hPa: 100,
    kPa: 1000,
    MPa: 1e6,
    mbar: 100,
    bar: 1e5,
    psi: PASCAL_PER_PSI,
    atm: 101_325,
  },
  acceleration: { 'm/s2': 1, 'mm/s2': 1e-3, g: STANDARD_GRAVITY, mg: STANDARD_GRAVITY / 1000 },
  velocity: { 'm/s': 1, 'mm/s': 1e-3, 'in/s ips': 0.0254, 'km/h': 1 / 3.6 },
  length: { m: 1, cm: 0.01, mm: 1e-3, μm: 1e-6, in: 0.0254, 'mil thou': 25.4e-6, ft: 0.3048 },
  frequency: { Hz: 1, kHz: 1000, 'rpm RPM 1/min r/min': 1 / 60 },
  current: { A: 1, mA: 1e-3, μA: 1e-6, kA: 1000 },
  voltage: { V: 1, mV: 1e-3, μV: 1e-6, kV: 1000 },
  power: { W: 1, mW: 1e-3, kW: 1000, MW: 1e6 },
  flow: {
    'm3/s': 1,
    'm3/h': 1 / 3600,
    'L/s l/s': 1e-3,
    'L/min l/min lpm': 1e-3 / 60,
    'L/h l/h': 1e-3 / 3600,
    'gpm gal/min': (LITRES_PER_GALLON * 1e-3) / 60,
  },
  ratio: { '1': 1, '% percent': 0.01, '‰': 1e-3, ppm: 1e-6 },
};

const UNITS: ReadonlyMap<string, Unit> = new Map<string, Unit>([
  ...Object.entries(FACTORS).flatMap(([quantity, units]) =>
    Object.entries(units).flatMap(([spellings, factor]) =>
      spellings.split(' ').map((spelling) => [spelling, { quantity, factor, offset: 0 }] as const),
    ),
  ),
  ...temperature(['K', 'kelvin'], 1, 0),
  ...temperature(['°C', 'degC', 'C', 'celsius'], 1, KELVIN_AT_0_C),
  ...temperature(['°F', 'degF', 'F', 'fahrenheit'], 5 / 9, (-FAHRENHEIT_AT_0_K * 5) / 9),
]);

/** How values of one unit become values of another; undefined when they are not of one quantity. */
export function conversionBetween(given: string, wanted: string): Conversion | undefined {
  const [from, to] = [spelled(given), spelled(wanted)];
  if (from === to) return UNCHANGED;
  const [a, b] = [UNITS.get(from), UNITS.get(to)];
  if (a === undefined || b === undefined || a.quantity !== b.quantity) return undefined;
  return { factor: a.factor / b.factor, offset: (a.offset - b.offset) / b.factor };
}

/** The other way round. */
export function inverse({ factor, offset }: Conversion): Conversion {
  return { factor: 1 / factor, offset: -offset / factor };
}

export function convert(value: number, { factor, offset }: Conversion): number {
  return value * factor + offset;
}

function temperature(spellings: readonly string[], factor: number, offset: number) {
  return spellings.map((spelling) => [spelling, { quantity: 'temperature', factor, offset }] as const);
}

/** One spelling of what looks the same: ℃ is °C, ² is 2, both micro signs are one (Unicode NFKC). */
function spelled(unit: string): string {
  return unit.normalize('NFKC').replaceAll(/[\s^]/g, '');
}
