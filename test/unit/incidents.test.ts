import { describe, expect, test } from 'vitest';
import type { IncidentConfig } from '../../src/config/schema.ts';
import type { IncidentState } from '../../src/incident/machine.ts';
import { AssetIncidents, stateKeyOf } from '../../src/incidents.ts';
import { recordingClock } from '../../src/system/clock.ts';
import type { IncidentAbout, IncidentEvent, SensorFault } from '../../src/values/incident.ts';
import type { Verdict } from '../../src/values/verdict.ts';

const settings: IncidentConfig = {
  ...{ openAfter: 0, closeBelow: 0.8, closeAfter: 5000, mergeWithin: 60_000, updateEvery: 600_000 },
  ...{ criticalScore: 1, criticalAfter: 3_600_000 },
};
const MACHINE: IncidentAbout = { kind: 'machine' };
const SENSOR: IncidentAbout = { kind: 'sensor', subject: 'vibration' };
const STEP_MS = 1000;

/** The incidents of the asset `pump`, with a verdict about any of them each second. */
function watched(stored: ReadonlyMap<string, unknown> = new Map()) {
  const clock = recordingClock();
  const events: IncidentEvent[] = [];
  const states = new Map<string, unknown>(stored);
  const messages: string[] = [];
  let ids = 0;
  const incidents = new AssetIncidents({
    asset: 'pump',
    settings,
    clock,
    newId: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
    stored,
    onIncident(event, state) {
      events.push(event);
      states.set(stateKeyOf('pump', event.incident), JSON.parse(JSON.stringify(state)));
    },
    onUnreadable: (message) => messages.push(message),
  });
  const see = (about: IncidentAbout, score: number, endMs: number, fault?: SensorFault) => {
    const verdict: Verdict = {
      ...{ kind: 'judged', asset: 'pump', endMs, model: '', score, deviations: [], labels: [] },
    };
    return incidents.follow({ about, verdict, stepMs: STEP_MS, fault });
  };
  const stuck = (endMs: number): SensorFault => ({
    ...{ fault: 'stuck', source: 'mcu', channels: ['vibration'], value: 2.13 },
    since: clock.stampAt(endMs),
  });
  return { incidents, events, states, messages, see, stuck };
}

describe('the incidents of an asset', () => {
  test('are open beside each other: one of the machine and one of each sensor', () => {
    const { incidents, events, see, stuck } = watched();
    see(MACHINE, 2, 1000);
    see(SENSOR, 1, 1000, stuck(1000));
    see({ kind: 'sensor', subject: 'current' }, 1, 1000, stuck(1000));
    see({ kind: 'bearing', subject: 'drive-end' }, 1, 1000);
    const open = (['machine', 'sensor', 'bearing'] as const).map((kind) =>
      incidents.openOf(kind).map(({ subject }) => subject),
    );
    expect(open).toEqual([[undefined], ['vibration', 'current'], ['drive-end']]);
    expect(new Set(events.map(({ incident }) => incident.id)).size).toBe(4);
  });

  test('end one by one', () => {
    const { incidents, see, stuck } = watched();
    for (let second = 1; second <= 10; second++) {
      see(MACHINE, 2, second * 1000);
      see(SENSOR, second < 3 ? 1 : 0, second * 1000, second < 3 ? stuck(1000) : undefined);
    }
    expect(incidents.openOf('sensor')).toEqual([]);
    expect(incidents.openOf('machine')).toHaveLength(1);
  });

  test('say to the end what was wrong with a sensor', () => {
    const { events, see, stuck } = watched();
    const fault = stuck(500);
    see(SENSOR, 1, 1000, fault);
    for (let second = 2; second <= 8; second++) see(SENSOR, 0, second * 1000);
    expect(events.map(({ event, incident }) => [event, incident.fault])).toEqual([
      ['opened', fault],
      ['closed', fault],
    ]);
  });

  test('of a sensor are a notice that becomes a warning, and never critical', () => {
    const { see, stuck } = watched();
    const severities = new Set<string | undefined>();
    let state: IncidentState | undefined;
    for (let ms = 0; ms <= 3 * settings.criticalAfter; ms += STEP_MS) {
      state = see(SENSOR, 1, ms, stuck(0));
      severities.add(state.life?.incident.severity);
    }
    expect([...severities]).toEqual(['notice', 'warning']);
  });

  test('go on after a restart, each where it was', () => {
    const before = watched();
    before.see(MACHINE, 2, 1000);
    before.see(SENSOR, 1, 1000, before.stuck(1000));
    const after = watched(new Map([...before.states, ['pump2', before.states.get('pump')]]));
    expect(after.incidents.openOf('sensor')).toEqual(before.incidents.openOf('sensor'));
    expect(after.incidents.openOf('machine')).toHaveLength(1);
    expect(after.messages).toEqual([]);
  });

  test('take a state of a version that knew nothing but machines', () => {
    const before = watched();
    before.see(MACHINE, 2, 1000);
    const old = structuredClone(before.states.get('pump')) as { life: { incident: { kind?: string } } };
    delete old.life.incident.kind;
    const after = watched(new Map([['pump', old]]));
    expect(after.messages).toEqual([]);
    expect(after.incidents.openOf('machine')).toHaveLength(1);
  });

  test('begin anew where a state is not readable, the others go on', () => {
    const before = watched();
    before.see(SENSOR, 1, 1000, before.stuck(1000));
    const after = watched(new Map<string, unknown>([...before.states, ['pump', 7]]));
    expect(after.messages).toEqual([expect.stringContaining('pump: stored state of the incidents')]);
    expect(after.incidents.openOf('sensor')).toHaveLength(1);
  });
});
