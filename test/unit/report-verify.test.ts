import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../demo/noise.ts';
import type { Fault } from '../../src/report/faults.ts';
import { verify, WRITTEN_LENGTH_MAX } from '../../src/report/verify.ts';
import { type Language, languages } from '../../src/values/language.ts';
import { COMMON_MUTATIONS, ENGLISH_MUTATIONS } from '../support/writer-mutations.ts';
import { GERMAN_MUTATIONS } from '../support/writer-mutations-german.ts';
import { planFrom } from '../support/writer-plans.ts';

interface Pair {
  readonly prompt: string;
  readonly text: string;
}

function readPairs(file: string): readonly Pair[] {
  const lines = readFileSync(join(import.meta.dirname, '../vectors', file), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** What the training recipe composes: `python models/writer/compose.py 300 2026`, and the same with `de`. */
const TRUTHS: Readonly<Record<Language, readonly Pair[]>> = {
  en: readPairs('writer-texts.jsonl'),
  de: readPairs('writer-texts-de.jsonl'),
};
const MUTATIONS = {
  en: { ...COMMON_MUTATIONS, ...ENGLISH_MUTATIONS },
  de: { ...COMMON_MUTATIONS, ...GERMAN_MUTATIONS },
} as const;

const OPENED = 'opened warning @ASSET above1 @NAME1 @VALUE1 @NORMAL1 @CHANGE1 @SINCE1 @LASTED1 cause unknown';
const OPENED_TEXT =
  'New warning on @ASSET. @NAME1 is at @VALUE1, above its normal @NORMAL1 (@CHANGE1), since @SINCE1 (@LASTED1). ' +
  'The cause is not known.';
const UPDATED =
  'updated critical @ASSET open @SINCE @LASTED below1 @NAME1 @VALUE1 @NORMAL1 @WORST1 ' +
  'above2 @NAME2 @VALUE2 @NORMAL2 worst2 @LABEL @CHANCE';
const UPDATED_TEXT =
  'Critical incident on @ASSET, open since @SINCE (@LASTED). @NAME1 is at @VALUE1, below its normal @NORMAL1, ' +
  'worst @WORST1. @NAME2 is at @VALUE2, above its normal @NORMAL2, its worst so far. This looks like @LABEL (@CHANCE).';
const CLOSED = 'closed notice @ASSET over @LASTED @END rose1 @NAME1 @VALUE1 @NORMAL1 @CHANGE1 @WORST1';
const CLOSED_TEXT =
  'The notice on @ASSET is over after @LASTED, back to normal since @END. @NAME1 rose to @WORST1 (normal @NORMAL1, ' +
  '@CHANGE1), now @VALUE1.';

function faultOf(prompt: string, text: string, language?: Language): Fault | 'none' {
  const verdict = verify(text, planFrom(prompt, language));
  return verdict.ok ? 'none' : verdict.fault;
}

/** The fault after one change of a text that is right. */
function faultAfter(prompt: string, text: string, from: string | RegExp, to: string): Fault | 'none' {
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  expect(faultOf(prompt, text)).toBe('none');
  return faultOf(prompt, changed);
}

describe('the verifier accepts', () => {
  test.each([
    ['an opening', OPENED, OPENED_TEXT],
    ['an update', UPDATED, UPDATED_TEXT],
    ['an ending', CLOSED, CLOSED_TEXT],
  ])('%s', (_, prompt, text) => {
    expect(faultOf(prompt, text)).toBe('none');
  });

  test('channels told together', () => {
    const prompt =
      'opened notice @ASSET above1 @NAME1 @VALUE1 @NORMAL1 above2 @NAME2 @VALUE2 @NORMAL2 cause unknown';
    const text =
      'Notice on @ASSET. @NAME1 and @NAME2 are both above their normal: @VALUE1 against @NORMAL1, and @VALUE2 ' +
      'against @NORMAL2. Cause unknown.';
    expect(faultOf(prompt, text)).toBe('none');
  });

  test.each(languages)('everything that the training recipe composes in %s', (language) => {
    const truths = TRUTHS[language];
    expect(truths.filter(({ prompt, text }) => faultOf(prompt, text, language) !== 'none')).toEqual([]);
    expect(truths).toHaveLength(300);
  });
});

describe('the verifier refuses', () => {
  test.each<[string, string | RegExp, string, Fault]>([
    ['a digit', '. The', ' 7. The', 'digit'],
    ['a digit of another script', '. The', ' ٣. The', 'digit'],
    ['a fraction', '. The', ' ½. The', 'digit'],
    ['a number word', 'New warning', 'Twelve warnings', 'digit'],
    ['a multiple', 'is at', 'has doubled to', 'digit'],
    ['a cause', '(@CHANGE1)', '(@CHANGE1) because of wear', 'cause'],
    ['a cause without a word for it', '. The', ' as the valve stuck. The', 'wording'],
    ['advice', 'The cause', 'Please wait. The cause', 'advice'],
    ['advice without a word for it', 'The cause', 'Look at the bearing. The cause', 'wording'],
    ['a missing slot', ' (@CHANGE1)', '', 'slot-missing'],
    ['a slot that is no fact', '(@CHANGE1)', '(@CHANGE1), worst @WORST1', 'slot-unknown'],
    ['a slot that there is not', '(@CHANGE1)', '(@CHANGES)', 'slot-unknown'],
    ['a slot with a digit too many', '@NAME1', '@NAME11', 'digit'],
    ['an empty slot', '(@CHANGE1)', '(@)', 'slot-unknown'],
    ['a slot said twice', '(@CHANGE1)', '(@CHANGE1, @CHANGE1)', 'slot-twice'],
    ['another severity', 'New warning', 'New notice', 'severity'],
    ['a second severity', 'New warning', 'New warning, critical', 'severity'],
    ['the event of another report', 'New warning on @ASSET', 'The warning on @ASSET is over', 'wording'],
    ['the other direction', 'above', 'below', 'direction'],
    ['both directions', 'above its', 'above and below its', 'wording'],
    ['a negated direction', 'above', 'not above', 'wording'],
    ['a degree that is no fact', 'above', 'just above', 'direction'],
    ['a value as the normal', /@VALUE1(.*)@NORMAL1/, '@NORMAL1$1@VALUE1', 'wording'],
    ['a time as a duration', /@SINCE1(.*)@LASTED1/, '@LASTED1$1@SINCE1', 'wording'],
    ['a text without its cause', ' The cause is not known.', '', 'unsaid'],
    ['a remark that is no fact', ' (@LASTED1)', ' (@LASTED1), its worst so far', 'unsupported'],
    [
      'a repeated sentence',
      'The cause is not known.',
      'Cause unknown. The cause is not known.',
      'repetition',
    ],
    ['no full stop', /\.$/, '', 'unfinished'],
    ['a half sentence', 'The cause is not known.', 'The cause is.', 'wording'],
    ['another language', 'The cause is not known.', 'Die Ursache ist nicht bekannt.', 'wording'],
    ['a word joined to a slot', '@NAME1 is', '@NAME1s is', 'slot-unknown'],
    ['a channel without its sentence', '. @NAME1 is at @VALUE1, above', '. Above', 'slot-missing'],
  ])('%s', (_, from, to, fault) => {
    expect(faultAfter(OPENED, OPENED_TEXT, from, to)).toBe(fault);
  });

  test.each<[string, string | RegExp, string, Fault]>([
    ['channels in another order', /(@NAME1.*?\.) (@NAME2.*?\.)/, '$2 $1', 'order'],
    ['a value of another channel', /@VALUE1(.*)@VALUE2/, '@VALUE2$1@VALUE1', 'wording'],
    [
      'a worst of another channel',
      ', worst @WORST1. @NAME2 is at @VALUE2',
      '. @NAME2 is at @VALUE2, worst @WORST1',
      'place',
    ],
    ['the directions of two channels swapped', /below(.*)above/, 'above$1below', 'direction'],
    [
      'a remark about another channel',
      /(, worst @WORST1)(.*), its worst so far/,
      '$1, its worst so far$2',
      'unsupported',
    ],
    [
      'an incident that is not said to be open',
      ', open since @SINCE (@LASTED)',
      ' since @SINCE (@LASTED)',
      'wording',
    ],
    [
      'a time of the incident at a channel',
      /, open since @SINCE \(@LASTED\)(.*?)\. @NAME2/,
      '$1, open since @SINCE (@LASTED). @NAME2',
      'place',
    ],
    ['a probability for a label', /@LABEL \(@CHANCE\)/, '@CHANCE (@LABEL)', 'wording'],
    ['an unknown cause beside a label', /\.$/, '. The cause is not known.', 'unsupported'],
    ['a clock that is set', /\.$/, '. The clock is not set.', 'unsupported'],
    ['a restart that was not', 'open since', 'open since before a restart, open since', 'unsupported'],
  ])('in an update, %s', (_, from, to, fault) => {
    expect(faultAfter(UPDATED, UPDATED_TEXT, from, to)).toBe(fault);
  });

  test.each<[string, string | RegExp, string, Fault]>([
    [
      'a change that would be about the value now',
      /, @CHANGE1\), now @VALUE1/,
      '), now @VALUE1 (@CHANGE1)',
      'place',
    ],
    ['an incident that goes on', 'is over after @LASTED', 'has been open for @LASTED', 'wording'],
    ['the worst as the value now', /@WORST1(.*)@VALUE1/, '@VALUE1$1@WORST1', 'wording'],
    ['a fall for a rise', 'rose', 'fell', 'direction'],
    ['an end that is no end', 'back to normal', 'away from normal', 'wording'],
  ])('in an ending, %s', (_, from, to, fault) => {
    expect(faultAfter(CLOSED, CLOSED_TEXT, from, to)).toBe(fault);
  });

  test('a text that would be too long once its slots are filled', () => {
    const plan = planFrom(OPENED);
    const slots = new Map(plan.slots).set('NAME1', 'x'.repeat(WRITTEN_LENGTH_MAX));
    expect(verify(OPENED_TEXT, { ...plan, slots })).toMatchObject({ ok: false, fault: 'too-long' });
  });

  test('nothing, everything and noise, without getting lost', () => {
    for (const text of [
      '',
      '.',
      ' ',
      '@',
      'a'.repeat(100_000),
      `${'and, '.repeat(20_000)}.`,
      '@NAME1 '.repeat(9999),
    ])
      expect(verify(text, planFrom(OPENED)).ok).toBe(false);
  });
});

describe('the verifier refuses of a sensor or a bearing', () => {
  const STUCK = 'opened notice @ASSET sensor stuck @NAME1 @VALUE1 @SINCE1 @LASTED1 @REPEAT';
  const STUCK_TEXT =
    'Sensor notice on @ASSET. @NAME1 (sensor) has read exactly @VALUE1 since @SINCE1 (@LASTED1); it never repeated a ' +
    'value for more than @REPEAT while it was learned. It is left out of the judgement. Check the sensor, its cable and its supply.';
  const BEARING = 'opened warning @ASSET bearing @BEARING @SCORE @LIMIT @LABEL @CHANCE';
  const BEARING_TEXT =
    'Warning on @ASSET. Bearing @BEARING sounds like @LABEL damage (@CHANCE). Score @SCORE, alarm limit @LIMIT.';
  const JUMP = 'opened notice @ASSET sensor jump all @NAME1 @JUMP below1 @SINCE1';
  const JUMP_TEXT =
    'Sensor notice on @ASSET. The clock of @NAME1 jumped @JUMP back at @SINCE1. Its channels are left out of the judgement. ' +
    'Check the clock of the device.';
  const WITHDRAWN = 'closed notice @ASSET withdrawn @LASTED rose1 @NAME1 @VALUE1 @NORMAL1 @WORST1';
  const WITHDRAWN_TEXT =
    '@ASSET: notice withdrawn after @LASTED. A sensor is at fault, not the machine; it has a report of its own. ' +
    '@NAME1 rose to @WORST1 (normal @NORMAL1), now @VALUE1.';

  test.each<[string, string, string, string | RegExp, string, Fault]>([
    ['another fault', STUCK, STUCK_TEXT, 'has read exactly', 'has read', 'unsupported'],
    ['a fault of a source', STUCK, STUCK_TEXT, '(sensor) has read exactly', 'reads', 'wording'],
    ['that it still counts', STUCK, STUCK_TEXT, ' It is left out of the judgement.', '', 'unsaid'],
    [
      'other advice',
      STUCK,
      STUCK_TEXT,
      'the sensor, its cable and its supply',
      'the clock of the device',
      'unsaid',
    ],
    ['no advice', STUCK, STUCK_TEXT, / Check.*/, '', 'unsaid'],
    ['advice about the machine', STUCK, STUCK_TEXT, /Check.*/, 'Check the bearing.', 'wording'],
    ['an incident of the machine', STUCK, STUCK_TEXT, 'Sensor notice', 'Notice', 'wording'],
    ['a clock that went the other way', JUMP, JUMP_TEXT, 'back', 'forward', 'direction'],
    ['damage that is not known', BEARING, BEARING_TEXT, '@LABEL damage (@CHANCE)', 'wear', 'slot-missing'],
    [
      'a part that is unknown after all',
      BEARING,
      BEARING_TEXT,
      'sounds like',
      'sounds damaged, its part not known, like',
      'wording',
    ],
    ['advice about a bearing', BEARING, BEARING_TEXT, /$/, ' Check the bearing.', 'advice'],
    ['an incident that is not withdrawn', WITHDRAWN, WITHDRAWN_TEXT, 'withdrawn', 'over', 'unsaid'],
    ['a withdrawal without its reason', WITHDRAWN, WITHDRAWN_TEXT, / A sensor.*?own\./, '', 'unsaid'],
  ])('%s', (_, prompt, truth, from, to, fault) => {
    expect(faultAfter(prompt, truth, from, to)).toBe(fault);
  });

  test.each(['stuck', 'silent'])('a fault of a source in the words of one sensor: %s', (kind) => {
    const text = `Sensor notice on @ASSET. @NAME1 ${kind === 'stuck' ? 'has repeated the same values' : 'has given no values'} since @SINCE1 (@LASTED1).`;
    expect(faultOf(`opened notice @ASSET sensor ${kind} @NAME1 @SINCE1 @LASTED1`, text)).toBe('unsupported');
  });
});

describe.each(languages)('ten thousand ways to get a true text wrong in %s', (language) => {
  const random = seededRandom(5);
  const wrong = Object.entries(MUTATIONS[language]).map(([name, mutate]) => ({
    name,
    texts: TRUTHS[language]
      .flatMap((truth) => [truth, truth])
      .map(({ prompt, text }) => ({ prompt, truth: text, text: mutate(text, random) }))
      .filter(({ truth, text }) => text !== truth),
  }));

  test.each(wrong)('none that $name passes', ({ texts }) => {
    expect(texts.length).toBeGreaterThan(50);
    expect(texts.filter(({ prompt, text }) => faultOf(prompt, text, language) === 'none')).toEqual([]);
  });

  test('are at least ten thousand', () => {
    expect(wrong.reduce((sum, { texts }) => sum + texts.length, 0)).toBeGreaterThan(10_000);
  });
});

test.each([
  ['en', 'writer-paraphrases.jsonl'],
  ['de', 'writer-paraphrases-de.jsonl'],
] as const)('some true paraphrases are refused, and not most of them: %s', (language, file) => {
  const paraphrases = readPairs(file);
  const refused = paraphrases.filter(({ prompt, text }) => faultOf(prompt, text, language) !== 'none');
  console.log(
    `${refused.length} of ${paraphrases.length} true paraphrases by people are refused (${language})`,
  );
  expect(refused.length / paraphrases.length).toBeLessThan(0.7);
});
