import { describe, expect, test } from 'vitest';
import type { IncidentConfig } from '../../src/config/schema.ts';
import { explain, type IncidentState, initialState, restore, step } from '../../src/incident/machine.ts';
import { FieldnoteError } from '../../src/system/errors.ts';
import type { IncidentEvent } from '../../src/values/incident.ts';
import type { Stamp } from '../../src/values/stamp.ts';
import type { ChannelDeviation, Label } from '../../src/values/verdict.ts';

const defaults: IncidentConfig = {
  openAfter: 3000,
  closeBelow: 0.8,
  closeAfter: 5000,
  mergeWithin: 60_000,
  updateEvery: 600_000,
  criticalScore: 5,
  criticalAfter: 3_600_000,
};

const VIBRATION_HIGH = deviation('vibration', { value: 7.4, share: 0.9 });
const CURRENT_NORMAL = deviation('current', { value: 2, share: 0.1 });

function deviation(channel: string, given: Partial<ChannelDeviation> = {}): ChannelDeviation {
  return { channel, value: 2, baseline: 2, spread: 0.5, share: 1, ...given };
}

/** One asset whose verdicts come every second; each call goes on where the last one ended. */
class Asset {
  state: IncidentState = initialState();
  nowMs = 0;
  boot = 1;
  readonly settings: IncidentConfig;
  #ids = 0;

  constructor(settings: Partial<IncidentConfig> = {}) {
    this.settings = { ...defaults, ...settings };
  }

  stamp(): Stamp {
    return { boot: this.boot, monoMs: this.nowMs, wallMs: this.nowMs, clock: 'synced', errorMs: 1000 };
  }

  /** `count` verdicts of one kind; null is a verdict that did not judge. */
  see(
    score: number | null,
    count = 1,
    deviations: readonly ChannelDeviation[] = [VIBRATION_HIGH, CURRENT_NORMAL],
    labels: readonly Label[] = [],
  ): IncidentEvent[] {
    return Array.from({ length: count }).flatMap(() => {
      this.nowMs += 1000;
      const common = { asset: 'pump', endMs: this.nowMs };
      const verdict =
        score === null
          ? ({ ...common, kind: 'not-judged', reason: 'gap' } as const)
          : ({ ...common, kind: 'judged', model: 'm1', score, deviations, labels } as const);
      const newId = () => `00000000-0000-4000-8000-${String(++this.#ids).padStart(12, '0')}`;
      const result = step(this.state, {
        verdict,
        stamp: this.stamp(),
        settings: this.settings,
        stepMs: 1000,
        newId,
      });
      this.state = result.state;
      return result.event ?? [];
    });
  }
}

const kinds = (events: readonly IncidentEvent[]) => events.map(({ event }) => event);
const only = (events: readonly IncidentEvent[]) => {
  expect(events).toHaveLength(1);
  return (events[0] as IncidentEvent).incident;
};

describe('opening', () => {
  test('opens once the score has been over the limit for openAfter, as of its onset', () => {
    const asset = new Asset();
    expect(asset.see(0.2, 10)).toEqual([]);
    expect(asset.see(1, 3)).toEqual([]);
    const incident = only(asset.see(1.5));
    expect(incident).toMatchObject({
      revision: 1,
      severity: 'notice',
      episodes: 1,
      closed: null,
      model: 'm1',
    });
    expect([incident.opened.monoMs, incident.updated.monoMs]).toEqual([11_000, 14_000]);
  });

  test('opens at the first verdict when openAfter is zero', () => {
    expect(kinds(new Asset({ openAfter: 0 }).see(1))).toEqual(['opened']);
  });

  test('does not open when the score falls below the limit in between', () => {
    const asset = new Asset();
    for (let round = 0; round < 5; round += 1) expect([...asset.see(9, 3), ...asset.see(0.99)]).toEqual([]);
  });

  test('bridges one verdict that is missing', () => {
    const asset = new Asset();
    asset.see(2, 2);
    asset.see(null);
    expect(kinds(asset.see(2))).toEqual(['opened']);
  });

  test('begins its wait anew after a longer stretch that was not judged', () => {
    const asset = new Asset();
    asset.see(2, 3);
    asset.see(null, 2);
    expect(asset.see(2, 3)).toEqual([]);
    expect(only(asset.see(2)).opened.monoMs).toBe(6000);
  });

  test('begins its wait anew when no verdict came at all for a while', () => {
    const asset = new Asset();
    asset.see(2, 3);
    asset.nowMs += 60_000;
    expect(asset.see(2)).toEqual([]);
  });

  test('begins its wait anew when the timeline goes back', () => {
    const asset = new Asset();
    asset.nowMs = 60_000;
    asset.see(2, 3);
    asset.nowMs = 0;
    expect(asset.see(2, 3)).toEqual([]);
  });

  test('reports the highest score since the onset', () => {
    const asset = new Asset();
    asset.see(4.2);
    expect(only(asset.see(1.1, 3))).toMatchObject({ score: 1.1, peakScore: 4.2 });
  });
});

