import { afterAll, describe, expect, test } from 'vitest';
import { type QuestionContext, readQuestion } from '../../src/ask/question.ts';
import { SEEN_QUESTIONS, UNSEEN_QUESTIONS } from '../support/asked-questions.ts';

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
    ['with which the rules were made', SEEN_QUESTIONS, 107],
    ['that were written afterwards', UNSEEN_QUESTIONS, 0],
  ] as const)('%s are understood, all but a few', ([name, list, countMin]) => {
    const wrong = misunderstood(list);
    const count = linesOf(list).length;
    console.log(`${count - wrong.length} of ${count} questions ${name} were understood\n${wrong.join('\n')}`);
    expect(count - wrong.length).toBeGreaterThanOrEqual(countMin);
  });
});
