import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyFacts } from '../../src/eval/made-subjects.ts';
import { isHeldOut, planOf, promptOf, render, VOICES } from '../../src/report/slots.ts';
import type { ReportFacts } from '../../src/report/template.ts';
import type { ChannelFact, ReportStamp } from '../../src/values/report.ts';
import { planFrom } from '../support/writer-plans.ts';

function at(minutes: number, given: Partial<ReportStamp> = {}): ReportStamp {
  const time = new Date(Date.UTC(2026, 10, 20, 14, 32 + minutes)).toISOString();
  return { boot: 1, monoMs: 100_000 + minutes * 60_000, time, clock: 'synced', errorMs: 1000, ...given };
}

const vibration: ChannelFact = {
  ...{ channel: 'vib_de', name: 'Drive-end vibration', unit: 'mm/s', direction: 'above', share: 0.7 },
  ...{ value: 7.4123, baseline: 2.3012, spread: 0.3, extreme: 7.4123, since: at(0) },
};
const flow: ChannelFact = {
  ...{ channel: 'flow', name: 'Flow', unit: 'm³/h', direction: 'below', share: 0.1 },
  ...{ value: 31, baseline: 42, spread: 2, extreme: 28, since: at(4) },
};
const opened: ReportFacts = {
  ...{
    id: '00000000-0000-4000-8000-000000000001',
    revision: 1,
    event: 'opened',
    kind: 'machine',
    site: 's',
    node: 'n',
  },
  ...{ asset: { key: 'feed_pump_1', name: 'Feed pump 1' }, severity: 'warning' },
  ...{ opened: at(0), updated: at(6), closed: null, score: 2.2, peakScore: 2.2, episodes: 1 },
  ...{ channels: [vibration, flow], labels: [{ name: 'cavitation', probability: 0.72 }] },
  provenance: { textBy: 'template', model: 'm', config: 'c', agent: '1' },
};

