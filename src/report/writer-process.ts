import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  getLlama,
  type Llama,
  LlamaCompletion,
  type LlamaContextSequence,
  LlamaLogLevel,
} from 'node-llama-cpp';
import { serve } from '../isolate/serve.ts';
import { yieldToOthers } from '../system/priority.ts';
import { EXAMPLES } from './examples.ts';
import type {
  LoadAnswer,
  LoadRequest,
  WriteAnswer,
  WriteRequest,
  WriterAnswer,
  WriterRequest,
} from './writer-protocol.ts';

/**
 * The writer's child process: llama.cpp and one model. It has one thread, because llama.cpp's threads spin and a busy
 * second core makes two of them many times slower than one, and a context of fixed size, because the default grows to
 * whatever the model file asks for.
 */

/** What general.name says of the models that models/writer makes; any other one needs examples. */
const OWN_MODEL = 'fieldnote-writer';
/** Prompt and text; the model that ships was trained with half of it. */
const OWN_CONTEXT_SIZE = 256;
const OTHER_CONTEXT_SIZE = 1024;
const BATCH_SIZE = 128;

type Write = (request: WriteRequest) => Promise<WriteAnswer>;

let write: Write | undefined;

async function load({ path }: LoadRequest): Promise<LoadAnswer> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    maxThreads: 1,
    logLevel: LlamaLogLevel.error,
  });
  const model = await llama.loadModel({ modelPath: path, useMmap: true });
  const isOwn = model.fileInfo.metadata.general.name === OWN_MODEL;
  const context = await model.createContext({
    contextSize: isOwn ? OWN_CONTEXT_SIZE : OTHER_CONTEXT_SIZE,
    sequences: 1,
    threads: 1,
    batchSize: BATCH_SIZE,
    failedCreationRemedy: false,
  });
  write = writerOn(llama, context.getSequence(), isOwn);
  return { kind: 'load', sha256: hash.digest('hex'), isOwn };
}

/** A model of this project continues the line that it was trained on; any other one the examples that it is shown. */
function writerOn(llama: Llama, sequence: LlamaContextSequence, isOwn: boolean): Write {
  const completion = new LlamaCompletion({ contextSequence: sequence });
  return async ({ prompt, language, voice, grammar, seed, temperature, tokensMax }) => {
    const before = sequence.tokenMeter.usedOutputTokens;
    const line = isOwn
      ? `<|facts|> ${language} ${voice} ${prompt}<|text|>`
      : `${EXAMPLES[language]}Facts: ${prompt}\nNote:`;
    const text = await completion.generateCompletion(line, {
      maxTokens: tokensMax,
      temperature,
      seed,
      customStopTriggers: ['\n'],
      ...(grammar !== undefined && { grammar: await llama.createGrammar({ grammar }) }),
    });
    return { kind: 'write', text: text.trim(), tokens: sequence.tokenMeter.usedOutputTokens - before };
  };
}

// Whoever reads a sensor or judges a window goes first.
yieldToOthers();
serve<WriterRequest, WriterAnswer>(async (request) => {
  if (request.kind === 'load') return load(request);
  if (write === undefined) throw new Error('no model is loaded');
  return write(request);
});