describe('closing', () => {
  test('closes once the score has been healthy for closeAfter, as of when it healed', () => {
    const asset = new Asset();
    asset.see(2, 4);
    expect(asset.see(0.5, 5)).toEqual([]);
    const [event] = asset.see(0.5);
    expect(event?.event).toBe('closed');
    expect(event?.incident).toMatchObject({ revision: 2, score: 0.5, peakScore: 2 });
    expect([event?.incident.closed?.monoMs, event?.incident.updated.monoMs]).toEqual([5000, 10_000]);
  });

  test('does not heal between closeBelow and the limit', () => {
    const asset = new Asset();
    asset.see(2, 4);
    expect(asset.see(0.8, 100)).toEqual([]);
  });

  test('begins to heal anew when the score was not healthy for a moment', () => {
    const asset = new Asset();
    asset.see(2, 4);
    asset.see(0.5, 5);
    asset.see(0.9);
    expect(asset.see(0.5, 5)).toEqual([]);
    expect(kinds(asset.see(0.5))).toEqual(['closed']);
  });

  test('does not take a gap for health', () => {
    const asset = new Asset();
    asset.see(2, 4);
    asset.see(0.5, 4);
    expect(asset.see(null, 1000)).toEqual([]);
    expect(asset.see(0.5, 5)).toEqual([]);
    expect(kinds(asset.see(0.5))).toEqual(['closed']);
  });

  test('shows what carried the peak, with the values of now', () => {
    const asset = new Asset();
    asset.see(4, 4);
    asset.see(0.1, 5);
    const noise = [deviation('vibration', { value: 2.1, share: 0.3 }), deviation('current', { share: 0.7 })];
    const incident = only(asset.see(0.1, 1, noise));
    expect(incident.evidence).toEqual([
      {
        ...{ channel: 'vibration', direction: 'above', baseline: 2, spread: 0.5 },
        ...{ value: 2.1, extreme: 7.4, share: 0.9, since: { ...asset.stamp(), monoMs: 1000, wallMs: 1000 } },
      },
    ]);
  });

  test('keeps the label of the peak', () => {
    const asset = new Asset();
    const labels = [{ name: 'bearing fault', probability: 0.8 }];
    asset.see(4, 4, undefined, labels);
    expect(only(asset.see(0.1, 6)).labels).toEqual(labels);
  });
});

