import { describe, expect, test } from 'vitest';
import { Airborne } from '../../src/judge/flight/airborne.ts';
import { sampleAt } from '../support/made-flight.ts';

type Values = Readonly<Record<string, number>>;

/** What it says after each of these, a second apart. */
function follow(...samples: readonly Values[]): boolean[] {
  const airborne = new Airborne();
  return samples.map((values, at) => airborne.push(sampleAt(at * 1000, values)));
}
const at = (altitude: number, more: Values = {}): Values => ({ 'vehicle.altitude': altitude, ...more });

describe('a vehicle flies freely', () => {
  test('from half a metre above the level where it stood, until it is nearly down', () => {
    const path = [at(100), at(100.4), at(100.6), at(100.4), at(100.2), at(100.4)];
    expect(follow(...path)).toEqual([false, false, true, true, false, false]);
  });

  test('not while its autopilot says that it has landed, whatever the barometer says', () => {
    expect(
      follow(at(0, { 'vehicle.landed': 1 }), at(3, { 'vehicle.landed': 1 }), at(3, { 'vehicle.landed': 1 })),
    ).toEqual([false, false, false]);
  });

  test('above the level where it landed last, not where it began', () => {
    const path = [at(0), at(5), at(3, { 'vehicle.landed': 1 }), at(3.2, { 'vehicle.landed': 0 }), at(4)];
    expect(follow(...path)).toEqual([false, true, false, false, true]);
  });

  test('when it is met in the air', () => {
    expect(follow({ 'vehicle.landed': 0 }, at(50), at(49))).toEqual([true, true, true]);
  });

  test('not with much less throttle than holds it up', () => {
    const path = [
      at(0),
      at(5, { 'vehicle.throttle': 40 }),
      at(5, { 'vehicle.throttle': 30 }),
      at(5, { 'vehicle.throttle': 12 }),
    ];
    expect(follow(...path)).toEqual([false, true, true, false]);
  });

  test('not while nothing tells', () => {
    expect(follow({}, { 'vehicle.throttle': 80 }, { 'vehicle.altitude': Number.NaN })).toEqual([
      false,
      false,
      false,
    ]);
  });
});
