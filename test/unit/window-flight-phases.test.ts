import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataflashDecoder } from '../../src/decode/dataflash/decoder.ts';
import { FLIGHT_PHASES, type FlightPhase, isAirborne } from '../../src/values/flight-phase.ts';
import { FlightPhases } from '../../src/window/flight-phases.ts';

const NAMES = [
  ...['vehicle.armed', 'vehicle.landed', 'vehicle.altitude', 'vehicle.climb'],
  ...['vehicle.groundSpeed', 'vehicle.throttle'],
];

interface Stretch {
  readonly s: number;
  readonly armed?: number;
  readonly landed?: number;
  readonly climb?: number;
  readonly speed?: number;
  readonly throttle?: number;
}

/** Flies the stretches one after the other at 4 Hz and tells when which phase began, in seconds. */
function fly(stretches: readonly Stretch[], phases = new FlightPhases()): [number, FlightPhase][] {
  const told: [number, FlightPhase][] = [];
  let [timeMs, altitude] = [0, 100];
  for (const { s, armed = 1, landed = Number.NaN, climb = 0, speed = 0, throttle = 40 } of stretches) {
    for (const endMs = timeMs + s * 1000; timeMs < endMs; timeMs += 250) {
      const values = [armed, landed, altitude, climb, speed, throttle];
      if (phases.push({ names: NAMES, values }, timeMs)) told.push([timeMs / 1000, phases.phase]);
      altitude += climb / 4;
    }
  }
  return told;
}

describe('phases of flight', () => {
  test('follow a flight of which the autopilot says nothing about the ground', () => {
    const told = fly([
      { s: 5, armed: 0, throttle: 0 },
      { s: 5, throttle: 20 },
      { s: 10, climb: 2 },
      { s: 10 },
      { s: 10, speed: 5 },
      { s: 10 },
      { s: 20, climb: -1 },
      { s: 5, throttle: 0 },
      { s: 5, armed: 0, throttle: 0 },
    ]);
    const order = ['ground', 'take-off', 'hover', 'cruise', 'hover', 'landing', 'ground', 'disarmed'];
    expect(told.map(([, phase]) => phase)).toEqual(order);
    expect(told.map(([second]) => second)).toEqual([5, 11, 21, 31, 42, 61.25, 72, 75]);
  });

  test('believe an autopilot that says when it leaves the ground and when it is back', () => {
    const told = fly([
      { s: 3, landed: 1 },
      { s: 3, landed: 0 },
      { s: 5, landed: 0, climb: 2 },
      { s: 5, landed: 0 },
      { s: 3, landed: 1, climb: -1 },
    ]);
    expect(told.map(([, phase]) => phase)).toEqual(['ground', 'take-off', 'hover', 'ground']);
    expect(told[1]).toEqual([3, 'take-off']);
    expect(told.at(-1)).toEqual([16, 'ground']);
  });

  test('begin in the air when the watching began there, as after a restart', () => {
    expect(fly([{ s: 10, speed: 12 }]).map(([, phase]) => phase)).toEqual(['ground', 'take-off', 'cruise']);
  });

  test('do not flicker by a gust', () => {
    const up = [{ s: 3 }, { s: 5, climb: 2 }, { s: 5 }];
    const gusts = Array.from({ length: 20 }, () => [{ s: 0.5, speed: 2 }, { s: 1 }]).flat();
    expect(fly([...up, ...gusts]).at(-1)?.[1]).toBe('hover');
    expect(fly([...up, { s: 3, speed: 2 }]).at(-1)?.[1]).toBe('cruise');
  });

  test('say nothing of a vehicle that says nothing', () => {
    const phases = new FlightPhases();
    expect(phases.push({ names: ['battery.voltage'], values: [12] }, 0)).toBe(false);
    expect(fly([{ s: 5, armed: Number.NaN, speed: 9 }], phases)).toEqual([]);
  });

  test('whatever the values are: disarmed is on the ground at once, and every other change needs time or a word', () => {
    const number = fc.oneof(fc.constant(Number.NaN), fc.double({ min: -50, max: 50, noNaN: true }));
    const bit = fc.constantFrom(Number.NaN, 0, 1);
    const values = fc.tuple(bit, bit, number, number, number, number);
    const samples = fc.array(fc.tuple(values, fc.integer({ min: 0, max: 3000 })), { maxLength: 60 });
    fc.assert(
      fc.property(samples, (given) => {
        const phases = new FlightPhases();
        let [timeMs, changedMs, armed, landed] = [0, Number.NEGATIVE_INFINITY, Number.NaN, Number.NaN];
        for (const [sample, waitMs] of given) {
          timeMs += waitMs;
          const before = phases.phase;
          const isTold = !Number.isNaN(sample[0]) || !Number.isNaN(sample[1]);
          if (!Number.isNaN(sample[0])) armed = sample[0];
          if (!Number.isNaN(sample[1])) landed = sample[1];
          const isChanged = phases.push({ names: NAMES, values: [...sample] }, timeMs);
          expect(FLIGHT_PHASES).toContain(phases.phase);
          expect(isChanged).toBe(before !== phases.phase);
          if (armed === 0) expect(phases.phase).toBe('disarmed');
          if (armed === 1 && landed === 0) expect(isAirborne(phases.phase)).toBe(true);
          if (isChanged && !isTold) expect(timeMs - changedMs).toBeGreaterThanOrEqual(1000);
          if (isChanged) changedMs = timeMs;
        }
      }),
      { seed: 7 },
    );
  });
});

const REAL = '../shared/data/drones/real';

describe.skipIf(!existsSync(REAL))('phases of real flights', () => {
  test.each([
    ['hover-good-1', [], 46],
    ['line-20mm-1', ['cruise'], 31],
    ['hover-5mm-2', [], 50],
  ])('%s is one flight from the ground to the ground', (name, others, steadyS) => {
    const told = phasesOf(`${REAL}/${name}.BIN`);
    const order = told.map(([, phase]) => phase);
    const hovers = others.length > 0 ? ['hover', ...others, 'hover'] : ['hover'];
    expect(order).toEqual(['ground', 'take-off', ...hovers, 'landing', 'ground', 'disarmed']);
    const at = (phase: FlightPhase) => told.find((entry) => entry[1] === phase)?.[0] ?? Number.NaN;
    expect((at('landing') - at('hover')) / 1000).toBeCloseTo(steadyS, -0.5);
  });
});

function phasesOf(path: string): [number, FlightPhase][] {
  const decoder = new DataflashDecoder('fc');
  const phases = new FlightPhases();
  const told: [number, FlightPhase][] = [];
  for (const item of decoder.decode(readFileSync(path), 0))
    if (item.kind === 'sample' && phases.push(item, item.deviceMs ?? 0))
      told.push([item.deviceMs ?? 0, phases.phase]);
  return told;
}
