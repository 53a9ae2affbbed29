import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { serve } from '../src/isolate/serve.ts';
import { yieldToOthers } from '../src/system/priority.ts';

/**
 * The bare loop of node-llama-cpp over a model, to compare the writer with: tokens in, tokens out, nothing read and
 * nothing sent. It takes its time itself, and has the priority of the writer's process.
 */

export interface BareRequest {
  readonly modelPath: string;
  /** One after the other. */
  readonly prompts: readonly string[];
}

export interface BareAnswer {
  readonly tokens: number;
  readonly ms: number;
}

const TOKENS_MAX = 256;

yieldToOthers();
const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  maxThreads: 1,
  logLevel: LlamaLogLevel.error,
});

async function openSequence(modelPath: string) {
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({ contextSize: 256, sequences: 1, threads: 1, batchSize: 128 });
  return { model, sequence: context.getSequence() };
}

let opened: ReturnType<typeof openSequence> | undefined;

serve<BareRequest, BareAnswer>(async ({ modelPath, prompts }) => {
  opened ??= openSequence(modelPath);
  const { model, sequence } = await opened;
  let tokens = 0;
  const startMs = performance.now();
  for (const prompt of prompts) {
    await sequence.clearHistory();
    const begin = model.tokens.bos === null ? [] : [model.tokens.bos];
    const asked = [...begin, ...model.tokenize(prompt, true)];
    let generated = 0;
    for await (const _ of sequence.evaluate(asked, { temperature: 0 })) {
      generated += 1;
      if (generated === TOKENS_MAX) break;
    }
    tokens += generated;
  }
  return { tokens, ms: performance.now() - startMs };
});
