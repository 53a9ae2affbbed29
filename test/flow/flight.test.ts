import { existsSync } from 'node:fs';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { replay } from '../../src/replay.ts';
import { reportOf } from '../../src/report/facts.ts';
import type { DigestFlight } from '../../src/values/digest.ts';
import type { IncidentEvent } from '../../src/values/incident.ts';
import type { Language } from '../../src/values/language.ts';

const DATA = '../shared/data';

interface Flown {
  readonly flights: DigestFlight[];
  readonly events: IncidentEvent[];
  readonly verdicts: number[];
  readonly textOf: (event: IncidentEvent, language: Language) => string;
}

async function fly(recording: string, vehicle: string): Promise<Flown> {
  const result = parseConfig(`
site: field
node: quad
sources: { fc: { link: { type: file, path: ${recording} } } }
assets:
  drone:
    name: Quad 1
    vehicle: { source: fc, ${vehicle} }
    window: { rateHz: 4, length: 4s, step: 1s }
    learn: { for: 30s }
`);
  if ('faults' in result) throw new Error(JSON.stringify(result.faults));
  const { config } = result;
  const flown = { flights: [] as DigestFlight[], events: [] as IncidentEvent[], verdicts: [] as number[] };
  await replay({
    ...{ config, source: 'fc', recording, speed: Number.POSITIVE_INFINITY },
    log: pino({ level: 'silent' }),
    on: {
      flight: (flight) => flown.flights.push(flight),
      incident: (event) => flown.events.push(event),
      verdict: (verdict) => {
        if (verdict.kind === 'judged') flown.verdicts.push(verdict.score);
      },
    },
  });
  const { learn: _, ...asset } = { key: 'drone', channels: {}, ...config.assets['drone'] };
  const provenance = { config: '', agent: '' };
  const textOf = (event: IncidentEvent, language: Language) =>
    reportOf({
      event,
      asset: { ...asset, channels: asset.channels ?? {} },
      site: 'field',
      node: 'quad',
      language,
      provenance,
    }).text;
  return { ...flown, textOf };
}

describe.skipIf(!existsSync(`${DATA}/drones`))('a recorded flight', () => {
  test('with good propellers is told when it is over, is judged while it hovers, and alarms nobody', async () => {
    const { flights, events, verdicts } = await fly(`${DATA}/drones/real/hover-good-1.BIN`, 'frame: quad-x');
    expect(events).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(5);
    const [flight] = flights;
    expect(flights).toHaveLength(1);
    expect(flight).toMatchObject({
      ended: 'disarmed',
      asset: { key: 'drone', name: 'Quad 1' },
      notTold: ['esc'],
    });
    expect(flight?.phases.map(({ phase }) => phase)).toEqual(['ground', 'take-off', 'hover', 'landing']);
    expect(flight?.airborneMs).toBeCloseTo(69_565, -1);
    expect(flight?.vibration?.value).toBeCloseTo(20, 0);
    expect(flight?.batteryUsedMah).toBeCloseTo(268, 0);
  });

  test('that loses a motor becomes a critical incident that names it, in both languages', async () => {
    const { events, textOf } = await fly(`${DATA}/drones/sitl/quad-plus-m1.bin`, 'frame: quad-plus');
    const [first] = events;
    if (first === undefined) throw new Error('nothing was found');
    expect(first.event).toBe('opened');
    expect(first.incident).toMatchObject({ kind: 'flight', severity: 'critical', flight: { motor: 1 } });
    expect(textOf(first, 'en')).toMatch(
      /^Quad 1: critical\. Motor 1 or its propeller no longer pushes since .*turned \d+° further/,
    );
    expect(textOf(first, 'de')).toMatch(
      /^Quad 1: kritisch\. Motor 1 oder sein Propeller schiebt seit .* nicht mehr/,
    );
  });

  test('names no motor where nobody has said where the motors are', async () => {
    const { events } = await fly(`${DATA}/drones/sitl/quad-plus-m1.bin`, 'frame: other');
    expect(events.filter(({ incident }) => incident.flight?.finding === 'motor-failure')).toEqual([]);
  });
});

describe.skipIf(!existsSync(`${DATA}/mavlink`))('a telemetry log', () => {
  test('of a flight from the ground to the ground becomes one flight', async () => {
    const log = `${DATA}/mavlink/uavlogviewer_vtol.tlog`;
    const { flights } = await fly(log, 'frame: other, motors: [5, 6, 7, 8]');
    expect(flights).toHaveLength(1);
    expect(flights[0]).toMatchObject({ ended: 'disarmed', notTold: ['esc'] });
    expect(flights[0]?.phases.map(({ phase }) => phase)).toEqual(['ground', 'take-off', 'cruise', 'landing']);
  });
});
