import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reportOf } from '../../src/report/facts.ts';
import type { Incident, IncidentEvent, SensorFault } from '../../src/values/incident.ts';
import { reportSchema } from '../../src/values/report.ts';
import type { Stamp } from '../../src/values/stamp.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

const at = (ms: number): Stamp => ({
  ...{ boot: 1, monoMs: 3_600_000 + ms, wallMs: Date.UTC(2026, 10, 23, 14, 3) + ms },
  ...{ clock: 'synced', errorMs: 1000 },
});

const asset = {
  ...{ key: 'pump', name: 'Feed pump 7' },
  channels: { vib: { name: 'drive-end vibration', unit: 'mm/s' }, temp: { unit: '°C' } },
};

function report(fault: Partial<SensorFault>, event: IncidentEvent['event'] = 'opened') {
  const incident: Incident = {
    ...{ id: '00000000-0000-4000-8000-000000000001', asset: 'pump', kind: 'sensor', subject: 'vib' },
    ...{ revision: 1, severity: 'notice', opened: at(20 * SECOND_MS), updated: at(20 * SECOND_MS) },
    ...{ score: 1, peakScore: 1, evidence: [], labels: [], model: '', episodes: 1 },
    closed: event === 'closed' ? at(3 * MINUTE_MS) : null,
    fault: { fault: 'stuck', source: 'mcu', channels: ['vib'], since: at(0), value: 2.13, ...fault },
  };
  const input = { site: 's', node: 'n', provenance: { config: 'c', agent: '1' } };
  return reportOf({ event: { event, incident }, asset, ...input });
}

const text = (...given: Parameters<typeof report>) => report(...given).text;
const LEFT_OUT = 'It is left out of the judgement.';

describe('the report about a sensor', () => {
  test('fits its schema and carries the facts, with names and units', () => {
    const made = report({ normalMs: 3000 });
    expect(reportSchema.parse(made)).toEqual(made);
    expect(made).toMatchObject({
      ...{ kind: 'sensor', subject: 'vib', channels: [] },
      sensor: {
        ...{ fault: 'stuck', value: 2.13, normalMs: 3000, since: { monoMs: 3_600_000 } },
        channels: [{ channel: 'vib', name: 'drive-end vibration', unit: 'mm/s' }],
      },
    });
  });

  test('says of a stuck one which value, since when, what was normal, and what to check', () => {
    expect(text({ normalMs: 3 * SECOND_MS })).toBe(
      'Feed pump 7: sensor notice. Drive-end vibration (sensor) reads exactly 2.13 mm/s since 14:03 UTC (20 s); ' +
        'while it was learned it never repeated a value for more than 3 s. ' +
        `${LEFT_OUT} Check the sensor, its cable and its supply.`,
    );
  });

  test('says of a source that it repeats its values', () => {
    expect(text({ channels: ['vib', 'temp'], value: undefined })).toContain(
      'Source mcu with its 2 channels repeats the same values since 14:03 UTC (20 s). ' +
        'They are left out of the judgement. Check whether the device still measures.',
    );
  });

  test('says of one that dropped out since when, and its last value', () => {
    expect(text({ fault: 'dropped-out' })).toContain(
      `Drive-end vibration gave no value since 14:03 UTC (20 s), the last was 2.13 mm/s. ${LEFT_OUT}`,
    );
  });

  test('names the source where all of its channels are silent', () => {
    expect(text({ fault: 'dropped-out', channels: ['vib', 'temp'], value: undefined })).toContain(
      'Source mcu with its 2 channels gave no value since 14:03 UTC (20 s). They are left out of the judgement.',
    );
  });

  test('says of a spiking one how often and how far', () => {
    expect(text({ fault: 'spiking', count: 5, withinMs: MINUTE_MS, value: 99.5 })).toContain(
      'Drive-end vibration (sensor) jumped off and back 5 times within 60 s, last to 99.5 mm/s, since 14:03 UTC (20 s).',
    );
  });

  test('says of a saturated one where it is cut off', () => {
    expect(text({ fault: 'saturated', count: 12, value: 25 })).toContain(
      'Drive-end vibration (sensor) is at the end of its range, 25 mm/s, since 14:03 UTC (20 s); 12 values were exactly that.',
    );
  });

  test.each([
    [
      { channels: ['temp'], value: -300, min: -273.15 },
      'temp (sensor) reads -300 °C since 14:03 UTC (20 s), below the -273.15 °C that are possible',
    ],
    [
      { value: 2000, max: 1000 },
      'Drive-end vibration (sensor) reads 2,000 mm/s since 14:03 UTC (20 s), above the 1,000 mm/s that are possible',
    ],
  ])('says of one out of range what is possible: %o', (fault, sentence) => {
    expect(text({ fault: 'out-of-range', ...fault }).toLowerCase()).toContain(sentence.toLowerCase());
  });

  test.each([
    [3_600_000, '1 h forward'],
    [-90_000, '90 s back'],
  ])('says of a clock by how much it jumped: %d ms', (jumpMs, way) => {
    const given = { fault: 'clock-jump', channels: ['vib', 'temp'], jumpMs } as const;
    expect(text(given)).toContain(`The clock of source mcu went ${way} at once at 14:03 UTC.`);
  });

  test('says at the end that it counts again', () => {
    expect(text({}, 'closed')).toBe(
      'Feed pump 7: sensor notice over after 3 min, back to normal since 14:06 UTC. ' +
        'Drive-end vibration (sensor) had read exactly 2.13 mm/s. It is in the judgement again.',
    );
  });

  test('stays within the limits of a report, whatever is wrong', () => {
    const number = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined });
    const duration = fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }), { nil: undefined });
    const fault = fc.record({
      fault: fc.constantFrom('stuck', 'dropped-out', 'spiking', 'saturated', 'out-of-range', 'clock-jump'),
      channels: fc.subarray(['vib', 'temp', 'gone'], { minLength: 1 }),
      ...{ value: number, min: number, max: number, jumpMs: number },
      ...{ count: fc.option(fc.nat(), { nil: undefined }), withinMs: duration, normalMs: duration },
    });
    fc.assert(
      fc.property(fault, fc.constantFrom('opened', 'updated', 'closed'), (given, event) => {
        const made = report(given as Partial<SensorFault>, event);
        expect(reportSchema.safeParse(JSON.parse(JSON.stringify(made))).error).toBeUndefined();
        expect(made.text).not.toMatch(/NaN|undefined|Infinity|\.\./);
      }),
      { numRuns: 500 },
    );
  });
});
