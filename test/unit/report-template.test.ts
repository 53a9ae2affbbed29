import { describe, expect, test } from 'vitest';
import { faultsIn } from '../../src/eval/written-faults.ts';
import { planOf } from '../../src/report/slots.ts';
import { type ReportFacts, templateText } from '../../src/report/template.ts';
import type { ChannelFact, ReportStamp } from '../../src/values/report.ts';

/** A stamp of the 20th of November 2026, 14:32 UTC and so many minutes. */
function at(minutes: number, given: Partial<ReportStamp> = {}): ReportStamp {
  const time = new Date(Date.UTC(2026, 10, 20, 14, 32 + minutes)).toISOString();
  return { boot: 1, monoMs: 100_000 + minutes * 60_000, time, clock: 'synced', errorMs: 1000, ...given };
}

const vibration: ChannelFact = {
  ...{ channel: 'vib_de', name: 'Drive-end vibration', unit: 'mm/s', direction: 'above', share: 0.7 },
  ...{ value: 7.4123, baseline: 2.3012, spread: 0.3, extreme: 7.4123, since: at(0) },
};
const current: ChannelFact = {
  ...{ channel: 'current', name: 'Motor current', unit: 'A', direction: 'above', share: 0.2 },
  ...{ value: 12.93, baseline: 11.2, spread: 0.2, extreme: 13.31, since: at(0) },
};
const temperature: ChannelFact = {
  ...{ channel: 'temp', name: 'Bearing temperature', unit: '°C', direction: 'above', share: 0.1 },
  ...{ value: 61.2, baseline: 48.3, spread: 1.1, extreme: 61.2, since: at(4) },
};
const flow: ChannelFact = {
  ...{ channel: 'flow', name: 'Flow', unit: 'm³/h', direction: 'below', share: 0.1 },
  ...{ value: 31, baseline: 42, spread: 2, extreme: 28, since: at(0) },
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
  ...{ channels: [vibration, current], labels: [] },
  provenance: { textBy: 'template', model: 'm', config: 'c', agent: '1' },
};
const updated: ReportFacts = { ...opened, event: 'updated', revision: 2, updated: at(80) };
const closed: ReportFacts = {
  ...{ ...opened, event: 'closed', revision: 3, updated: at(126), closed: at(125), score: 0.3 },
  channels: [
    { ...vibration, value: 2.41, extreme: 9.13 },
    { ...flow, value: 41.2 },
  ],
};

describe('an opened incident', () => {
  test('is told with what deviates, how far and since when', () => {
    expect(templateText(opened)).toBe(
      'Feed pump 1: warning. Drive-end vibration 7.4 mm/s, above its normal 2.3 mm/s (+220 %), since 14:32 UTC ' +
        '(6 min). Motor current 12.9 A, above its normal 11.2 A (+15 %). Cause not known.',
    );
  });

  test('says of a channel when it began where that differs', () => {
    expect(templateText({ ...opened, channels: [flow, temperature] })).toBe(
      'Feed pump 1: warning. Flow 31 m³/h, below its normal 42 m³/h (-26 %), since 14:32 UTC (6 min). ' +
        'Bearing temperature 61.2 °C, above its normal 48.3 °C, since 14:36 UTC (2 min). Cause not known.',
    );
  });

  test('names three channels and counts the others', () => {
    const text = templateText({ ...opened, channels: [vibration, current, temperature, flow, flow] });
    expect(text).toContain('Bearing temperature 61.2 °C');
    expect(text).not.toContain('Flow');
    expect(text).toContain(' 2 more channels involved.');
    const four = templateText({ ...opened, channels: [vibration, current, temperature, flow] });
    expect(four).toContain(' 1 more channel involved.');
  });

  test('says what a label says, and how sure it is', () => {
    const labels = [{ name: 'bearing fault', probability: 0.724 }];
    expect(templateText({ ...opened, labels })).toMatch(/ Looks like bearing fault \(72 %\)\.$/);
  });

  test('does not repeat a label that is less likely than not', () => {
    const labels = [{ name: 'bearing fault', probability: 0.49 }];
    expect(templateText({ ...opened, labels })).toMatch(/ Cause not known\.$/);
  });

  test('says what the model leaves open', () => {
    expect(templateText({ ...opened, channels: [] })).toBe(
      'Feed pump 1: warning. Score 2.2, alarm limit 1; the model does not say which channels deviate. ' +
        'Cause not known.',
    );
  });

  test('gives durations only when the clock was not set, and says so', () => {
    const channels = [{ ...vibration, since: at(0, { clock: 'unknown' }) }];
    expect(templateText({ ...opened, updated: at(6, { clock: 'unknown' }), channels })).toBe(
      'Feed pump 1: warning (clock not set). Drive-end vibration 7.4 mm/s, above its normal 2.3 mm/s (+220 %), ' +
        'for 6 min. Cause not known.',
    );
  });

  test('says "just above" where rounding hides the difference', () => {
    const channels = [{ ...vibration, value: 1e12 + 5, extreme: 1e12 + 5, baseline: 1e12, spread: 1 }];
    expect(templateText({ ...opened, channels })).toContain('1e12 mm/s, just above its normal 1e12 mm/s');
  });
});