describe('merging', () => {
  test('reopens the same incident when a new episode begins within mergeWithin', () => {
    const asset = new Asset();
    const first = only(asset.see(3, 4));
    asset.see(0, 60);
    const [event] = asset.see(2, 4);
    expect(event?.event).toBe('updated');
    expect(event?.incident).toMatchObject({
      id: first.id,
      revision: 3,
      episodes: 2,
      closed: null,
      peakScore: 3,
    });
    expect(event?.incident.opened).toEqual(first.opened);
  });

  test('opens a new incident when the last one closed longer ago', () => {
    const asset = new Asset();
    const first = only(asset.see(3, 4));
    asset.see(0, 66);
    const [event] = asset.see(2, 4);
    expect(event?.event).toBe('opened');
    expect(event?.incident).toMatchObject({ revision: 1, episodes: 1, peakScore: 2 });
    expect(event?.incident.id).not.toBe(first.id);
  });

  test('never merges when mergeWithin is zero', () => {
    const asset = new Asset({ mergeWithin: 0 });
    asset.see(3, 4);
    asset.see(0, 6);
    expect(kinds(asset.see(3, 4))).toEqual(['opened']);
  });

  test('keeps the severity and the extremes of the episodes before', () => {
    const asset = new Asset();
    asset.see(6, 4, [deviation('vibration', { value: 9 })]);
    asset.see(0, 10, [deviation('vibration', { value: 2 })]);
    const incident = only(asset.see(1.2, 4, [deviation('vibration', { value: 4 })]));
    expect(incident).toMatchObject({ severity: 'critical', evidence: [{ value: 4, extreme: 9 }] });
  });

  test('does not merge across boots, where nobody knows how much time went by', () => {
    const asset = new Asset();
    asset.see(3, 4);
    asset.see(0, 6);
    asset.boot = 2;
    expect(kinds(asset.see(3, 4))).toEqual(['opened']);
  });

  test('does not merge with an incident of a timeline that went back', () => {
    const asset = new Asset();
    asset.nowMs = 60_000;
    asset.see(3, 4);
    asset.see(0, 6);
    asset.nowMs = 0;
    expect(kinds(asset.see(3, 4))).toEqual(['opened']);
  });

  test('does not count the time between two episodes towards the severity', () => {
    const asset = new Asset({ criticalAfter: 20_000, closeAfter: 1000 });
    asset.see(3, 4);
    asset.see(0, 40);
    expect(only(asset.see(3, 4)).severity).toBe('warning');
    expect(asset.see(3, 16)).toEqual([]);
    expect(only(asset.see(3)).severity).toBe('critical');
  });
});

describe('severity', () => {
  test.each([
    [1.9, 'notice'],
    [2, 'warning'],
    [5, 'critical'],
  ])('at a score of %d opens as %s', (score, severity) => {
    expect(only(new Asset().see(score, 4)).severity).toBe(severity);
  });

  test('is raised at once when the score climbs', () => {
    const asset = new Asset();
    asset.see(1.5, 4);
    expect(only(asset.see(3)).severity).toBe('warning');
    expect(only(asset.see(7)).severity).toBe('critical');
  });

  test('never falls while the incident is open', () => {
    const asset = new Asset({ updateEvery: 10_000 });
    asset.see(7, 4);
    const events = asset.see(1.1, 40);
    expect(events.map(({ incident }) => incident.severity)).toEqual(Array(4).fill('critical'));
  });

  test('is raised by time: a notice after a quarter of criticalAfter, a warning after all of it', () => {
    const asset = new Asset({ criticalAfter: 40_000 });
    asset.see(1.5, 4);
    const events = asset.see(1.5, 60);
    expect(events.map(({ incident }) => [incident.severity, incident.updated.monoMs])).toEqual([
      ['warning', 11_000],
      ['critical', 51_000],
    ]);
  });

  test('is not raised by time while the score is under the limit, or by time that nobody judged', () => {
    const asset = new Asset({ criticalAfter: 40_000 });
    asset.see(1.5, 4);
    asset.see(null, 1000);
    expect(asset.see(0.9, 60)).toEqual([]);
    expect(only(asset.see(1.5)).severity).toBe('warning');
  });
});

