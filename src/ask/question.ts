import type { Report } from '../values/report.ts';
import { HOUR_MS, type Span } from './calendar.ts';
import type { PieceContext } from './time-pieces.ts';
import { BEGINNING_MS, findTime } from './time-words.ts';

/**
 * What a question asks for, by rules: the names of what is watched, a time, and a handful of words for kinds, severities
 * and states. What is left over is filler, or was not used, which the answer says.
 */

/** Something that has a name. */
export interface Named {
  readonly key: string;
  readonly name: string;
}

export interface KnownAsset extends Named {
  readonly channels: readonly Named[];
}

export interface QuestionContext extends PieceContext {
  readonly assets: readonly KnownAsset[];
}

export interface Query {
  /** Keys; all when empty. */
  readonly assets: readonly string[];
  /** Keys of channels; all when empty. */
  readonly channels: readonly string[];
  /** All when empty. */
  readonly kinds: readonly Report['kind'][];
  /** All when empty. */
  readonly severities: readonly Report['severity'][];
  readonly state: 'any' | 'open' | 'closed';
  /** Only the latest incident. */
  readonly isLatest: boolean;
  /** Only what is missing. */
  readonly isAboutGaps: boolean;
  /** Undefined for everything there is. */
  readonly span: Span | undefined;
  /** Whether the question named a time. */
  readonly isTimeNamed: boolean;
  /** Words that nothing was made of. */
  readonly unused: readonly string[];
}

/** Why a question has no query. */
export interface NotUnderstood {
  readonly kind: 'not-understood' | 'negated' | 'unknown-asset' | 'future';
  /** The words in question. */
  readonly words: string;
}

/** Longer ones are no questions. */
export const QUESTION_LENGTH_MAX = 500;
const DAY_MS = 24 * HOUR_MS;