describe('an updated incident', () => {
  test('is told with how it developed', () => {
    expect(templateText(updated)).toBe(
      'Feed pump 1: warning, open since 14:32 UTC (1 h 20 min). Drive-end vibration 7.4 mm/s, above its normal ' +
        '2.3 mm/s (+220 %), its worst so far. Motor current 12.9 A, above its normal 11.2 A (+15 %), ' +
        'worst 13.3 A. Cause not known.',
    );
  });

  test('says that a channel is back while the incident waits to close', () => {
    const channels = [{ ...vibration, value: 2.41, extreme: 9.13 }];
    expect(templateText({ ...updated, score: 0.3, channels })).toContain(
      'Drive-end vibration 2.4 mm/s, back at its normal 2.3 mm/s, worst 9.1 mm/s.',
    );
  });

  test('does not say of a channel that is back that it was never farther away', () => {
    const channels = [{ ...vibration, value: 2.41, extreme: 2.41 }];
    const facts = { ...updated, score: 0.3, channels };
    expect(templateText(facts)).toContain('Drive-end vibration 2.4 mm/s, back at its normal 2.3 mm/s. ');
    const { channels: plans, slots } = planOf(facts);
    expect(plans[0]).toMatchObject({ course: 'normal', isWorst: false });
    expect(slots.has('WORST1')).toBe(false);
    const text = templateText(facts).replace('normal 2.3 mm/s', 'normal 2.3 mm/s, its worst so far');
    expect(faultsIn(text, facts)).toContain('worst of Drive-end vibration though it is back');
  });

  test('does not call a channel normal while the score is over the limit', () => {
    const channels = [{ ...vibration, value: 2.5, extreme: 2.5 }];
    expect(templateText({ ...updated, channels })).toContain('2.5 mm/s, above its normal 2.3 mm/s');
  });

  test('says which episode it is', () => {
    const text = templateText({ ...updated, severity: 'critical', episodes: 3 });
    expect(text).toContain('Feed pump 1: critical, open since 14:32 UTC (1 h 20 min), 3rd episode.');
  });

  test('says that it began before a restart when no clock can tell more', () => {
    const text = templateText({ ...updated, opened: at(0, { boot: 0, clock: 'floor' }) });
    expect(text).toContain('warning, open since before a restart. Drive-end');
  });

  test('gives the day of an incident that is days old', () => {
    const begin = at(-3 * 24 * 60);
    expect(templateText({ ...updated, opened: begin })).toContain('open since 17 Nov 14:32 UTC (3 days).');
  });
});

describe('a closed incident', () => {
  test('is told with how long it lasted and how bad it was', () => {
    expect(templateText(closed)).toBe(
      'Feed pump 1: warning over after 2 h 5 min, back to normal since 16:37 UTC. Drive-end vibration rose to ' +
        '9.1 mm/s (normal 2.3 mm/s, +300 %), now 2.4 mm/s. Flow fell to 28 m³/h (normal 42 m³/h, -33 %), ' +
        'now 41 m³/h.',
    );
  });

  test('counts its episodes and keeps its label', () => {
    const labels = [{ name: 'bearing fault', probability: 0.9 }];
    const text = templateText({ ...closed, severity: 'critical', episodes: 3, labels, channels: [] });
    expect(text).toBe(
      'Feed pump 1: critical over after 2 h 5 min and 3 episodes, back to normal since 16:37 UTC. ' +
        'Highest score 2.2, alarm limit 1. Looked like bearing fault (90 %).',
    );
  });

  test('does not guess a duration that no clock saw', () => {
    const unset = { clock: 'floor', boot: 2 } as const;
    const text = templateText({ ...closed, closed: at(125, unset), updated: at(126, unset), channels: [] });
    expect(text).toBe(
      'Feed pump 1: warning over after an unknown time, back to normal (clock not set). ' +
        'Highest score 2.2, alarm limit 1.',
    );
  });
});

describe('a text that would be too long', () => {
  test('gives up channels, and counts them', () => {
    const name = 'N'.repeat(48);
    const channels = Array.from({ length: 64 }, () => ({
      ...vibration,
      name,
      unit: 'u'.repeat(16),
      value: 123_456_789.123,
    }));
    const text = templateText({ ...updated, asset: { key: 'k', name }, channels });
    expect(text.length).toBeLessThanOrEqual(600);
    expect(text).toContain(name);
    expect(text).toMatch(/6[123] more channels involved/);
  });

  test.each([
    ['flow', 'Flow 31 m³/h, below'],
    ['motor current', 'Motor current 31 m³/h, below'],
    ['pH', 'pH 31 m³/h, below'],
    ['vib2 de', 'vib2 de 31 m³/h, below'],
  ])('begins the sentence about %s as one should', (name, sentence) => {
    expect(templateText({ ...opened, channels: [{ ...flow, name }] })).toContain(`. ${sentence}`);
  });
});
