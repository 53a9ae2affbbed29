import { readFileSync } from 'node:fs';
import { IsolatedProcess } from '../isolate/isolated-process.ts';
import { textOf } from '../report/facts.ts';
import { grammarOf, toGbnf } from '../report/grammar.ts';
import { isHeldOut, type Plan, planOf, promptOf, render, VOICES } from '../report/slots.ts';
import type { ReportFacts } from '../report/template.ts';
import { verify } from '../report/verify.ts';
import type { LoadAnswer, WriteAnswer, WriterAnswer, WriterRequest } from '../report/writer-protocol.ts';
import { languages as ALL_LANGUAGES, DEFAULT_LANGUAGE, type Language } from '../values/language.ts';
import { anyFacts } from './made-subjects.ts';
import { distinct, selfBleu } from './variety.ts';
import { faultsIn } from './written-faults.ts';

/** Measures a writer on facts that no training has seen; half of them need plans that were held out from it. */

const TOKENS_MAX = 256;
const DEADLINE_MS = 120_000;
const WARM_UP = 5;
const VARIETY_TEXTS = 300;
/** Second tries stray a little, as in the daemon. */
const TEMPERATURES = [0, 0.6];
const KINDS = ['machine', 'sensor', 'bearing'] as const;

export interface Tried {
  readonly facts: ReportFacts;
  readonly isUnseen: boolean;
  /** What the model wrote at the first try. */
  readonly first: string;
  readonly firstFault: string | undefined;
  /** Slots that were missing, added or repeated at the first try, of so many. */
  readonly slotErrors: number;
  readonly slots: number;
  /** The text that would be published, and its words; undefined when the template stays. */
  readonly text: string | undefined;
  readonly words: string | undefined;
  /** What an independent reading finds wrong in it. */
  readonly faults: readonly string[];
  readonly tokens: number;
  /** Of the first try. */
  readonly ms: number;
}

export interface WriterFigures {
  readonly model: string;
  readonly rssMiB: number;
  readonly tried: readonly Tried[];
}

export interface WriterTrial {
  /** Of the model file. */
  readonly path: string;
  /** How many incidents it writes about in each language. */
  readonly count: number;
  readonly languages?: readonly Language[];
}

/** Lets the model write about made-up incidents. */
export async function tryWriter(trial: WriterTrial): Promise<WriterFigures> {
  const { path, count, languages = ALL_LANGUAGES } = trial;
  const writer = new IsolatedProcess<WriterRequest, WriterAnswer>({
    name: 'writer',
    module: new URL('../report/writer-process.ts', import.meta.url),
    heapSizeMaxMiB: 96,
    clock: { monoMs: () => performance.now() },
    random: Math.random,
    onRestart: (reason) => process.stderr.write(`${reason.message}\n`),
  });
  try {
    const loaded = (await writer.ask({ kind: 'load', path }, DEADLINE_MS)) as LoadAnswer;
    const ask = async (plan: Plan, seed: number, temperature: number) => {
      const voice = VOICES[seed % VOICES.length] ?? '';
      const request = {
        kind: 'write',
        prompt: promptOf(plan),
        language: plan.language ?? DEFAULT_LANGUAGE,
        voice,
        grammar: loaded.isOwn ? undefined : toGbnf(grammarOf(plan)),
        seed,
        temperature,
        tokensMax: TOKENS_MAX,
      } as const;
      return (await writer.ask(request, DEADLINE_MS)) as WriteAnswer;
    };
    for (let seed = 0; seed < WARM_UP; seed += 1) await ask(planOf(anyFacts({ seed })), seed, 0);
    const tried: Tried[] = [];
    for (const facts of languages.flatMap((language) => factsOf(count, language)))
      tried.push(await tryOne(facts, ask));
    const status = readFileSync(`/proc/${writer.pid}/status`, 'utf8');
    const rssMiB = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
    return { model: loaded.sha256, rssMiB, tried };
  } finally {
    await writer.stop();
  }
}

interface Seeded {
  readonly seed: number;
  readonly facts: ReportFacts;
}

/** Half of them with plans that were held out. */
function factsOf(count: number, language: Language): Seeded[] {
  const seen: Seeded[] = [];
  const unseen: Seeded[] = [];
  for (let seed = 1000; seen.length + unseen.length < count; seed += 1) {
    const facts = anyFacts({ seed, language });
    const kind = isHeldOut(planOf(facts)) ? unseen : seen;
    if (kind.length < count / 2) kind.push({ seed, facts });
  }
  return [...seen, ...unseen];
}

type Ask = (plan: Plan, seed: number, temperature: number) => Promise<WriteAnswer>;

