import { join } from 'node:path';
import { percentile } from '../bench/statistics.ts';
import { wordingRows } from '../bench/wording.ts';
import { distinct, selfBleu } from '../src/eval/variety.ts';
import { type Tried, tryWriter, type WriterFigures } from '../src/eval/writer.ts';
import type { Bar, Figure, Limit, Part } from './part.ts';

/** What language models write about made-up incidents; half of them need plans that were held out from the training. */

const ROOT = join(import.meta.dirname, '..');
const SHIPPED = 'models/writer/fieldnote-writer.gguf';
/** Gemma 3 270M, which test/system/install-stock-model.sh brings. */
const STOCK = 'build/stock-model/gemma-3-270m.gguf';
const COUNT = 2000;
/** Each takes some seconds. */
const STOCK_COUNT = 20;
/** Comparing each with each other takes its time. */
const VARIETY_TEXTS = 300;

const percent = { unit: '%', decimals: 2 } as const;
const milliseconds = { unit: 'ms', decimals: 0 } as const;

export const writer: Part = {
  name: 'writer',
  bars: [
    ...writingBars('writer', { seen: { atLeast: 97 }, unseen: { atLeast: 90 } }),
    { name: 'writer, report text, p50', limit: { atMost: 60 }, ...milliseconds, best: '' },
    { name: 'writer, report text, p95', limit: { atMost: 150 }, ...milliseconds, best: '' },
    { name: 'writer, memory of its process', limit: { atMost: 160 }, unit: 'MB', decimals: 0, best: '' },
    { name: 'writer, tokens/s to a bare loop', limit: { atLeast: 0.85 }, unit: '×', decimals: 2, best: '' },
  ],
  async measure({ progress }) {
    progress(`${COUNT} texts`);
    const figures = await tryWriter({ path: join(ROOT, SHIPPED), count: COUNT });
    const [row] = await wordingRows({ say: progress }, join(ROOT, SHIPPED));
    const { value = Number.NaN, baseline = Number.NaN } = row ?? {};
    const rates = `${value.toFixed(0)} to ${baseline.toFixed(0)} of node-llama-cpp, same file, same run`;
    return [...figuresOf(figures), { value: value / baseline, baseline: rates }];
  },
};

export const stockWriter: Part = {
  name: 'writer',
  needs: { path: STOCK, of: 'repository' },
  bars: [
    ...writingBars('Gemma 3 270M as the writer', {}),
    { name: 'Gemma 3 270M as the writer, report text, p50', ...milliseconds, best: '' },
    { name: 'Gemma 3 270M as the writer, report text, p95', ...milliseconds, best: '' },
    { name: 'Gemma 3 270M as the writer, memory of its process', unit: 'MB', decimals: 0, best: '' },
  ],
  async measure({ progress }) {
    progress(`${STOCK_COUNT} texts of Gemma 3 270M, within a grammar`);
    return figuresOf(await tryWriter({ path: join(ROOT, STOCK), count: STOCK_COUNT }));
  },
};

function writingBars(who: string, { seen, unseen }: { seen?: Limit; unseen?: Limit }): Bar[] {
  return [
    { name: `${who}, published texts with an error`, limit: { atMost: 0 }, unit: '', decimals: 0, best: '' },
    {
      name: `${who}, accepted at the first try, plans seen`,
      ...(seen && { limit: seen }),
      ...percent,
      best: '',
    },
    { name: `${who}, the same, plans never seen`, ...(unseen && { limit: unseen }), ...percent, best: '' },
    {
      ...{ name: `${who}, slots wrong before the verifier`, ...percent },
      best: '.70 % (E2E, sequence to sequence with reranking by rules)',
    },
    { name: `${who}, self-BLEU, less is more varied`, unit: '', decimals: 3, best: '' },
  ];
}

/** One figure for each of `writingBars`, then p50, p95 and memory. */
export function figuresOf({ tried, rssMiB }: WriterFigures): Figure[] {
  const published = tried.filter(({ text }) => text !== undefined);
  const words = tried.flatMap((one) => one.words ?? []).slice(0, VARIETY_TEXTS);
  const variety = [1, 2, 3]
    .map((length) => `distinct-${length} ${distinct(words, length).toFixed(3)}`)
    .join(', ');
  const slots = { wrong: sumOf(tried, 'slotErrors'), all: sumOf(tried, 'slots') };
  const times = tried.map(({ ms }) => ms);
  const tokensPerS = sumOf(tried, 'tokens') / (sumOf(tried, 'ms') / 1000);
  const inTheEnd = (100 * published.length) / tried.length;
  return [
    {
      value: published.filter(({ faults }) => faults.length > 0).length,
      baseline: `of ${published.length}, by a checker that shares no code with the verifier`,
    },
    acceptedOf(tried.filter(({ isUnseen }) => !isUnseen)),
    acceptedOf(tried.filter(({ isUnseen }) => isUnseen)),
    {
      value: (100 * slots.wrong) / slots.all,
      baseline: `${slots.wrong} of ${slots.all}; accepted in the end ${inTheEnd.toFixed(2)} %`,
    },
    { value: selfBleu(words), baseline: `${variety}, of ${words.length} texts` },
    { value: percentile(times, 0.5), baseline: `${tokensPerS.toFixed(0)} tokens/s` },
    { value: percentile(times, 0.95), baseline: '' },
    { value: (rssMiB * 1024 * 1024) / 1e6, baseline: 'at its peak' },
  ];
}

function acceptedOf(tried: readonly Tried[]): Figure {
  const accepted = tried.filter(({ firstFault }) => firstFault === undefined).length;
  return { value: (100 * accepted) / tried.length, baseline: `${accepted} of ${tried.length}` };
}

function sumOf(tried: readonly Tried[], key: 'slotErrors' | 'slots' | 'tokens' | 'ms'): number {
  return tried.reduce((sum, one) => sum + one[key], 0);
}