const TOKEN =
  /\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.(?:\d{4})?|\d{1,2}:\d{2}(?:am|pm)?|[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?/gu;

const KINDS = new Map<string, Report['kind']>([
  ...(['sensor', 'sensors', 'probe', 'probes', 'transmitter'] as const).map(
    (word) => [word, 'sensor'] as const,
  ),
  ...(['bearing', 'bearings'] as const).map((word) => [word, 'bearing'] as const),
]);
const SEVERITIES = new Map<string, Report['severity']>([
  ...['critical', 'serious', 'severe', 'urgent'].map((word) => [word, 'critical'] as const),
  ...['warning', 'warnings'].map((word) => [word, 'warning'] as const),
  ...['notice', 'notices', 'minor'].map((word) => [word, 'notice'] as const),
]);
const OPEN = wordSet('open ongoing unresolved active current currently still now');
const HEALTH = wordSet('ok okay fine healthy alright doing status condition state');
const CLOSED = wordSet('closed resolved ended solved over cleared');
const LATEST = wordSet('latest recent newest');
const GAPS = wordSet('gap gaps missing lost lose loss losses coverage');
const EVER = wordSet('ever far always history');
/** What happens to machines, in words that do not tell one kind from another. */
const HAPPENINGS = wordSet(
  'happen happened happens happening incident incidents problem problems issue issues trouble fault faults failure failures ' +
    'fail failed failing alarm alarms alarmed alert alerts event events report reports reported summary summarise summarize ' +
    'digest overview wrong broken broke break anomaly anomalies deviate deviated deviation deviations abnormal unusual odd ' +
    'strange news occur occurred new come came hiccup hiccups misbehave misbehaved damage damaged',
);
const FILLERS = wordSet(
  'what whats when which who how was is are were be been has have had having do does did done doing with to on at in the a an ' +
    'of for and or any anything anyone something everything all every each there this that these those it its my our we us ' +
    'i you me can could would please thanks thank give show list tell about get go going went gone many much often several ' +
    'some than then up down off me compare between from during so right not no yet out just only most important worst right ' +
    'machine machines asset assets plant site station system factory equipment time times last data samples sample values ' +
    'long day night today oclock status please hi hello hey fieldnote one ones got happen record records recorded know ' +
    'if more less by see look looks like seen as well again kind kinds sort type types also both his her their them they',
);
/** Questions for everything but something are not understood, rather than taken for their opposite. */
const EXCEPTIONS = wordSet('except excluding besides without but ignoring omit minus');
const EXCEPTION_PAIRS = ['other than', 'apart from'];
/** After these the name of something follows. */
const TOWARDS = wordSet('to with of at on for about from');

/** What a question asks for, or why nobody knows. */
export function readQuestion(text: string, context: QuestionContext): Query | NotUnderstood {
  const words = withoutNegation(wordsOf(text));
  const negated = negationIn(words);
  if (negated !== undefined) return { kind: 'negated', words: negated };
  const free = new Set(words.keys());
  const take = (used: Iterable<number>) => {
    for (const at of used) free.delete(at);
  };
  const assets = findNamed(words, context.assets);
  take(assets.used);
  const scope = context.assets.filter(({ key }) => assets.keys.length === 0 || assets.keys.includes(key));
  const hidden = words.map((word, at) => (free.has(at) ? word : '·'));
  const time = findTime(hidden, context);
  take(time?.used ?? []);
  const left = words.map((word, at) => (free.has(at) ? word : '·'));
  const channels = findNamed(
    left,
    scope.flatMap((asset) => asset.channels),
  );
  take(channels.used);

  const has = (set: Iterable<string>) => hasWord(words, free, set);
  const kinds = kindsIn(words, free);
  const severities = [...new Set(present(words, free, SEVERITIES))];
  const isLatest = isAboutLatest(words, free, time !== undefined);
  const isHealth = has(HEALTH) && !isLatest;
  const isOpen = has(OPEN) || (isHealth && time === undefined);
  const isClosed = !isOpen && has(CLOSED);
  const isAboutGaps = has(GAPS);
  const isEver = has(EVER);
  const isHappening = has(HAPPENINGS);
  const unused = [...free].filter((at) => !FILLERS.has(words[at] ?? ''));
  const unknown = unknownName(words, unused);
  if (unknown !== undefined) return { kind: 'unknown-asset', words: unknown };
  if (time !== undefined && time.span.fromMs > context.nowMs) return { kind: 'future', words: text };
  const isMeant = [assets.keys, channels.keys, kinds, severities].some(({ length }) => length > 0);
  if (
    !isMeant &&
    !isHappening &&
    !(isOpen || isClosed || isLatest || isAboutGaps || isEver) &&
    time === undefined
  )
    return { kind: 'not-understood', words: text };
  const isAllTime = isOpen || isLatest || isEver;
  return {
    assets: assets.keys,
    channels: channels.keys,
    kinds,
    severities,
    state: isOpen ? 'open' : isClosed ? 'closed' : 'any',
    isLatest,
    isAboutGaps,
    span: clipped(time?.span, context.nowMs, isAllTime),
    isTimeNamed: time !== undefined,
    unused: unused.map((at) => words[at] ?? ''),
  };
}

/** What is not closed is open. */
function withoutNegation(words: readonly string[]): string[] {
  return words.flatMap((word, at) => {
    if (isNot(word) && CLOSED.has(words[at + 1] ?? '')) return [];
    return isNot(words[at - 1]) && CLOSED.has(word) ? ['open'] : [word];
  });
}

function negationIn(words: readonly string[]): string | undefined {
  const at = words.findIndex(
    (word, place) =>
      EXCEPTIONS.has(word) ||
      EXCEPTION_PAIRS.includes(`${word} ${words[place + 1]}`) ||
      (isNot(word) && hasMeaning(words[place + 1] ?? '')),
  );
  return at < 0 ? undefined : words.slice(at, at + 2).join(' ');
}

function isNot(word: string | undefined): boolean {
  return word === 'not' || word === 'arent' || word === 'isnt' || word === 'werent' || word === 'wasnt';
}

function hasMeaning(word: string): boolean {
  return OPEN.has(word) || HEALTH.has(word) || SEVERITIES.has(word) || KINDS.has(word);
}

function wordsOf(text: string): string[] {
  const plain = text
    .slice(0, QUESTION_LENGTH_MAX)
    .toLowerCase()
    .replaceAll(/['’]s\b/g, '')
    .replaceAll(/['’]/g, '');
  return [...plain.matchAll(TOKEN)].map(([word]) => word);
}

function clipped(span: Span | undefined, nowMs: number, isAllTime: boolean): Span | undefined {
  if (span === undefined) return isAllTime ? undefined : { fromMs: nowMs - DAY_MS, toMs: nowMs };
  return { fromMs: Math.max(BEGINNING_MS, span.fromMs), toMs: Math.min(span.toMs, nowMs) };
}

interface Found {
  readonly keys: readonly string[];
  readonly used: ReadonlySet<number>;
}

/**
 * The named things that the words speak of: by key or whole name first, and then by some of the words of a name, as
 * "feed pump" for "Feed pump 7"; that may be several.
 */
function findNamed(words: readonly string[], things: readonly Named[]): Found {
  const used = new Set<number>();
  const keys = new Set<string>();
  const spellings = things
    .flatMap(({ key, name }) =>
      [wordsOf(key.replaceAll(/[_-]/g, ' ')), wordsOf(key), wordsOf(name)].map((spelling) => ({
        key,
        spelling,
      })),
    )
    .sort((one, other) => other.spelling.length - one.spelling.length);
  for (const { key, spelling } of spellings)
    for (const at of placesOf(words, spelling, used)) {
      keys.add(key);
      for (let word = at; word < at + spelling.length; word++) used.add(word);
    }
  for (const [at, word] of words.entries()) {
    if (used.has(at) || FILLERS.has(word) || HAPPENINGS.has(word) || /^\d+$/.test(word)) continue;
    const named = things.filter(({ name }) => wordsOf(name).includes(word));
    const isPart = named.length > 0 && !KINDS.has(word);
    if (!isPart) continue;
    used.add(at);
    for (const { key } of narrowed(named, words, at, used)) keys.add(key);
  }
  return { keys: [...keys], used };
}

/** Of those whose name has a word, the ones whose names have the words beside it as well. */
function narrowed(
  named: readonly Named[],
  words: readonly string[],
  at: number,
  used: Set<number>,
): readonly Named[] {
  let left = named;
  for (let next = at + 1; next < words.length; next++) {
    const fit = left.filter(({ name }) => wordsOf(name).includes(words[next] ?? ''));
    if (fit.length === 0) break;
    used.add(next);
    left = fit;
  }
  return left;
}

/** "pump 1" is "pump1". */
function placesOf(
  words: readonly string[],
  spelling: readonly string[],
  used: ReadonlySet<number>,
): number[] {
  if (spelling.length === 0) return [];
  const joined = spelling.join('');
  return [...words.keys()].filter((at) => {
    const slice = words.slice(at, at + spelling.length);
    return slice.join('') === joined && slice.every((_, offset) => !used.has(at + offset));
  });
}

/** Whether one of the words is in the set; all of those are taken. */
function hasWord(words: readonly string[], free: Set<number>, set: Iterable<string>): boolean {
  const wanted = new Set(set);
  const at = [...free].filter((place) => wanted.has(words[place] ?? ''));
  for (const place of at) free.delete(place);
  return at.length > 0;
}

function present<T>(words: readonly string[], free: Set<number>, values: ReadonlyMap<string, T>): T[] {
  const found = [...free].filter((at) => values.has(words[at] ?? ''));
  for (const at of found) free.delete(at);
  return found.flatMap((at) => values.get(words[at] ?? '') ?? []);
}

/** "machine faults" are of machines; "the machine" may be anything. */
function kindsIn(words: readonly string[], free: Set<number>): Report['kind'][] {
  const kinds = present(words, free, KINDS);
  const isOfMachine = [...free].some((at) => words[at] === 'machine' && HAPPENINGS.has(words[at + 1] ?? ''));
  return [...new Set<Report['kind']>(isOfMachine ? [...kinds, 'machine'] : kinds)];
}

/** "the last alarm", "most recent": "last" that is not a part of a time. */
function isAboutLatest(words: readonly string[], free: Set<number>, isTimed: boolean): boolean {
  const isNamed = hasWord(words, free, LATEST);
  const isLast = [...free].some(
    (at) => words[at] === 'last' && (!isTimed || HAPPENINGS.has(words[at + 1] ?? '')),
  );
  return isNamed || isLast;
}

/** What is left over and looks like the name of something: it has a number, or stands where a name would. */
function unknownName(words: readonly string[], unused: readonly number[]): string | undefined {
  for (const at of unused) {
    const next = words[at + 1] ?? '';
    const name = unused.includes(at + 1) ? `${words[at]} ${next}` : (words[at] ?? '');
    const before = words[at - 1] === 'the' ? words[at - 2] : words[at - 1];
    if (/\d/.test(name) || TOWARDS.has(before ?? '')) return name;
  }
  return undefined;
}

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}
