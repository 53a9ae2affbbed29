import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conversionBetween, convert, inverse } from '../../src/models/units.ts';

/** Spellings of one quantity each. */
const QUANTITIES = [
  ['°C', '℃', 'degC', 'C', '°F', 'degF', 'K'],
  ['Pa', 'hPa', 'kPa', 'MPa', 'mbar', 'bar', 'psi', 'atm'],
  ['m/s²', 'm/s^2', 'm/s2', 'g', 'mg'],
  ['mm/s', 'm/s', 'in/s', 'km/h'],
  ['µm', 'mm', 'm', 'in', 'mil'],
  ['Hz', 'rpm', '1/min'],
  ['A', 'mA'],
  ['V', 'mV', 'kV'],
  ['W', 'kW'],
  ['L/min', 'l/min', 'm³/h', 'm3/h', 'L/s', 'gpm'],
  ['1', '%'],
];

const quantity = fc.constantFrom(...QUANTITIES);
const pair = quantity.chain((units) => fc.tuple(fc.constantFrom(...units), fc.constantFrom(...units)));
const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });

function converted(amount: number, from: string, to: string): number {
  const conversion = conversionBetween(from, to);
  if (conversion === undefined) throw new Error(`${from} does not convert to ${to}`);
  return convert(amount, conversion);
}

describe('units', () => {
  test.each([
    [212, '°F', '°C', 100],
    [-40, '°F', 'degC', -40],
    [25, 'C', 'K', 298.15],
    [0, 'K', '°F', -459.67],
    [1, 'psi', 'kPa', 6.894757],
    [1, 'bar', 'MPa', 0.1],
    [1000, 'mg', 'm/s²', 9.80665],
    [25.4, 'mm/s', 'in/s', 1],
    [1800, 'rpm', 'Hz', 30],
    [4000, 'µA', 'mA', 4],
    [1, 'm³/h', 'L/min', 16.666667],
    [1, 'gpm', 'L/min', 3.785412],
    [0.5, '1', '%', 50],
  ])('%d %s in %s is %d', (amount, from, to, expected) => {
    expect(converted(amount, from, to)).toBeCloseTo(expected, 5);
  });

  test('come back as they were, over any other unit of their quantity', () => {
    fc.assert(
      fc.property(pair, value, ([from, to], amount) => {
        const back = converted(converted(amount, from, to), to, from);
        expect(back).toBeCloseTo(amount, 6);
      }),
    );
  });

  test('convert over a third unit as they convert at once', () => {
    const three = quantity.chain((units) => fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(...units))));
    fc.assert(
      fc.property(three, value, ([a = '', b = '', c = ''], amount) => {
        const [atOnce, overB] = [converted(amount, a, c), converted(converted(amount, a, b), b, c)];
        expect(Math.abs(overB - atOnce)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(atOnce)) + 1e-6);
      }),
    );
  });

  test('keep their order: a conversion never turns a rise into a fall', () => {
    fc.assert(
      fc.property(pair, ([from, to]) => {
        expect(conversionBetween(from, to)?.factor).toBeGreaterThan(0);
      }),
    );
  });

  test('have an inverse that undoes the conversion', () => {
    fc.assert(
      fc.property(pair, value, ([from, to], amount) => {
        const conversion = conversionBetween(from, to) ?? { factor: 0, offset: 0 };
        expect(convert(convert(amount, conversion), inverse(conversion))).toBeCloseTo(amount, 6);
      }),
    );
  });

  test('of different quantities do not convert', () => {
    const [one, other] = [quantity, quantity];
    fc.assert(
      fc.property(one, other, fc.nat(), fc.nat(), (units, others, i, j) => {
        fc.pre(units !== others);
        const [from, to] = [units[i % units.length] ?? '', others[j % others.length] ?? ''];
        expect(conversionBetween(from, to)).toBeUndefined();
      }),
    );
  });

  test.each(['widgets', 'count', 'constructor', '__proto__'])(
    'that nobody knows convert to themselves alone: %s',
    (unit) => {
      expect(conversionBetween(unit, unit)).toEqual({ factor: 1, offset: 0 });
      expect(conversionBetween(unit, 'bar')).toBeUndefined();
    },
  );

  test('that differ in case are different: MPa is no mPa', () => {
    expect(conversionBetween('MPa', 'mPa')).toBeUndefined();
  });
});
