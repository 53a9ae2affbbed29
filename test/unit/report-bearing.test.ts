import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reportOf } from '../../src/report/facts.ts';
import type { Incident, IncidentEvent } from '../../src/values/incident.ts';
import { reportSchema } from '../../src/values/report.ts';
import type { Stamp } from '../../src/values/stamp.ts';

const opened: Stamp = {
  boot: 3,
  monoMs: 1000,
  wallMs: Date.UTC(2026, 10, 20, 14, 32),
  clock: 'synced',
  errorMs: 1000,
};
const incident: Incident = {
  id: '00000000-0000-4000-8000-000000000001',
  asset: 'pump',
  kind: 'bearing',
  subject: 'drive-end',
  revision: 1,
  severity: 'warning',
  opened,
  updated: opened,
  closed: null,
  score: 1.27,
  peakScore: 1.3,
  evidence: [],
  labels: [
    { name: 'outer race', probability: 0.968 },
    { name: 'ball', probability: 0.02 },
  ],
  model: 'm',
  episodes: 1,
};
const asset = {
  key: 'pump',
  name: 'Feed pump',
  channels: {},
  bearings: { 'drive-end': { name: 'drive end 6205' } },
};
const provenance = { config: 'c'.repeat(64), agent: '0.1.0' };

function reportAbout(changes: Partial<Incident> = {}, event: IncidentEvent['event'] = 'opened') {
  const about = { event, incident: { ...incident, ...changes } };
  return reportOf({ event: about, asset, site: 'plant', node: 'skid-1', provenance });
}

describe('a report about a bearing', () => {
  test('names the bearing, the part and its probability, and the score', () => {
    const report = reportAbout();
    expect(reportSchema.parse(report)).toEqual(report);
    expect(report).toMatchObject({
      kind: 'bearing',
      subject: 'drive-end',
      bearing: { key: 'drive-end', name: 'drive end 6205' },
    });
    expect(report.text).toBe(
      'Feed pump: warning. Bearing drive end 6205 sounds like outer race damage (97 %). Score 1.3, alarm limit 1.',
    );
  });

  test('speaks of the past when it is over', () => {
    const closed = { ...opened, monoMs: 61_000, wallMs: opened.wallMs + 60_000 };
    expect(reportAbout({ closed, updated: closed, score: 0.1 }, 'closed').text).toBe(
      'Feed pump: warning over after 60 s, back to normal since 14:33 UTC. ' +
        'Bearing drive end 6205 had sounded like outer race damage (97 %). Highest score 1.3, alarm limit 1.',
    );
  });

  test('names no part that is less likely than not', () => {
    const labels = [{ name: 'outer race', probability: 0.49 }];
    expect(reportAbout({ labels }).text).toContain('sounds damaged, its part not known.');
    expect(reportAbout({ labels: [] }).text).toContain('sounds damaged, its part not known.');
  });

  test('calls a bearing without a name, or that is no longer configured, by its key', () => {
    expect(reportAbout({ subject: 'fan-end' }).bearing).toEqual({ key: 'fan-end', name: 'fan-end' });
    expect(reportAbout({ subject: 'constructor' }).bearing?.name).toBe('constructor');
  });

  test('has a text that fits, whatever a model calls its labels', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 300, unit: 'binary' }), (name) => {
        const report = reportAbout({ labels: [{ name, probability: 0.9 }] });
        expect(reportSchema.safeParse(report).success).toBe(true);
        expect(report.text.length).toBeLessThanOrEqual(600);
      }),
    );
  });
});
