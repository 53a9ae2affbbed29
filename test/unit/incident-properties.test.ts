import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { IncidentConfig } from '../../src/config/schema.ts';
import { type IncidentState, initialState, restore, step } from '../../src/incident/machine.ts';
import type { Evidence, IncidentEvent } from '../../src/values/incident.ts';
import type { NotJudged, Verdict } from '../../src/values/verdict.ts';

const STEP_MS = 1000;
const CHANNELS = ['vibration', 'current', 'temperature'];
const BASELINE = 10;
const SEVERITIES = ['notice', 'warning', 'critical'];

const seconds = (max: number) => fc.integer({ min: 0, max }).map((count) => count * 1000);

const settingsOf: fc.Arbitrary<IncidentConfig> = fc.record({
  openAfter: seconds(6),
  closeBelow: fc.constantFrom(0.3, 0.8, 1),
  closeAfter: seconds(6),
  mergeWithin: seconds(12),
  updateEvery: seconds(60).map((ms) => ms + 1000),
  criticalScore: fc.constantFrom(1, 3, 5),
  criticalAfter: seconds(60).map((ms) => ms + 1000),
});

type Given = Omit<Extract<Verdict, { kind: 'judged' }>, 'endMs'> | Omit<NotJudged, 'endMs'>;

const judged: fc.Arbitrary<Given> = fc
  .record({
    score: fc.constantFrom(0, 0.2, 0.5, 0.85, 0.99, 1, 1.5, 2.5, 4, 6),
    values: fc.tuple(...CHANNELS.map(() => fc.integer({ min: 0, max: 20 }))),
    weights: fc.tuple(...CHANNELS.map(() => fc.integer({ min: 1, max: 9 }))),
    label: fc.constantFrom(0, 0.3, 0.9),
  })
  .map(({ score, values, weights, label }) => ({
    kind: 'judged' as const,
    asset: 'pump',
    model: 'm1',
    score,
    deviations: CHANNELS.map((channel, at) => ({
      channel,
      value: values[at] as number,
      baseline: BASELINE,
      spread: 1,
      share: (weights[at] as number) / weights.reduce((sum, weight) => sum + weight, 0),
    })),
    labels: label === 0 ? [] : [{ name: 'imbalance', probability: label }],
  }));
const notJudged: fc.Arbitrary<Given> = fc.constant({
  kind: 'not-judged',
  asset: 'pump',
  reason: 'gap',
} as const);

/** Runs of the same verdict, so that timers get somewhere. */
const script = (one: fc.Arbitrary<Given>) =>
  fc
    .array(fc.tuple(one, fc.integer({ min: 1, max: 9 })), { maxLength: 25 })
    .map((runs) => runs.flatMap(([given, count]) => Array<Given>(count).fill(given)));
const anything = script(fc.oneof({ weight: 6, arbitrary: judged }, { weight: 1, arbitrary: notJudged }));

interface Seen {
  readonly given: Given;
  readonly event: IncidentEvent | undefined;
  readonly state: IncidentState;
}

/** Runs a script, one verdict a second. `carry` is what happens to the state between two verdicts. */
function play(
  settings: IncidentConfig,
  givens: readonly Given[],
  carry = (state: IncidentState) => state,
): Seen[] {
  let state = initialState();
  let ids = 0;
  return givens.map((given, at) => {
    const endMs = (at + 1) * STEP_MS;
    const result = step(carry(state), {
      verdict: { ...given, endMs },
      stamp: { boot: 1, monoMs: endMs, wallMs: endMs, clock: 'synced', errorMs: null },
      settings,
      stepMs: STEP_MS,
      newId: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
    });
    state = result.state;
    return { given, event: result.event, state };
  });
}

const eventsOf = (seen: readonly Seen[]) => seen.flatMap(({ event }) => event ?? []);
const scoreOf = (given: Given | undefined) => (given?.kind === 'judged' ? given.score : Number.NaN);
const check = (body: (settings: IncidentConfig, givens: readonly Given[]) => void, givens = anything) =>
  fc.assert(fc.property(settingsOf, givens, body), { numRuns: 150 });