describe('the plan of a report', () => {
  test('names what must be said, without a value', () => {
    expect(promptOf(planOf(opened))).toBe(
      'opened warning @ASSET above1 @NAME1 @VALUE1 @NORMAL1 @CHANGE1 @SINCE1 @LASTED1 ' +
        'below2 @NAME2 @VALUE2 @NORMAL2 @CHANGE2 @SINCE2 @LASTED2 @LABEL @CHANCE',
    );
  });

  test('has each value as the template writes it', () => {
    expect(Object.fromEntries(planOf(opened).slots)).toMatchObject({
      ASSET: 'Feed pump 1',
      VALUE1: '7.4 mm/s',
      NORMAL1: '2.3 mm/s',
      CHANGE1: '+220 %',
      SINCE2: '14:36 UTC',
      LASTED2: '2 min',
      CHANCE: '72 %',
    });
  });

  test('tells of an update whether a value is the worst so far, and what the worst was', () => {
    const prompt = promptOf(planOf({ ...opened, event: 'updated', labels: [] }));
    expect(prompt).toBe(
      'updated warning @ASSET open @SINCE @LASTED above1 @NAME1 @VALUE1 @NORMAL1 @CHANGE1 worst1 ' +
        'below2 @NAME2 @VALUE2 @NORMAL2 @CHANGE2 @WORST2 @SINCE2 @LASTED2 cause unknown',
    );
  });

  test('tells of the end how far channels went, by their extremes', () => {
    const channels = [{ ...vibration, value: 2.4, extreme: 1.1 }];
    const prompt = promptOf(
      planOf({ ...opened, event: 'closed', closed: at(60), episodes: 3, channels, labels: [] }),
    );
    expect(prompt).toBe(
      'closed warning @ASSET over @LASTED @EPISODES @END fell1 @NAME1 @VALUE1 @NORMAL1 @CHANGE1 @WORST1',
    );
  });

  test('says that a beginning is unknown when it was before a restart', () => {
    const before = at(0, { boot: 0, clock: 'unknown' });
    const channels = [{ ...vibration, since: before }];
    const plan = planOf({ ...opened, event: 'updated', opened: before, channels: [vibration] });
    expect(plan.isFromBefore).toBe(true);
    expect(planOf({ ...opened, channels }).channels[0]?.isFromBefore).toBe(true);
  });

  test('says that the clock was not set', () => {
    expect(planOf({ ...opened, updated: at(6, { clock: 'floor' }) }).isClockUnset).toBe(true);
  });

  test('marks a direction that rounding hides', () => {
    const channels = [{ ...vibration, value: 2.31, baseline: 2.3, extreme: 2.31 }];
    expect(promptOf(planOf({ ...opened, channels }))).toContain('just1 above1');
  });

  test('gives the score when no channel is known', () => {
    expect(promptOf(planOf({ ...opened, channels: [], labels: [] }))).toBe(
      'opened warning @ASSET @SCORE @LIMIT cause unknown',
    );
  });

  test('counts the channels that are not named', () => {
    expect(planOf({ ...opened, channels: Array(5).fill(vibration) }).slots.get('MORE')).toBe(
      '2 more channels',
    );
  });

  test('says which channels do what the one before them does', () => {
    const channels = [vibration, { ...vibration, name: 'Motor current' }, flow];
    expect(promptOf(planOf({ ...opened, channels }))).toMatch(/ also2 above2 .* below3 /);
  });

  test('of a withdrawn incident has no time since which all was normal', () => {
    const explainedBy = '00000000-0000-4000-8000-000000000002';
    const given = { ...opened, event: 'closed', closed: at(6), explainedBy } as const;
    expect(promptOf(planOf(given))).toContain('closed warning @ASSET withdrawn @LASTED rose1');
  });

  test('is the same in every language, only its values are not', () => {
    const english = planOf(opened);
    const german = planOf({ ...opened, language: 'de' });
    expect(promptOf(german)).toBe(promptOf(english));
    expect(german.slots.get('VALUE1')).toBe('7,4 mm/s');
  });

  test('has no digit but the numbers of channels, whatever the facts', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const prompt = promptOf(planOf(anyFacts({ seed })));
        expect(prompt).toMatch(/^(?:[a-z]+|@[A-Z]+)[1-3]?(?: (?:[a-z]+|@[A-Z]+)[1-3]?)*$/);
      }),
    );
  });

  test('can be told from its prompt', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const plan = planOf(anyFacts({ seed }));
        expect({ ...planFrom(promptOf(plan)), slots: plan.slots }).toEqual(plan);
      }),
    );
  });

  test('is held out for a fifth of all plans', () => {
    const seeds = Array.from({ length: 2000 }, (_, seed) => seed);
    const share = seeds.filter((seed) => isHeldOut(planOf(anyFacts({ seed })))).length / seeds.length;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.3);
  });
});

describe('rendering', () => {
  test('fills slots and begins sentences with a capital', () => {
    const channels = [{ ...vibration, name: 'vibration' }];
    const text = 'Warning on @ASSET. @NAME1 is at @VALUE1 (@CHANGE1).';
    expect(render(text, planOf({ ...opened, channels }))).toBe(
      'Warning on Feed pump 1. Vibration is at 7.4 mm/s (+220 %).',
    );
  });

  test('fills a slot once: what a name looks like a slot stays', () => {
    const plan = planOf({ ...opened, asset: { key: 'a', name: '@VALUE1' } });
    expect(render('Warning on @ASSET.', plan)).toBe('Warning on @VALUE1.');
  });

  test('does not take a full stop within a name for the end of a sentence', () => {
    const plan = planOf({ ...opened, asset: { key: 'a', name: 'Pump no. one' } });
    expect(render('Warning on @ASSET.', plan)).toBe('Warning on Pump no. one.');
  });
});

test('there are 64 voices, all different', () => {
  expect(new Set(VOICES).size).toBe(64);
});
