import { readFileSync } from 'node:fs';
import { IsolatedProcess } from '../isolate/isolated-process.ts';
import { grammarOf, toGbnf } from '../report/grammar.ts';
import { isHeldOut, type Plan, planOf, promptOf, render, VOICES } from '../report/slots.ts';
import { type ReportFacts, templateText } from '../report/template.ts';
import { verify } from '../report/verify.ts';
import type { LoadAnswer, WriteAnswer, WriterAnswer, WriterRequest } from '../report/writer-protocol.ts';
import { madeFacts } from './made-facts.ts';
import { distinct, selfBleu } from './variety.ts';
import { faultsIn } from './written-faults.ts';

/** Measures a writer on facts that no training has seen; half of them need plans that were held out from it. */

const TOKENS_MAX = 256;
const DEADLINE_MS = 120_000;
const WARM_UP = 5;
const VARIETY_TEXTS = 300;
/** Second tries stray a little, as in the daemon. */
const TEMPERATURES = [0, 0.6];

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

/** Lets the model write about so many incidents. */
export async function tryWriter({ path, count }: { path: string; count: number }): Promise<WriterFigures> {
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
        voice,
        grammar: loaded.isOwn ? undefined : toGbnf(grammarOf(plan)),
        seed,
        temperature,
        tokensMax: TOKENS_MAX,
      } as const;
      return (await writer.ask(request, DEADLINE_MS)) as WriteAnswer;
    };
    for (let seed = 0; seed < WARM_UP; seed += 1) await ask(planOf(madeFacts(seed)), seed, 0);
    const tried: Tried[] = [];
    for (const seed of seedsOf(count)) tried.push(await tryOne(seed, ask));
    const status = readFileSync(`/proc/${writer.pid}/status`, 'utf8');
    const rssMiB = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
    return { model: loaded.sha256, rssMiB, tried };
  } finally {
    await writer.stop();
  }
}

/** Seeds of facts, half of whose plans were held out. */
function seedsOf(count: number): number[] {
  const seeds = { seen: [] as number[], unseen: [] as number[] };
  for (let seed = 1000; seeds.seen.length + seeds.unseen.length < count; seed += 1) {
    const kind = isHeldOut(planOf(madeFacts(seed))) ? seeds.unseen : seeds.seen;
    if (kind.length < count / 2) kind.push(seed);
  }
  return [...seeds.seen, ...seeds.unseen];
}

type Ask = (plan: Plan, seed: number, temperature: number) => Promise<WriteAnswer>;

async function tryOne(seed: number, ask: Ask): Promise<Tried> {
  const facts = madeFacts(seed);
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
  const row = (name: string, rows: readonly Tried[]) => {
    const accepted = rows.filter(({ firstFault }) => firstFault === undefined).length;
    const inTheEnd = rows.filter(({ text }) => text !== undefined).length;
    const slots = sum(rows.map((one) => one.slots));
    const slotErrors = sum(rows.map((one) => one.slotErrors));
    const wrong = rows.filter(({ faults }) => faults.length > 0).length;
    const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`.padStart(10);
    return `${name.padEnd(14)}${String(rows.length).padStart(6)}${percent(accepted, rows.length)}${percent(inTheEnd, rows.length)}${percent(slotErrors, slots)}${String(wrong).padStart(8)}`;
  };
  const texts = tried.flatMap(({ words }) => words ?? []).slice(0, VARIETY_TEXTS);
  const templates = tried.slice(0, VARIETY_TEXTS).map(({ facts }) => templateText(facts));
  const times = tried.map(({ ms }) => ms).sort((one, other) => one - other);
  const at = (share: number) => (times[Math.floor(share * times.length)] ?? 0).toFixed(0);
  const tokens = sum(tried.map((one) => one.tokens)) / (sum(times) / 1000);
  return [
    `model ${model}`,
    '',
    `${' '.repeat(14)} facts  1st try   accepted  slot err.   wrong`,
    row(
      'seen plans',
      tried.filter(({ isUnseen }) => !isUnseen),
    ),
    row(
      'unseen plans',
      tried.filter(({ isUnseen }) => isUnseen),
    ),
    row('all', tried),
    '',
    `ms per report p50 ${at(0.5)}, p95 ${at(0.95)}; ${tokens.toFixed(0)} tokens/s; RSS of the process ${rssMiB.toFixed(0)} MiB`,
    `distinct-1 ${distinct(texts, 1).toFixed(3)}, -2 ${distinct(texts, 2).toFixed(3)}, -3 ${distinct(texts, 3).toFixed(3)}, self-BLEU ${selfBleu(texts).toFixed(3)}`,
    `(templates of the same: self-BLEU ${selfBleu(templates).toFixed(3)}; different openings ${openings(texts)} of ${texts.length})`,
    '',
  ].join('\n');
}

function openings(texts: readonly string[]): number {
  return new Set(texts.map((text) => text.split('.')[0])).size;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
