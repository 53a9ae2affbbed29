import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { type VehicleConfig, vehicle } from '../../src/config/vehicle.ts';
import { FlightWatch } from '../../src/flight-watch.ts';
import { AssetIncidents } from '../../src/incidents.ts';
import { reportOf } from '../../src/report/facts.ts';
import { recordedTime } from '../../src/sample-time.ts';
import { recordingClock } from '../../src/system/clock.ts';
import type { DigestFlight } from '../../src/values/digest.ts';
import type { IncidentEvent } from '../../src/values/incident.ts';
import type { Language } from '../../src/values/language.ts';
import { HOVER } from '../support/made-flight.ts';

type Values = Readonly<Record<string, number>>;

const STEP_MS = 100;
const STILL: Values = { ...HOVER, 'vehicle.climb': 0, 'vehicle.groundSpeed': 0 };
const GROUND: Values = { ...STILL, 'vehicle.landed': 1, 'vehicle.altitude': 0, 'vehicle.throttle': 0 };

/** Falls over the arm of motor 1 of a quad-x. */
const FALLING: Values = { 'rate.roll': 141, 'rate.pitch': -141 };

/** A quadcopter that flies what it is told to, and what was found. */
function quadcopter(config: Partial<VehicleConfig> = {}) {
  const clock = recordingClock();
  const flights: DigestFlight[] = [];
  const events: IncidentEvent[] = [];
  let ids = 0;
  const incidents = new AssetIncidents({
    asset: 'drone',
    settings: {
      ...{ openAfter: 5000, closeBelow: 0.8, closeAfter: 20_000, mergeWithin: 60_000 },
      ...{ updateEvery: 600_000, criticalScore: 5, criticalAfter: 3_600_000 },
    },
    clock,
    newId: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
    stored: new Map(),
    onIncident: (event) => events.push(event),
    onUnreadable: (message) => {
      throw new Error(message);
    },
  });
  const watch = new FlightWatch({
    asset: { key: 'drone', name: 'Quad 1' },
    config: { ...vehicle.parse({ source: 'fc' }), ...config },
    timeOf: recordedTime,
    ...{ clock, incidents, log: pino({ level: 'silent' }) },
    watched: { push() {}, resume() {}, standBy() {} },
    onFlight: (flight) => flights.push(flight),
  });
  let nowMs = 0;
  const tell = (values: Values, forMs: number) => {
    const endMs = nowMs + forMs;
    for (; nowMs < endMs; nowMs += STEP_MS) {
      const told = { ...values, 'vehicle.armed': values['vehicle.armed'] ?? 1 };
      const [names, numbers] = [Object.keys(told), Object.values(told)];
      watch.push({
        ...{ kind: 'sample', source: 'fc', monoMs: nowMs, deviceMs: undefined },
        ...{ names, values: numbers },
      });
    }
  };
  const stand = (forMs: number, values: Values = {}) => tell({ ...GROUND, ...values }, forMs);
  const fly = (forMs: number, values: Values = {}) => tell({ ...STILL, ...values }, forMs);
  const disarm = () => stand(1000, { 'vehicle.armed': 0 });
  const wait = (forMs: number) => {
    nowMs += forMs;
    watch.advanceTo(nowMs);
  };
  return { stand, fly, disarm, wait, flights, events, watch, incidents };
}

const textOf = (event: IncidentEvent | undefined, language: Language): string => {
  if (event === undefined) throw new Error('nothing was found');
  const asset = { key: 'drone', name: 'Quad 1', channels: {} };
  const about = { site: 'field', node: 'quad', provenance: { config: '', agent: '' } };
  return reportOf({ event, asset, language, ...about }).text;
};

