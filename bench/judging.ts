import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { toFrame } from '../src/isolate/frames.ts';
import { CHANNEL_FD } from '../src/isolate/serve.ts';
import type { ModelPackage } from '../src/models/package.ts';
import type { Window } from '../src/values/window.ts';
import { end, startNode } from './children.ts';
import { CHANNELS } from './device.ts';
import type { EchoSizes } from './echo-process.ts';
import { judged, startJudge } from './judge-rig.ts';
import type { Bench, Part } from './part.ts';
import { latencies } from './repeat.ts';
import { latencyRows, type Row } from './row.ts';

/** From a complete window to its verdict, against its two parts alone: the runtime, and the way to a process. */
export const judging: Part = { name: 'judging', measure };

const CALLS_PER_BLOCK = 1000;

async function measure(bench: Bench): Promise<Row[]> {
  const rig = await startJudge(join(bench.diskFolder, 'judging'));
  const { judge, model, window } = rig;
  const sizes = frameSizes(window, model);
  const echo = startEcho(sizes);
  const run = await bareRun(model, window);
  bench.say(`windows of ${window.rows} rows and ${CHANNELS.length} channels, one by one`);
  try {
    const calls = { judge: () => judged(rig), run, roundTrip: () => roundTrip(echo, sizes) };
    const times = await latencies(calls, CALLS_PER_BLOCK);
    const bytes = `${sizes.requestSizeBytes} B there and ${sizes.answerSizeBytes} B back`;
    const name = 'window to verdict';
    return [
      ...latencyRows({
        name,
        valuesMs: times.judge,
        baselineMs: times.run,
        note: 'bare: session.run in this process',
      }),
      ...latencyRows({
        name,
        valuesMs: times.judge,
        baselineMs: times.roundTrip,
        note: `bare: ${bytes} through a child`,
      }),
    ];
  } finally {
    await judge.stop();
    await end(echo);
  }
}

/** What one window and its verdict weigh on their way. */
function frameSizes(window: Window, { manifest }: ModelPackage): EchoSizes {
  const { data, rows, channels } = window;
  const request = { kind: 'run', sha256: manifest.sha256, data, rows, channels: channels.length };
  const perChannel = () => new Float32Array(channels.length);
  const deviations = {
    value: perChannel(),
    baseline: perChannel(),
    spread: perChannel(),
    share: perChannel(),
  };
  const outputs = { score: new Float32Array(1), ...deviations };
  return {
    requestSizeBytes: toFrame({ id: 1, request }).length,
    answerSizeBytes: toFrame({ id: 1, answer: { kind: 'run', outputs } }).length,
  };
}

async function bareRun({ onnxPath }: ModelPackage, window: Window): Promise<() => Promise<unknown>> {
  const session = await InferenceSession.create(onnxPath, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const shape = [window.rows, window.channels.length];
  return () => session.run({ window: new Tensor('float32', window.data, shape) });
}

function startEcho(sizes: EchoSizes): ChildProcess {
  const script = join(import.meta.dirname, 'echo-process.ts');
  return startNode([script, JSON.stringify(sizes)], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
}

/** Sends one request and resolves when its answer is here as a whole. */
function roundTrip(echo: ChildProcess, { requestSizeBytes, answerSizeBytes }: EchoSizes): Promise<void> {
  const channel = echo.stdio[CHANNEL_FD] as Duplex;
  const { promise, resolve } = Promise.withResolvers<void>();
  let missingBytes = answerSizeBytes;
  const take = ({ length }: Buffer) => {
    missingBytes -= length;
    if (missingBytes > 0) return;
    channel.off('data', take);
    resolve();
  };
  channel.on('data', take);
  channel.write(Buffer.alloc(requestSizeBytes));
  return promise;
}
