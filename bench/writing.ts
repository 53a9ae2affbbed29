import { randomUUID } from 'node:crypto';
import { on } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { madeFacts } from '../src/eval/made-facts.ts';
import { templateText } from '../src/report/template.ts';
import { Writer } from '../src/report/writer.ts';
import type { Report } from '../src/values/report.ts';
import { type JudgeRig, judged, startJudge } from './judge-rig.ts';
import type { Bench, Part } from './part.ts';
import { rssMiBOf } from './proc.ts';
import { latencyRows, type Row } from './row.ts';
import type { TickerTask } from './ticker.ts';
import { wordingRows } from './wording.ts';

/**
 * What it costs the watching when the language model writes: windows that become complete at their own pace, from
 * that moment to their verdict, while text after text is written and while none is.
 */
export const writing: Part = { name: 'writing', measure };

const MODEL = join(import.meta.dirname, '../models/writer/fieldnote-writer.gguf');
/** As in `watching`. */
const WINDOW_INTERVAL_MS = 10;
/** Turns of half a second, so that a noisy moment of the machine hits both sides. */
const WINDOWS_PER_TURN = 50;
/** At the beginning of a turn the last text of the turn before may still be written. */
const WINDOWS_LEFT_OUT = 10;
/** The first ones warm up. */
const TURNS_LEFT_OUT = 4;
const TURNS = 80;
const DEADLINE_MS = 10_000;

async function measure(bench: Bench): Promise<Row[]> {
  const rig = await startJudge(join(bench.diskFolder, 'writing'));
  const author = new Author();
  bench.say(`a window each ${WINDOW_INTERVAL_MS} ms, in turns with and without texts being written`);
  try {
    const { writing: valuesMs, quiet: baselineMs } = await latenciesOf(rig, author);
    const note = `bare: the same, nothing written; ${author.textCount} texts, child of ${author.rssMiB.toFixed(0)} MiB`;
    const name = 'window to verdict while it writes';
    return [...latencyRows({ name, valuesMs, baselineMs, note }), ...(await wordingRows(bench, MODEL))];
  } finally {
    await author.stop();
    await rig.judge.stop();
  }
}

/** Has the model write one made-up report after the other, as long as something lasts. */
class Author {
  textCount = 0;
  #isWriting = false;
  #seed = 0;
  readonly #writer = new Writer({
    modelPath: MODEL,
    deadlineMs: DEADLINE_MS,
    idleMs: 600_000,
    clock: { monoMs: () => performance.now() },
    random: Math.random,
    pausedBy: () => undefined,
    on: {
      written: () => this.#next(),
      kept: () => this.#next(),
      shed: () => undefined,
      restarted: (reason) => console.error(reason.message),
      gaveUp: (reason) => console.error(reason.message),
    },
  });

  set isWriting(isWriting: boolean) {
    this.#isWriting = isWriting;
    if (isWriting) this.#next();
  }

  get rssMiB(): number {
    return rssMiBOf(this.#writer.pid ?? 0);
  }

  stop(): Promise<void> {
    return this.#writer.stop();
  }

  #next(): void {
    if (!this.#isWriting) return;
    this.textCount += 1;
    this.#seed += 1;
    const facts = { ...madeFacts(this.#seed), id: randomUUID() };
    const report: Report = { ...facts, text: templateText(facts) };
    this.#writer.add(report);
  }
}

/** Milliseconds from each tick of another thread to the verdict about a window. */
async function latenciesOf(rig: JudgeRig, author: Author): Promise<Record<'writing' | 'quiet', number[]>> {
  const latenciesMs = { writing: [] as number[], quiet: [] as number[] };
  const workerData: TickerTask = { intervalMs: WINDOW_INTERVAL_MS };
  const ticker = new Worker(new URL('./ticker.ts', import.meta.url), { workerData });
  let tickCount = 0;
  for await (const [tickMs] of on(ticker, 'message') as AsyncIterable<[number]>) {
    const [turn, inTurn] = [Math.floor(tickCount / WINDOWS_PER_TURN), tickCount % WINDOWS_PER_TURN];
    if (turn === TURNS) break;
    const side = turn % 2 === 0 ? 'writing' : 'quiet';
    if (inTurn === 0) author.isWriting = side === 'writing';
    await judged(rig);
    const latencyMs = performance.timeOrigin + performance.now() - tickMs;
    if (turn >= TURNS_LEFT_OUT && inTurn >= WINDOWS_LEFT_OUT) latenciesMs[side].push(latencyMs);
    tickCount += 1;
  }
  await ticker.terminate();
  return latenciesMs;
}
