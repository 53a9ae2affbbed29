import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStretches } from '../../src/eval/label-file.ts';
import { type LabelledRow, labelScores } from '../../src/eval/label-scores.ts';

const START_MS = Date.UTC(2026, 0, 1);
/** Ten rows, a second apart. */
const rowTimesMs = Array.from({ length: 10 }, (_, row) => START_MS + row * 1000);

const parse = (...lines: string[]) => parseStretches(lines.join('\n'), { path: 'labels.csv', rowTimesMs });

describe('labels', () => {
  test('are stretches in times of the recording, with names or without', () => {
    expect(parse('start,end,label', '2026-01-01 00:00:02,2026-01-01T00:00:04Z,leak')).toEqual([
      { startMs: START_MS + 2000, endMs: START_MS + 4000, label: 'leak', line: 2 },
    ]);
    expect(parse('start;end', `${START_MS / 1000 + 1};${START_MS + 1500}`, '', '# a comment')).toEqual([
      { startMs: START_MS + 1000, endMs: START_MS + 1500, label: '', line: 2 },
    ]);
  });

  test('or in rows, from 0, both ends included', () => {
    expect(parse('start_row,end_row', '0,9')).toEqual([
      { startMs: START_MS, endMs: START_MS + 9000, label: '', line: 2 },
    ]);
  });

  test.for([
    [['from,to', '1,2'], 'labels.csv:1: "from,to" must be start,end or start_row,end_row'],
    [['start', '1'], 'labels.csv:1: "start" must be'],
    [['start,end'], 'labels.csv:1: names no stretch'],
    [['start,end', 'yesterday,today'], 'labels.csv:2: "yesterday" is no time, such as'],
    [['start_row,end_row', '3,4', '3,10'], 'labels.csv:3: "10" is no row of the recording (0 to 9)'],
    [['start_row,end_row', '1.5,2'], 'labels.csv:2: "1.5" is no row'],
    [['start_row,end_row', '4,3'], 'labels.csv:2: "3" lies before "4"'],
    [
      ['start,end', '2026-01-02,2026-01-03'],
      'labels.csv:2: no row of the recording lies in this stretch; it goes from 2026-01-01T00:00:00.000Z to 2026-01-01T00:00:09.000Z',
    ],
  ] as const)('that read %j are refused by line', ([lines, message]) => {
    expect(() => parse(...lines)).toThrow(message);
  });

  test('are limited in number', () => {
    const many = Array.from({ length: 10_001 }, () => '1,2');
    expect(() => parse('start_row,end_row', ...many)).toThrow('names 10001 stretches, 10000 are allowed');
  });
});

describe('the scores of labels', () => {
  const stretch = (from: number, to: number) => ({
    startMs: rowTimesMs[from] ?? 0,
    endMs: rowTimesMs[to] ?? 0,
    label: '',
    line: 0,
  });
  const rowsWith = (incidents: string): LabelledRow[] =>
    rowTimesMs.map((timeMs, at) => {
      const incident = incidents[at] === '.' ? undefined : incidents[at];
      return { timeMs, incident };
    });

  test('match incidents with stretches, and say how late', () => {
    const scores = labelScores(rowsWith('a...bb.c..'), [stretch(3, 6), stretch(8, 9)]);
    expect(scores).toMatchObject({ found: 1, missed: 1, learned: 0, matchedIncidents: 1, falseIncidents: 2 });
    expect(scores.stretches.map(({ delayS }) => delayS)).toEqual([1, undefined]);
    expect(scores.falseIncidentsPerDay).toBeCloseTo((2 * 86_400) / 9, 6);
    expect(scores.perRow.marPercent).toBeCloseTo((100 * 4) / 6, 6);
    expect(scores.perRow.farPercent).toBeCloseTo((100 * 2) / 4, 6);
  });

  test('find a stretch without delay when an incident is open already', () => {
    expect(labelScores(rowsWith('..aaaa....'), [stretch(3, 6)]).stretches[0]?.delayS).toBe(0);
  });

  test('count a stretch as learned when none of its rows is scored', () => {
    const scores = labelScores(rowsWith('..........').slice(5), [stretch(1, 3), stretch(4, 6)]);
    expect(scores).toMatchObject({ found: 0, missed: 1, learned: 1 });
  });

  test('account for every stretch and every incident', () => {
    const incidents = fc.stringMatching(/^[.ab]{10}$/);
    const ends = fc.tuple(fc.nat(9), fc.nat(9)).map(([a, b]) => stretch(Math.min(a, b), Math.max(a, b)));
    fc.assert(
      fc.property(incidents, fc.array(ends, { minLength: 1, maxLength: 4 }), (text, stretches) => {
        const scores = labelScores(rowsWith(text), stretches);
        expect(scores.found + scores.missed + scores.learned).toBe(stretches.length);
        const distinct = new Set(text.replaceAll('.', '')).size;
        expect(scores.matchedIncidents + scores.falseIncidents).toBe(distinct);
        expect(scores.found > 0).toBe(scores.matchedIncidents > 0);
      }),
    );
  });
});
