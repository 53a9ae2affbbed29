import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyFacts } from '../../src/eval/made-subjects.ts';
import { faultsIn } from '../../src/eval/written-faults.ts';
import { textOf } from '../../src/report/facts.ts';
import {
  formatDuration,
  formatNumber,
  formatOrdinal,
  formatQuantity,
  formatReading,
  formatTime,
} from '../../src/report/format.ts';
import { dataOf } from '../../src/report/languages.ts';
import type { ReportFacts } from '../../src/report/template.ts';
import { languages } from '../../src/values/language.ts';
import { type ReportStamp, reportSchema } from '../../src/values/report.ts';

const DAY_MS = 86_400_000;

function at(minutes: number): ReportStamp {
  const time = new Date(Date.UTC(2026, 2, 20, 14, 32 + minutes)).toISOString();
  return { boot: 1, monoMs: 100_000 + minutes * 60_000, time, clock: 'synced', errorMs: 1000 };
}

const facts: ReportFacts = {
  ...({
    id: '00000000-0000-4000-8000-000000000001',
    revision: 2,
    event: 'updated',
    kind: 'machine',
  } as const),
  ...({ site: 's', node: 'n', asset: { key: 'p', name: 'Speisepumpe 7' }, severity: 'warning' } as const),
  ...{
    opened: at(0),
    updated: at(80),
    closed: null,
    score: 2.2,
    peakScore: 2.2,
    episodes: 3,
    language: 'de',
  },
  channels: [
    {
      ...({
        channel: 'v',
        name: 'Schwingung',
        unit: 'mm/s',
        direction: 'above',
        share: 1,
        since: at(0),
      } as const),
      ...{ value: 7.4, baseline: 2.3, spread: 0.3, extreme: 9.1 },
    },
  ],
  labels: [{ name: 'Kavitation', probability: 0.72 }],
  provenance: { textBy: 'template', model: 'm', config: 'c', agent: '1' },
};

describe('in German', () => {
  test('an update is told with a comma in its numbers', () => {
    expect(textOf(facts)).toBe(
      'Speisepumpe 7: Warnung, offen seit 14:32 UTC (1 h 20 min), 3. Episode. Schwingung 7,4 mm/s, über dem ' +
        'Normalwert 2,3 mm/s (+220 %), Extremwert 9,1 mm/s. Sieht nach Kavitation aus (72 %).',
    );
  });

  test('an ending says how far it went', () => {
    expect(textOf({ ...facts, event: 'closed', closed: at(80), score: 0.2, labels: [] })).toBe(
      'Speisepumpe 7: Warnung vorbei nach 1 h 20 min und 3 Episoden, wieder normal seit 15:52 UTC. ' +
        'Schwingung stieg auf 9,1 mm/s (normal 2,3 mm/s, +300 %), jetzt 7,4 mm/s.',
    );
  });

  test('a sensor is told with what to check', () => {
    const channels = [{ channel: 'v', name: 'Schwingung', unit: 'mm/s' }];
    const sensor = { fault: 'stuck', source: 'mcu', channels, since: at(60), value: 2.13 } as const;
    expect(textOf({ ...facts, event: 'opened', kind: 'sensor', channels: [], labels: [], sensor })).toBe(
      'Speisepumpe 7: Sensor-Warnung. Schwingung (Sensor) zeigt genau 2,13 mm/s seit 15:32 UTC (20 min). ' +
        'Der Kanal ist aus der Beurteilung genommen. Sensor, Kabel und Versorgung prüfen.',
    );
  });

  test('a bearing is told with the part in German', () => {
    const labels = [{ name: 'outer race', probability: 0.97 }];
    const bearing = { key: 'b', name: 'AS 6205' };
    expect(textOf({ ...facts, event: 'opened', kind: 'bearing', bearing, channels: [], labels })).toBe(
      'Speisepumpe 7: Warnung. Lager AS 6205 klingt nach einem Schaden: Außenring (97 %). Score 2,2, Alarmgrenze 1.',
    );
  });

  test.each([
    [formatNumber(12_900, 0, 'de'), '12.900'],
    [formatNumber(-0.03, 2, 'de'), '-0,03'],
    [formatNumber(4.1e-12, 13, 'de'), '4,1e-12'],
    [formatQuantity(7.41, 'mm/s', 1, 'de'), '7,4 mm/s'],
    [formatReading(2.13, '°C', 'de'), '2,13 °C'],
    [formatOrdinal(22, 'de'), '22.'],
    [formatDuration(500, 'de'), 'weniger als 1 s'],
    [formatDuration(3 * DAY_MS, 'de'), '3 d'],
    [formatTime(at(-DAY_MS / 60_000), at(0), 'de'), '19. März 14:32 UTC'],
  ])('is written %s', (written, expected) => {
    expect(written).toBe(expected);
  });
});

describe.each(languages)('the template in %s', (language) => {
  test('says of everything only what its facts say', () => {
    for (let seed = 0; seed < 500; seed += 1) {
      const made = anyFacts({ seed, language });
      expect({ text: textOf(made), faults: faultsIn(textOf(made), made) }).toMatchObject({ faults: [] });
    }
  });

  test('leaves nothing unfilled and fits its report', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const made = anyFacts({ seed, language });
        const report = { ...made, text: textOf(made) };
        expect(reportSchema.safeParse(report).error).toBeUndefined();
        expect(report.text).not.toMatch(/[{}]|undefined|\.\.| {2}/);
      }),
    );
  });
});

test('each language fills the same values into its messages, or fewer', () => {
  const { messages } = dataOf('en');
  const namesIn = (text: string) => new Set(text.match(/(?<=\{)\w+(?=\})/g));
  for (const language of languages)
    for (const [name, text] of Object.entries(dataOf(language).messages)) {
      const known = namesIn(messages[name as keyof typeof messages]);
      expect([...namesIn(text)].filter((value) => !known.has(value))).toEqual([]);
    }
});