describe('a limit that is passed in flight', () => {
  test('is a report that tells the value, the limit and who has published it, in both languages', () => {
    const { stand, fly, events } = quadcopter();
    stand(2000);
    fly(5000, { 'vibration.x': 12 });
    fly(4000, { 'vibration.x': 41 });
    const [opened] = events;
    expect(events).toHaveLength(1);
    expect(opened).toMatchObject({ event: 'opened', incident: { kind: 'flight', severity: 'warning' } });
    expect(textOf(opened, 'en')).toBe(
      'Quad 1: warning. Vibration x 41 m/s2, over the limit 30 m/s2 since 00:00 UTC (2 s), found in hover. ' +
        'Limit by ArduPilot, Measuring Vibration.',
    );
    expect(textOf(opened, 'de')).toBe(
      'Quad 1: Warnung. Vibration x 41 m/s2, seit 00:00 UTC (2 s) über dem Grenzwert 30 m/s2, bemerkt im ' +
        'Schwebeflug. Grenzwert nach ArduPilot, Measuring Vibration.',
    );
  });

  test('closes when the value is back, and says so', () => {
    const { stand, fly, events, incidents } = quadcopter();
    stand(2000);
    fly(5000, { 'vibration.x': 12 });
    fly(4000, { 'vibration.x': 41 });
    fly(4000, { 'vibration.x': 12 });
    expect(events.map(({ event }) => event)).toEqual(['opened', 'closed']);
    expect(incidents.open).toEqual([]);
    expect(textOf(events[1], 'en')).toBe(
      'Quad 1: warning over after 4 s, back to normal since 00:00 UTC. Vibration x was at worst 41 m/s2, ' +
        'limit 30 m/s2, found in hover. Limit by ArduPilot, Measuring Vibration.',
    );
  });

  test('is nothing where the value stays within it', () => {
    const { stand, fly, disarm, events, flights } = quadcopter();
    stand(2000);
    fly(10_000, { 'vibration.x': 29 });
    disarm();
    expect(events).toEqual([]);
    expect(flights).toMatchObject([{ vibration: { channel: 'vibration.x', value: 29 } }]);
  });

  test('is the limit of a cell where the cells of the battery are known, and nothing where not', () => {
    const voltages = [{ cells: 4 }, {}].map((config) => {
      const { stand, fly, events } = quadcopter(config);
      stand(2000);
      fly(15_000, { 'battery.voltage': 13.2 });
      return events.map(({ incident }) => incident.flight?.value);
    });
    expect(voltages).toEqual([[expect.closeTo(3.3)], []]);
  });
});

describe('a motor that was lost', () => {
  const crash = (given: ReturnType<typeof quadcopter>) => {
    given.stand(2000);
    given.fly(5000);
    given.fly(1000, FALLING);
    given.stand(2000);
    given.disarm();
  };

  test('stays an open incident while nobody has flown again', () => {
    const given = quadcopter();
    crash(given);
    expect(given.events).toMatchObject([
      { event: 'opened', incident: { severity: 'critical', flight: { motor: 1 } } },
    ]);
    given.stand(5000);
    given.disarm();
    expect(given.incidents.openOf('flight')).toHaveLength(1);
  });

  test('is over after a flight in which it was not found again', () => {
    const given = quadcopter();
    crash(given);
    given.stand(2000);
    given.fly(10_000);
    given.stand(2000);
    given.disarm();
    expect(given.events.map(({ event }) => event)).toEqual(['opened', 'closed']);
    expect(given.incidents.open).toEqual([]);
  });

  test('is not over after a flight that lost it again', () => {
    const given = quadcopter();
    crash(given);
    crash(given);
    expect(given.events.map(({ event }) => event)).not.toContain('closed');
    expect(given.incidents.openOf('flight')).toHaveLength(1);
  });
});

describe('a flight', () => {
  test('is over when nothing was heard for a minute of what was in the air, and not before', () => {
    const { stand, fly, wait, flights } = quadcopter();
    stand(2000);
    fly(10_000);
    wait(59_000);
    expect(flights).toEqual([]);
    wait(1000);
    expect(flights).toMatchObject([{ ended: 'silent' }]);
    expect(flights[0]?.airborneMs).toBeLessThanOrEqual(10_000);
    wait(600_000);
    expect(flights).toHaveLength(1);
  });

  test('is over when it has stood on the ground for half a minute, although it is still armed', () => {
    const { stand, fly, disarm, flights } = quadcopter();
    stand(2000);
    fly(10_000);
    stand(29_000);
    expect(flights).toEqual([]);
    stand(2000);
    expect(flights).toMatchObject([{ ended: 'on-ground' }]);
    stand(60_000);
    disarm();
    expect(flights).toHaveLength(1);
  });

  test('goes on when it touches down for a moment', () => {
    const { stand, fly, disarm, flights } = quadcopter();
    stand(2000);
    fly(10_000);
    stand(20_000);
    fly(10_000);
    disarm();
    expect(flights).toMatchObject([{ ended: 'disarmed' }]);
  });

  test('is none when it never left the ground, however long nothing is heard', () => {
    const { stand, disarm, wait, flights } = quadcopter();
    stand(40_000);
    wait(120_000);
    disarm();
    expect(flights).toEqual([]);
  });
});