describe('revisions', () => {
  const both = [
    deviation('vibration', { value: 7.4, share: 0.6 }),
    deviation('current', { value: 4, share: 0.4 }),
  ];

  test('come after updateEvery when nothing else happens', () => {
    const asset = new Asset({ updateEvery: 10_000 });
    asset.see(1.5, 4);
    expect(asset.see(1.5, 25).map(({ incident }) => incident.updated.monoMs)).toEqual([14_000, 24_000]);
  });

  test('come when another channel lastingly joins, but not within a minute of the last', () => {
    const asset = new Asset();
    asset.see(1.5, 4);
    const incident = only(asset.see(1.5, 61, both));
    expect(incident.updated.monoMs).toBe(64_000);
    expect(incident.evidence.map(({ channel }) => channel)).toEqual(['vibration', 'current']);
  });

  test('do not come for a channel that only flickers', () => {
    const asset = new Asset();
    asset.see(1.5, 4);
    for (let round = 0; round < 60; round += 1)
      expect([...asset.see(1.5, 2, both), ...asset.see(1.5, 2)]).toEqual([]);
  });

  test('do not come for another picture under the limit', () => {
    const asset = new Asset();
    asset.see(1.5, 70);
    expect(asset.see(0.9, 20, both)).toEqual([]);
  });

  test('come when the leading channel lastingly deviates to the other side', () => {
    const asset = new Asset();
    asset.see(1.5, 70);
    const below = [deviation('vibration', { value: -7, share: 1 })];
    const incident = only(asset.see(1.5, 10, below));
    expect(incident.evidence[0]).toMatchObject({ direction: 'below', value: -7, extreme: -7 });
  });

  test('come when a likely label lastingly changes', () => {
    const asset = new Asset();
    asset.see(1.5, 70);
    expect(asset.see(1.5, 10, undefined, [{ name: 'imbalance', probability: 0.4 }])).toEqual([]);
    const incident = only(asset.see(1.5, 10, undefined, [{ name: 'imbalance', probability: 0.6 }]));
    expect(incident.labels).toEqual([{ name: 'imbalance', probability: 0.6 }]);
  });

  test('stay a minute apart however long the picture goes on changing', () => {
    const asset = new Asset({ openAfter: 0 });
    asset.see(1.5);
    const events = Array.from({ length: 600 }, (_, round) =>
      asset.see(1.5, 1, round % 2 === 0 ? both : [VIBRATION_HIGH]),
    ).flat();
    expect(events.length).toBeGreaterThan(0);
    expect(events.length).toBeLessThanOrEqual(10);
  });
});

describe('evidence', () => {
  test('orders channels by their share and leaves out those that carry little or are near normal', () => {
    const incident = only(
      new Asset({ openAfter: 0 }).see(2, 1, [
        deviation('small', { value: 9, share: 0.09 }),
        deviation('second', { value: 9, share: 0.3 }),
        deviation('normal', { value: 2.9, share: 0.2 }),
        deviation('first', { value: -9, share: 0.41 }),
      ]),
    );
    expect(incident.evidence.map(({ channel, direction }) => [channel, direction])).toEqual([
      ['first', 'below'],
      ['second', 'above'],
    ]);
  });

  test('names the leading channel even when none deviates much', () => {
    const quiet = [deviation('a', { value: 2.1, share: 0.4 }), deviation('b', { value: 2.2, share: 0.6 })];
    const asset = new Asset();
    const [event] = asset.see(1.2, 4, quiet);
    expect(event?.incident.evidence).toMatchObject([{ channel: 'b', since: { monoMs: 1000 } }]);
  });

  test('is empty for a model that says nothing about channels', () => {
    expect(only(new Asset({ openAfter: 0 }).see(2, 1, [])).evidence).toEqual([]);
  });

  test('names eight channels at most', () => {
    const many = Array.from({ length: 9 }, (_, at) => deviation(`c${at}`, { value: 9, share: 1 / 9 }));
    expect(only(new Asset({ openAfter: 0 }).see(2, 1, many)).evidence).toHaveLength(8);
  });

  test('says since when a channel deviates, also from before the incident', () => {
    const asset = new Asset();
    asset.see(0.5, 5, [deviation('vibration', { value: 2.4 })]);
    asset.see(0.5, 5, [deviation('vibration', { value: 3 })]);
    asset.see(0.9, 5, [deviation('vibration', { value: 2.6 })]);
    const incident = only(asset.see(2, 4, [VIBRATION_HIGH]));
    expect(incident.opened.monoMs).toBe(16_000);
    expect(incident.evidence[0]?.since.monoMs).toBe(6000);
  });

  test('does not claim that a channel deviated through a gap before the incident', () => {
    const asset = new Asset();
    asset.see(0.5, 5, [VIBRATION_HIGH]);
    asset.see(null, 100);
    expect(only(asset.see(2, 4)).evidence[0]?.since.monoMs).toBe(106_000);
  });

  test('keeps the value furthest from the baseline', () => {
    const asset = new Asset();
    asset.see(2, 1, [deviation('vibration', { value: 5 })]);
    asset.see(2, 1, [deviation('vibration', { value: -6 })]);
    expect(only(asset.see(2, 2, [deviation('vibration', { value: 9 })])).evidence[0]?.extreme).toBe(-6);
  });

  test('knows a channel called constructor', () => {
    const incident = only(new Asset({ openAfter: 0 }).see(2, 1, [deviation('constructor', { value: 9 })]));
    expect(incident.evidence[0]).toMatchObject({ channel: 'constructor', extreme: 9 });
  });
});

