import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type QuestionContext, readQuestion } from '../../src/ask/question.ts';
import { LATER_QUESTIONS, SEEN_QUESTIONS, UNSEEN_QUESTIONS } from '../support/asked-questions.ts';

const zone = process.env['TZ'];
process.env['TZ'] = 'Europe/Berlin';
afterAll(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

const local = (day: number, hours = 0, minutes = 0, month = 10) =>
  new Date(2026, month, day, hours, minutes).getTime();

const context: QuestionContext = {
  nowMs: local(23, 15, 30),
  shift: { fromMs: local(23, 6), beganMs: local(23, 14) },
  assets: [
    {
      ...{ key: 'pump1', name: 'Feed pump 1' },
      channels: [
        { key: 'vibration', name: 'drive-end vibration' },
        { key: 'pressure', name: 'discharge pressure' },
        { key: 'current', name: 'motor current' },
      ],
    },
    { key: 'fan3', name: 'Exhaust fan 3', channels: [{ key: 'temperature', name: 'housing temperature' }] },
    { key: 'gearbox', name: 'Gearbox line 2', channels: [] },
    { key: 'compressor-k201', name: 'Compressor K-201', channels: [] },
  ],
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** "22 18:00", "3 Mar 00:00" */
function momentOf(text: string): number {
  const [, day = '', month = 'Nov', hours = '', minutes = ''] =
    /^(\d+)(?: ([A-Z][a-z]{2}))? (\d+):(\d+)$/.exec(text) ?? [];
  return local(Number(day), Number(hours), Number(minutes), MONTHS.indexOf(month));
}

function expectedSpan(period: string) {
  if (period === 'all') return undefined;
  if (period === 'day') return { fromMs: context.nowMs - 86_400_000, toMs: context.nowMs };
  const [from = '', to = ''] = period.split(' – ');
  return { fromMs: momentOf(from), toMs: momentOf(to) };
}

function asked(line: string) {
  const [question = '', assets = '', period = '', rest = ''] = line.split('|').map((part) => part.trim());
  const flags = rest.split(' ').filter(Boolean);
  const of = (names: readonly string[]) => flags.filter((flag) => names.includes(flag));
  const expected = {
    assets: assets.split(' ').filter(Boolean),
    channels: flags
      .filter((flag) => flag.startsWith('channel:'))
      .map((flag) => flag.slice('channel:'.length)),
    kinds: of(['machine', 'sensor', 'bearing']),
    severities: of(['critical', 'warning', 'notice']),
    state: of(['open', 'closed'])[0] ?? 'any',
    isLatest: flags.includes('latest'),
    isAboutGaps: flags.includes('gaps'),
    span: expectedSpan(period),
  };
  return { question, expected };
}

const linesOf = (list: string) => list.trim().split('\n').filter(Boolean);

/** Those that were understood otherwise. */
function misunderstood(list: string): string[] {
  return linesOf(list).flatMap((line) => {
    const { question, expected } = asked(line);
    const query = readQuestion(question, context);
    const { isTimeNamed, unused, ...read } =
      'state' in query ? query : { ...query, isTimeNamed: false, unused: [] };
    const isRight = JSON.stringify(sorted(read)) === JSON.stringify(sorted(expected));
    return isRight ? [] : [`${question}  →  ${JSON.stringify(read)}`];
  });
}

function sorted(value: object) {
  return Object.entries(value).sort(([one], [other]) => one.localeCompare(other));
}

describe('questions', () => {
  test.for([
    ['with which the rules were made', SEEN_QUESTIONS, 1],
    ['with which they were made better', LATER_QUESTIONS, 4],
    ['that were written last', UNSEEN_QUESTIONS, 4],
  ] as const)('%s are understood, all but a few', ([, list, misunderstoodMax]) => {
    const wrong = misunderstood(list);
    expect(linesOf(list).length).toBeGreaterThanOrEqual(40);
    expect(wrong.slice(misunderstoodMax), wrong.join('\n')).toEqual([]);
  });

  test('name hours on both sides of midnight', () => {
    expect(readQuestion('what happened between 22 and 6 last night', context)).toMatchObject({
      span: { fromMs: local(22, 22), toMs: local(23, 6) },
    });
  });

  test('name the words that were not used', () => {
    expect(readQuestion('did pump1 overheat yesterday?', context)).toMatchObject({ unused: ['overheat'] });
  });

  test.for([
    ['what happened to pump9 yesterday', 'unknown-asset', 'pump9 yesterday'],
    ['what happened to the boiler last night', 'unknown-asset', 'boiler'],
    ['what happened tomorrow', 'future', 'what happened tomorrow'],
    ['colourless green ideas', 'not-understood', 'colourless green ideas'],
    ['all incidents that are not critical', 'negated', 'not critical'],
    ['everything except sensors today', 'negated', 'except sensors'],
    ['everything but pump1 today', 'negated', 'but pump1'],
    ['all incidents other than pump1', 'negated', 'other than'],
    ['all assets apart from pump1', 'negated', 'apart from'],
    ['all incidents today ignoring pump1', 'negated', 'ignoring pump1'],
    ['', 'not-understood', ''],
  ] as const)('that cannot be answered are refused: %s', ([question, kind, words]) => {
    const refused = readQuestion(question, context);
    expect(refused).toMatchObject({ kind });
    expect('words' in refused && words.startsWith(refused.words)).toBe(true);
  });

  test('of any words give a query within the past, or a reason', () => {
    const lines = [SEEN_QUESTIONS, LATER_QUESTIONS, UNSEEN_QUESTIONS].flatMap(linesOf);
    const known = lines.flatMap((line) => asked(line).question.split(' '));
    const words = fc.array(fc.oneof(fc.constantFrom(...known), fc.string({ maxLength: 12 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(words, (chosen) => {
        const query = readQuestion(chosen.join(' '), context);
        if (!('state' in query) || query.span === undefined) return;
        expect(query.span.toMs).toBeLessThanOrEqual(context.nowMs);
        expect(query.span.fromMs).toBeLessThanOrEqual(query.span.toMs);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
