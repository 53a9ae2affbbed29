import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { serve } from '../isolate/serve.ts';
import {
  type Graph,
  type GraphTensor,
  type JudgeAnswer,
  type JudgeRequest,
  type LoadAnswer,
  type LoadRequest,
  OUTPUT_LENGTH_MAX,
  OUTPUT_NAMES,
  type RunAnswer,
  type RunRequest,
} from './protocol.ts';

/**
 * The judge's child process: ONNX Runtime and the models in use. A model is loaded from the bytes that were hashed,
 * not from its path: nothing can change in between, and the runtime then refuses models that refer to other files.
 */

const SESSIONS_MAX = 32;

/** One thread and no arena: memory stays what the model needs, and the other cores are for the daemon. */
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  executionMode: 'sequential',
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  enableCpuMemArena: false,
  enableMemPattern: false,
  logSeverityLevel: 3,
};

/** By sha256, the one loaded longest ago first. */
const sessions = new Map<string, InferenceSession>();

async function load({ sha256, onnxPath }: LoadRequest): Promise<LoadAnswer> {
  const session = sessions.get(sha256) ?? (await createSession(sha256, onnxPath));
  sessions.delete(sha256);
  sessions.set(sha256, session);
  for (const oldest of sessions.keys()) if (sessions.size > SESSIONS_MAX) await release(oldest);
  return { kind: 'load', graph: graphOf(session), held: [...sessions.keys()] };
}

async function createSession(sha256: string, onnxPath: string): Promise<InferenceSession> {
  const bytes = await readFile(onnxPath);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) throw new Error(`${onnxPath} has the sha256 ${found}, not ${sha256}`);
  return InferenceSession.create(bytes, SESSION_OPTIONS).catch((error: unknown) => {
    throw new Error(loadFault(error instanceof Error ? error.message : String(error)));
  });
}

/** A graph of a newer operator set than the runtime knows is told in three lines; a person needs one. */
function loadFault(message: string): string {
  const [, given, domain, known] =
    /Opset (\d+) is under development.*official support for domain (\S+) is till opset (\d+)/s.exec(
      message,
    ) ?? [];
  if (given === undefined) return message;
  return `its graph is of opset ${given} of ${domain}, and opsets up to ${known} are supported: export it with opset ${known}`;
}

function graphOf(session: InferenceSession): Graph {
  const describe = (tensor: InferenceSession.ValueMetadata): GraphTensor =>
    tensor.isTensor
      ? { name: tensor.name, type: tensor.type, shape: tensor.shape }
      : { name: tensor.name, type: 'none', shape: [] };
  return { inputs: session.inputMetadata.map(describe), outputs: session.outputMetadata.map(describe) };
}

async function run({ sha256, data, rows, channels, constants }: RunRequest): Promise<RunAnswer> {
  const session = sessions.get(sha256);
  if (session === undefined) throw new Error(`model ${sha256} is not loaded`);
  const feeds: Record<string, Tensor> = { window: new Tensor('float32', data, [rows, channels]) };
  for (const [name, value] of Object.entries(constants))
    feeds[name] = new Tensor('float32', Float32Array.of(value), [1]);
  const wanted = OUTPUT_NAMES.filter((name) => session.outputNames.includes(name));
  const results = await session.run(feeds, wanted);
  const outputs: Record<string, Float32Array> = {};
  for (const [name, tensor] of Object.entries(results)) {
    if (tensor.data instanceof Float32Array) outputs[name] = tensor.data.slice(0, OUTPUT_LENGTH_MAX + 1);
    tensor.dispose();
  }
  return { kind: 'run', outputs };
}

async function release(sha256: string): Promise<void> {
  await sessions.get(sha256)?.release();
  sessions.delete(sha256);
}

serve<JudgeRequest, JudgeAnswer>(async (request) => {
  if (request.kind === 'load') return load(request);
  if (request.kind === 'run') return run(request);
  await release(request.sha256);
  return { kind: 'release' };
});