async function tryOne({ seed, facts }: Seeded, ask: Ask): Promise<Tried> {
  const plan = planOf(facts);
  const answers: WriteAnswer[] = [];
  let ms = 0;
  for (const [attempt, temperature] of TEMPERATURES.entries()) {
    const begin = performance.now();
    answers.push(await ask(plan, seed * 7 + attempt * 13, temperature));
    if (attempt === 0) ms = performance.now() - begin;
    if (verify(answers.at(-1)?.text ?? '', plan).ok) break;
  }
  const [first] = answers;
  const verdict = verify(first?.text ?? '', plan);
  const last = answers.at(-1)?.text ?? '';
  const words = verify(last, plan).ok ? last : undefined;
  const text = words && render(words, plan);
  return {
    facts,
    isUnseen: isHeldOut(plan),
    first: first?.text ?? '',
    firstFault: verdict.ok ? undefined : `${verdict.fault}: ${verdict.at}`,
    ...slotErrorsOf(first?.text ?? '', plan),
    text,
    words,
    faults: text === undefined ? [] : faultsIn(text, facts),
    tokens: first?.tokens ?? 0,
    ms,
  };
}

function slotErrorsOf(text: string, { slots }: Plan): { slots: number; slotErrors: number } {
  const found: readonly string[] = text.match(/(?<=@)\w+/g) ?? [];
  const missing = [...slots.keys()].filter((name) => !found.includes(name)).length;
  const added = found.filter((name) => !slots.has(name)).length;
  const repeated = found.length - new Set(found).size;
  return { slots: slots.size, slotErrors: missing + added + repeated };
}

/** The figures of a run, as a table. */
export function writerTable({ model, rssMiB, tried }: WriterFigures): string {
  const inLanguages = ALL_LANGUAGES.map((language) => ({
    language,
    rows: tried.filter(({ facts }) => (facts.language ?? DEFAULT_LANGUAGE) === language),
  }));
  const times = tried.map(({ ms }) => ms).sort((one, other) => one - other);
  const at = (share: number) => (times[Math.floor(share * times.length)] ?? 0).toFixed(0);
  const tokens = sum(tried.map((one) => one.tokens)) / (sum(times) / 1000);
  return [
    `model ${model}`,
    '',
    `${' '.repeat(14)} facts  1st try   accepted  slot err.   wrong`,
    ...inLanguages.flatMap(({ language, rows }) => rowsOf(language, rows)),
    '',
    `ms per report p50 ${at(0.5)}, p95 ${at(0.95)}; ${tokens.toFixed(0)} tokens/s; RSS of the process ${rssMiB.toFixed(0)} MiB`,
    ...inLanguages.flatMap(({ language, rows }) => varietyOf(language, rows)),
    '',
  ].join('\n');
}

function rowsOf(language: Language, tried: readonly Tried[]): string[] {
  if (tried.length === 0) return [];
  return [
    row(
      `${language} seen`,
      tried.filter(({ isUnseen }) => !isUnseen),
    ),
    row(
      `${language} unseen`,
      tried.filter(({ isUnseen }) => isUnseen),
    ),
    row(`${language} all`, tried),
    ...KINDS.map((kind) =>
      row(
        `  ${kind}`,
        tried.filter(({ facts }) => facts.kind === kind),
      ),
    ),
  ];
}

function row(name: string, rows: readonly Tried[]): string {
  const accepted = rows.filter(({ firstFault }) => firstFault === undefined).length;
  const inTheEnd = rows.filter(({ text }) => text !== undefined).length;
  const slots = sum(rows.map((one) => one.slots));
  const slotErrors = sum(rows.map((one) => one.slotErrors));
  const wrong = rows.filter(({ faults }) => faults.length > 0).length;
  const percent = (part: number, whole: number) =>
    `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`.padStart(10);
  return [
    ...[name.padEnd(14), String(rows.length).padStart(6), percent(accepted, rows.length)],
    ...[percent(inTheEnd, rows.length), percent(slotErrors, slots), String(wrong).padStart(8)],
  ].join('');
}

function varietyOf(language: Language, tried: readonly Tried[]): string[] {
  const texts = tried.flatMap(({ words }) => words ?? []).slice(0, VARIETY_TEXTS);
  if (texts.length === 0) return [];
  const templates = tried.slice(0, VARIETY_TEXTS).map(({ facts }) => textOf(facts));
  const [one, two, three] = [1, 2, 3].map((length) => distinct(texts, length).toFixed(3));
  return [
    `${language}: distinct-1 ${one}, -2 ${two}, -3 ${three}, self-BLEU ${selfBleu(texts).toFixed(3)} ` +
      `(templates ${selfBleu(templates).toFixed(3)}); different openings ${openings(texts)} of ${texts.length}`,
  ];
}

function openings(texts: readonly string[]): number {
  return new Set(texts.map((text) => text.split('.')[0])).size;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