describe('a restart', () => {
  const reboot = (asset: Asset) => {
    asset.state = restore(JSON.parse(JSON.stringify(asset.state)));
    asset.boot += 1;
    asset.nowMs = 0;
  };

  test('keeps the open incident open', () => {
    const asset = new Asset();
    const { id } = only(asset.see(2, 4));
    reboot(asset);
    expect(asset.see(2, 5)).toEqual([]);
    expect(only(asset.see(0.1, 6))).toMatchObject({ id, revision: 2, closed: { boot: 2, monoMs: 6000 } });
  });

  test('forgets an onset of another boot', () => {
    const asset = new Asset();
    asset.see(2, 3);
    reboot(asset);
    expect(asset.see(2, 3)).toEqual([]);
    expect(only(asset.see(2)).opened).toMatchObject({ boot: 2, monoMs: 1000 });
  });

  test('forgets health of another boot', () => {
    const asset = new Asset();
    asset.see(2, 4);
    asset.see(0, 5);
    reboot(asset);
    expect(asset.see(0, 5)).toEqual([]);
  });

  test('lets a warning go on ageing from boot to boot', () => {
    const asset = new Asset({ criticalAfter: 20_000 });
    asset.see(3, 15);
    reboot(asset);
    expect(asset.see(3, 6)).toEqual([]);
    expect(only(asset.see(3)).severity).toBe('critical');
  });

  test('refuses a state that is none, and says where', () => {
    const asset = new Asset();
    asset.see(2, 4);
    const broken = JSON.parse(JSON.stringify(asset.state));
    broken.life.incident.id = 'x';
    for (const value of [undefined, null, 7, {}, { ...initialState(), version: 2 }, broken]) {
      expect(() => restore(value)).toThrow(FieldnoteError);
      expect(() => restore(value)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
    }
    expect(() => restore(broken)).toThrow(/life\.incident\.id/);
  });

  test('refuses a state with more channels than a model may have', () => {
    const since = new Asset().stamp();
    const deviating = Array.from({ length: 65 }, (_, at) => ({ channel: `c${at}`, since }));
    expect(() => restore({ ...initialState(), deviating })).toThrow(/deviating/);
    expect(restore({ ...initialState(), deviating: deviating.slice(1) }).deviating).toHaveLength(64);
  });
});

describe('an incident that another one explains', () => {
  const explainedBy = '00000000-0000-4000-8000-00000000000f';

  test('closes at once, says by which, and is not reopened', () => {
    const asset = new Asset({ mergeWithin: 600_000 });
    const opened = only(asset.see(2, 4));
    const { state, event } = explain(asset.state, { explainedBy, stamp: asset.stamp() });
    expect(event).toMatchObject({
      event: 'closed',
      incident: { id: opened.id, revision: 2, closed: asset.stamp(), explainedBy },
    });
    asset.state = restore(JSON.parse(JSON.stringify(state)));
    const next = only(asset.see(2, 4));
    expect(next.revision).toBe(1);
    expect(next.id).not.toBe(opened.id);
  });

  test('changes nothing where none is open', () => {
    const asset = new Asset();
    const { state, event } = explain(asset.state, { explainedBy, stamp: asset.stamp() });
    expect([state, event]).toEqual([asset.state, undefined]);
  });
});
