import { describe, expect, test } from 'vitest';
import { madeFacts } from '../../src/eval/made-facts.ts';
import { distinct, selfBleu } from '../../src/eval/variety.ts';
import { faultsIn } from '../../src/eval/written-faults.ts';
import type { ReportFacts } from '../../src/report/template.ts';
import type { ChannelFact, ReportStamp } from '../../src/values/report.ts';

function at(minutes: number): ReportStamp {
  const time = new Date(Date.UTC(2026, 10, 20, 14, 32 + minutes)).toISOString();
  return { boot: 1, monoMs: 100_000 + minutes * 60_000, time, clock: 'synced', errorMs: 1000 };
}

const vibration: ChannelFact = {
  ...{ channel: 'vib', name: 'Rotor 3 vibration', unit: 'mm/s', direction: 'above', share: 0.7 },
  ...{ value: 7.4, baseline: 2.3, spread: 0.3, extreme: 9.1, since: at(0) },
};
const flow: ChannelFact = {
  ...{ channel: 'flow', name: 'flow', unit: 'L/min', direction: 'below', share: 0.1 },
  ...{ value: 31, baseline: 42, spread: 2, extreme: 31, since: at(0) },
};
const facts: ReportFacts = {
  ...{
    id: '00000000-0000-4000-8000-000000000001',
    revision: 2,
    event: 'updated',
    kind: 'machine',
    site: 's',
    node: 'n',
  },
  ...{
    asset: { key: 'pump', name: 'Pump 1' },
    severity: 'warning',
    opened: at(0),
    updated: at(6),
    closed: null,
  },
  ...{ score: 2.2, peakScore: 2.2, episodes: 1, channels: [vibration, flow] },
  labels: [{ name: 'dry run', probability: 0.72 }],
  provenance: { textBy: 'template', model: 'm', config: 'c', agent: '1' },
};
const TEXT =
  'Warning on Pump 1, open since 14:32 UTC (6 min). Rotor 3 vibration is at 7.4 mm/s, above its normal 2.3 mm/s ' +
  '(+220 %), worst 9.1 mm/s. Flow is at 31 L/min, below its normal 42 L/min (-26 %), its worst so far. This looks like ' +
  'dry run (72 %).';

describe('the second reading of a text', () => {
  test('finds nothing in a true one', () => {
    expect(faultsIn(TEXT, facts)).toEqual([]);
  });

  test.each([
    ['a number of its own', '7.4 mm/s', '7.5 mm/s'],
    ['a number too many', 'its worst so far', 'its worst so far, 12 times'],
    ['another change', '+220 %', '+320 %'],
    ['the change of the other channel as its own value', '31 L/min', '42 L/min'],
    ['another severity', 'Warning', 'Notice'],
    ['another direction', 'above', 'below'],
    ['another event', 'open since', 'closed since'],
    ['the normal as the value', '7.4 mm/s, above its normal 2.3 mm/s', '2.3 mm/s, above its normal 7.4 mm/s'],
    ['the worst as the value', /7\.4(.*)9\.1/, '9.1$1 7.4'],
    ['no worst', ', its worst so far', ''],
    ['no label', 'This looks like dry run (72 %)', 'The cause is not known'],
  ])('finds %s', (_, from, to) => {
    const changed = TEXT.replace(from, to);
    expect(changed).not.toBe(TEXT);
    expect(faultsIn(changed, facts)).not.toEqual([]);
  });
});

describe('the second reading of a text about a sensor or a bearing', () => {
  const stuck: ReportFacts = {
    ...{ ...facts, event: 'opened', kind: 'sensor', channels: [], labels: [] },
    sensor: {
      ...{ fault: 'stuck', source: 'mcu', since: at(0), value: 2.13, normalMs: 3000 },
      channels: [{ channel: 'vib', name: 'Rotor 3 vibration', unit: 'mm/s' }],
    },
  };
  const told =
    'Sensor warning on Pump 1. Rotor 3 vibration (sensor) has read exactly 2.13 mm/s since 14:32 UTC (6 min). It is left ' +
    'out of the judgement. Check the sensor, its cable and its supply.';
  const damaged: ReportFacts = {
    ...{ ...facts, event: 'opened', kind: 'bearing', language: 'de', channels: [] },
    ...{ bearing: { key: 'b', name: 'AS 6205' }, labels: [{ name: 'ball', probability: 0.72 }] },
  };
  const german =
    'Warnung für Pump 1. Lager AS 6205 klingt nach einem Schaden: Wälzkörper (72 %). Score 2,2, Alarmgrenze 1.';

  test('finds nothing in true ones', () => {
    expect(faultsIn(told, stuck)).toEqual([]);
    expect(faultsIn(german, damaged)).toEqual([]);
  });

  test.each([
    ['another value', told, stuck, '2.13', '2.31'],
    ['another fault', told, stuck, 'has read exactly 2.13 mm/s', 'spiked to 2.13 mm/s'],
    ['no name', told, stuck, 'Rotor 3 vibration', 'it'],
    ['nothing to check', told, stuck, / Check.*/, ''],
    ['that it counts', told, stuck, 'left out of the judgement', 'in the judgement again'],
    ['another severity', told, stuck, 'warning', 'notice'],
    ['another probability', german, damaged, '72 %', '27 %'],
    ['a severity of German', german, damaged, 'Warnung', 'Hinweis'],
    ['no damage', german, damaged, 'klingt nach einem Schaden', 'ist in Ordnung'],
    ['another score', german, damaged, '2,2', '3,2'],
  ])('finds %s', (_, text, about, from, to) => {
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    expect(faultsIn(changed, about)).not.toEqual([]);
  });
});

describe('made-up facts', () => {
  test('are the same for the same seed and differ from seed to seed', () => {
    expect(madeFacts(5)).toEqual(madeFacts(5));
    expect(madeFacts(5)).not.toEqual(madeFacts(6));
  });
});

describe('variety', () => {
  test('is none where all texts are alike', () => {
    const texts = ['the pump is open.', 'the pump is open.'];
    expect(selfBleu(texts)).toBeCloseTo(1);
    expect(distinct(texts, 1)).toBe(0.5);
  });

  test('is full where nothing is alike', () => {
    const texts = ['one two three four five six seven.', 'alpha beta gamma delta epsilon zeta eta;'];
    expect(selfBleu(texts)).toBeLessThan(0.2);
    expect(distinct(texts, 1)).toBe(1);
  });
});
