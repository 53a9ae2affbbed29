import { madeFacts } from '../src/eval/made-facts.ts';
import { IsolatedProcess } from '../src/isolate/isolated-process.ts';
import { planOf, promptOf, VOICES } from '../src/report/slots.ts';
import type { WriteAnswer, WriterAnswer, WriterRequest } from '../src/report/writer-protocol.ts';
import type { BareAnswer, BareRequest } from './bare-writer.ts';
import type { Bench } from './part.ts';
import { alternate } from './repeat.ts';
import type { Row } from './row.ts';
import { median, percentile } from './statistics.ts';

/** How fast the writer's process writes, from question to answer, against the bare loop of its library. */

const TEXTS_PER_TURN = 40;
const TURNS = 6;
const DEADLINE_MS = 60_000;
const [VOICE = ''] = VOICES;

export async function wordingRows(bench: Pick<Bench, 'say'>, modelPath: string): Promise<Row[]> {
  const writer = isolated<WriterRequest, WriterAnswer>('../src/report/writer-process.ts');
  const bare = isolated<BareRequest, BareAnswer>('./bare-writer.ts');
  const prompts = Array.from({ length: TEXTS_PER_TURN }, (_, seed) => promptOf(planOf(madeFacts(seed))));
  const lines = prompts.map((prompt) => `<|facts|> en ${VOICE} ${prompt}<|text|>`);
  bench.say(`${TEXTS_PER_TURN} texts, in turns with the bare loop of the library`);
  try {
    await writer.ask({ kind: 'load', path: modelPath }, DEADLINE_MS);
    const textsMs: number[] = [];
    const runs = {
      writer: () => written(writer, prompts, textsMs),
      bare: () => bare.ask({ modelPath, prompts: lines }, DEADLINE_MS),
    };
    await alternate(runs, 1);
    textsMs.length = 0;
    const turns = await alternate(runs, TURNS);
    const rate = (answers: readonly BareAnswer[]) =>
      median(answers.map(({ tokens, ms }) => tokens / (ms / 1000)));
    const texts = `p50 ${percentile(textsMs, 0.5).toFixed(0)} ms, p95 ${percentile(textsMs, 0.95).toFixed(0)} ms a text`;
    const note = `${texts}; bare: node-llama-cpp in a loop, the same prompts, one thread`;
    return [
      {
        name: 'words to texts',
        value: rate(turns.writer),
        unit: 'token/s',
        baseline: rate(turns.bare),
        note,
      },
    ];
  } finally {
    await Promise.all([writer.stop(), bare.stop()]);
  }
}

async function written(
  writer: IsolatedProcess<WriterRequest, WriterAnswer>,
  prompts: readonly string[],
  textsMs: number[],
): Promise<BareAnswer> {
  const total = { tokens: 0, ms: 0 };
  for (const prompt of prompts) {
    const request = {
      kind: 'write',
      prompt,
      language: 'en',
      voice: VOICE,
      seed: 1,
      temperature: 0,
      tokensMax: 256,
    } as const;
    const startMs = performance.now();
    const { tokens } = (await writer.ask(request, DEADLINE_MS)) as WriteAnswer;
    const ms = performance.now() - startMs;
    textsMs.push(ms);
    total.tokens += tokens;
    total.ms += ms;
  }
  return total;
}

function isolated<Request, Answer>(module: string): IsolatedProcess<Request, Answer> {
  return new IsolatedProcess({
    name: 'writer',
    module: new URL(module, import.meta.url),
    heapSizeMaxMiB: 96,
    clock: { monoMs: () => performance.now() },
    random: Math.random,
    onRestart: (reason) => console.error(reason.message),
  });
}