describe('whatever the verdicts are', () => {
  test('an incident is opened, updated any number of times and closed, one revision after the other', () => {
    check((settings, givens) => {
      let open: string | undefined;
      const revisions = new Map<string, number>();
      for (const { event, incident } of eventsOf(play(settings, givens))) {
        const known = revisions.get(incident.id);
        if (event === 'opened') expect([open, known, incident.episodes]).toEqual([undefined, undefined, 1]);
        else expect(open ?? incident.id).toBe(incident.id);
        if (event === 'closed') expect(open).toBe(incident.id);
        expect(incident.revision).toBe((known ?? 0) + 1);
        expect(incident.closed === null).toBe(event !== 'closed');
        revisions.set(incident.id, incident.revision);
        open = event === 'closed' ? undefined : incident.id;
      }
    });
  });

  test('a closed incident only comes back by merging', () => {
    check((settings, givens) => {
      let last: IncidentEvent | undefined;
      for (const event of eventsOf(play(settings, givens))) {
        if (last?.event === 'closed') {
          const isSame = event.incident.id === last.incident.id;
          expect(event.event).toBe(isSame ? 'updated' : 'opened');
          expect(event.incident.episodes).toBe(isSame ? last.incident.episodes + 1 : 1);
        } else if (last !== undefined) expect(event.incident.episodes).toBe(last.incident.episodes);
        last = event;
      }
    });
  });

  test('the severity never falls and the peak never shrinks within an incident', () => {
    check((settings, givens) => {
      const earlier = new Map<string, IncidentEvent['incident']>();
      for (const { incident } of eventsOf(play(settings, givens))) {
        const before = earlier.get(incident.id) ?? incident;
        expect(SEVERITIES.indexOf(incident.severity)).toBeGreaterThanOrEqual(
          SEVERITIES.indexOf(before.severity),
        );
        expect(incident.peakScore).toBeGreaterThanOrEqual(before.peakScore);
        earlier.set(incident.id, incident);
      }
    });
  });

  test('extremes only move away from the baseline, and are never nearer to it than the value', () => {
    check((settings, givens) => {
      const distance = ({ extreme }: Evidence) => Math.abs(extreme - BASELINE);
      const furthest = new Map<string, number>();
      for (const { incident } of eventsOf(play(settings, givens)))
        for (const evidence of incident.evidence) {
          const key = `${incident.id} ${evidence.channel}`;
          expect(distance(evidence)).toBeGreaterThanOrEqual(furthest.get(key) ?? 0);
          expect(distance(evidence)).toBeGreaterThanOrEqual(Math.abs(evidence.value - BASELINE));
          furthest.set(key, distance(evidence));
        }
    });
  });

  test('evidence has its largest share first and a direction that its value bears out', () => {
    check((settings, givens) => {
      for (const { incident } of eventsOf(play(settings, givens))) {
        const shares = incident.evidence.map(({ share }) => share);
        expect(shares).toEqual(shares.toSorted((a, b) => b - a));
        expect(shares.length).toBeGreaterThan(0);
        for (const { value, direction } of incident.evidence)
          if (Math.abs(value - BASELINE) >= 2) expect(direction).toBe(value > BASELINE ? 'above' : 'below');
      }
    });
  });

  test('a verdict that did not judge changes nothing', () => {
    check((settings, givens) => {
      const seen = play(settings, givens);
      seen.forEach(({ given, event, state }, at) => {
        if (given.kind === 'judged') return;
        expect(event).toBeUndefined();
        expect(state).toEqual(seen[at - 1]?.state ?? initialState());
      });
    });
  });

  test('a state that went through the store goes on with the same events', () => {
    check((settings, givens) => {
      const stored = play(settings, givens, (state) => restore(JSON.parse(JSON.stringify(state))));
      expect(eventsOf(stored)).toEqual(eventsOf(play(settings, givens)));
    });
  });

  test('two updates that are neither a reopening nor a higher severity are a minute or updateEvery apart', () => {
    check((settings, givens) => {
      const gapMs = Math.min(60_000, settings.updateEvery);
      const events = eventsOf(play(settings, givens));
      events.forEach(({ event, incident }, at) => {
        const last = events[at - 1]?.incident;
        if (event !== 'updated' || last === undefined || incident.severity !== last.severity) return;
        if (incident.episodes !== last.episodes) return;
        expect(incident.updated.monoMs - last.updated.monoMs).toBeGreaterThanOrEqual(gapMs);
      });
    });
  });
});

describe('when every verdict judges', () => {
  const whole = script(judged);

  test('nothing opens while the score stays under the limit', () => {
    const quiet = script(judged.filter((given) => scoreOf(given) < 1));
    check((settings, givens) => {
      expect(eventsOf(play(settings, givens))).toEqual([]);
    }, quiet);
  });

  test('an episode opens exactly when the score has been over the limit for openAfter', () => {
    check((settings, givens) => {
      let over = 0;
      let isOpen = false;
      for (const { given, event } of play(settings, givens)) {
        over = scoreOf(given) >= 1 ? over + 1 : 0;
        const isDue = !isOpen && over > 0 && (over - 1) * STEP_MS >= settings.openAfter;
        if (!isOpen) expect(event !== undefined).toBe(isDue);
        if (event !== undefined && !isOpen) over = 0;
        isOpen = event === undefined ? isOpen : event.event !== 'closed';
      }
    }, whole);
  });

  test('an incident closes exactly when the score has been healthy for closeAfter', () => {
    check((settings, givens) => {
      let healthy = 0;
      let isOpen = false;
      for (const { given, event } of play(settings, givens)) {
        healthy = isOpen && scoreOf(given) < settings.closeBelow ? healthy + 1 : 0;
        expect(event?.event === 'closed').toBe(healthy > 0 && (healthy - 1) * STEP_MS >= settings.closeAfter);
        isOpen = event === undefined ? isOpen : event.event !== 'closed';
      }
    }, whole);
  });

  test('the peak is the highest score of the episodes', () => {
    check((settings, givens) => {
      const unmerged = { ...settings, mergeWithin: 0 };
      let peak = 0;
      let isOpen = false;
      for (const { given, event } of play(unmerged, givens)) {
        const score = scoreOf(given);
        peak = isOpen || score >= 1 ? Math.max(peak, score) : 0;
        if (event !== undefined) expect(event.incident.peakScore).toBe(peak);
        isOpen = event === undefined ? isOpen : event.event !== 'closed';
        if (event?.event === 'closed') peak = 0;
      }
    }, whole);
  });
});
