import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../demo/noise.ts';
import { activateModel } from '../src/models/active.ts';
import { startBroker } from '../test/support/broker.ts';
import { type ByteLink, openByteLink } from './byte-link.ts';
import { end, nextMessage, startNode, startScript } from './children.ts';
import { ASSET, configurationOf } from './configuration.ts';
import { startDaemon } from './daemon.ts';
import { lineOf, reading, SAMPLE_RATE_HZ } from './device.ts';
import { writeLearnedModel } from './learned-model.ts';
import type { Bench, Part } from './part.ts';
import { childrenOf, cpuMsOf, rssMiBOf } from './proc.ts';
import type { ReaderTask } from './reader.ts';
import type { Row } from './row.ts';

/** What it costs to watch 8 channels at 100 Hz for as long as it lasts: memory and CPU of each process. */
export const watching: Part = { name: 'watching', measure };

/** Until the daemons run, their windows are full and their code is compiled. */
const SETTLING_MS = 8000;
/** One tick of CPU time is 10 ms, which is 0.05 % of this. */
const MEASURED_MS = 20_000;
const TIMEOUT_MS = 30_000;
const SEND_INTERVAL_MS = 1000 / SAMPLE_RATE_HZ;

/** How often the daemon judges; the windows have as many rows in both. */
const PACES = [
  { verdictsPerS: 1, stepMs: 1000, window: { rateHz: 10, length: '1500ms', step: '1s' } },
  { verdictsPerS: 100, stepMs: 10, window: { rateHz: 100, length: '150ms', step: '10ms' } },
] as const;

type Pace = (typeof PACES)[number];

/** A process that reads the device, over a link of its own. */
interface Subject {
  readonly link: ByteLink;
  readonly process: ChildProcess;
}

interface Watcher extends Subject {
  readonly pace: Pace;
  readonly log: Promise<string>;
}

interface Usage {
  readonly rssMiB: number;
  readonly cpuPercent: number;
}

/** Everything runs at the same time, so that all have the same noise around them. */
async function measure(bench: Bench): Promise<Row[]> {
  await using running = new AsyncDisposableStack();
  const broker = running.adopt(await startBroker(), (started) => started.stop());
  const idle = running.adopt(startNode(['-e', 'setInterval(() => {}, 1e9)']), end);
  const bare = running.adopt(await startBareReader(bench), stop);
  const watchers: Watcher[] = [];
  for (const pace of PACES) watchers.push(running.adopt(await startWatcher(bench, pace, broker.port), stop));
  running.adopt(startDevice([bare, ...watchers].map(({ link }) => link)), clearInterval);

  bench.say(`${PACES.length} daemons and a bare reader, ${(SETTLING_MS + MEASURED_MS) / 1000} s`);
  await sleep(SETTLING_MS);
  const subjects = watchers.map((watcher) => ({
    watcher,
    daemon: pidOf(watcher.process),
    judge: judgeOf(watcher),
  }));
  const baselines = { idle: pidOf(idle), bare: pidOf(bare.process) };
  const usage = await measureUsage([
    ...Object.values(baselines),
    ...subjects.flatMap(({ daemon, judge }) => [daemon, judge]),
  ]);
  const baseline = { rssMiB: usage(baselines.idle).rssMiB, cpuPercent: usage(baselines.bare).cpuPercent };
  const rows: Row[] = [];
  for (const { watcher, daemon, judge } of subjects) {
    await assertWatched(watcher);
    rows.push(...rowsOf(watcher, { daemon: usage(daemon), judge: usage(judge) }, baseline));
  }
  return rows;
}

async function startBareReader(bench: Bench): Promise<Subject> {
  const link = await openByteLink(bench.temporaryFolder, 'watching-bare');
  const configuration = configurationOf({ link: link.config, window: PACES[0].window });
  const never = Number.MAX_SAFE_INTEGER;
  const task: ReaderTask = { way: 'bare', configuration, from: never, to: never };
  const process = startScript('reader.ts', task);
  await nextMessage(process, TIMEOUT_MS);
  return { link, process };
}

/** A daemon that has learned the device before. */
async function startWatcher(bench: Bench, pace: Pace, brokerPort: number): Promise<Watcher> {
  const { stepMs, window } = pace;
  const node = `watching-${pace.verdictsPerS}`;
  const dataDir = join(bench.diskFolder, node);
  const directory = join(dataDir, 'models', ASSET);
  await activateModel(dataDir, ASSET, await writeLearnedModel({ directory, rateHz: window.rateHz, stepMs }));
  const link = await openByteLink(bench.temporaryFolder, node);
  const configuration = configurationOf({ link: link.config, window, node, dataDir, brokerPort });
  const process = startDaemon(join(bench.temporaryFolder, `${node}.yaml`), configuration);
  if (process.stdout === null) throw new Error('the daemon has no log');
  return { pace, link, process, log: text(process.stdout) };
}

/** Sends every link the same lines, as many as are due. */
function startDevice(links: readonly ByteLink[]): NodeJS.Timeout {
  const random = seededRandom(5);
  const startMs = performance.now();
  let sentCount = 0;
  return setInterval(() => {
    const dueCount = Math.floor((performance.now() - startMs) / SEND_INTERVAL_MS);
    for (; sentCount < dueCount; sentCount++) {
      const line = Buffer.from(lineOf(reading(random), sentCount * SEND_INTERVAL_MS, 'NDJSON'));
      for (const link of links) link.send(line);
    }
  }, SEND_INTERVAL_MS);
}

async function measureUsage(pids: readonly number[]): Promise<(pid: number) => Usage> {
  const cpuMs = () => new Map(pids.map((pid) => [pid, cpuMsOf(pid)]));
  const [before, startMs] = [cpuMs(), performance.now()];
  await sleep(MEASURED_MS);
  const [after, elapsedMs] = [cpuMs(), performance.now() - startMs];
  const rssMiB = new Map(pids.map((pid) => [pid, rssMiBOf(pid)]));
  return (pid) => ({
    rssMiB: rssMiB.get(pid) ?? Number.NaN,
    cpuPercent: (((after.get(pid) ?? 0) - (before.get(pid) ?? 0)) / elapsedMs) * 100,
  });
}

function rowsOf(
  { pace, link }: Watcher,
  usages: Readonly<Record<'daemon' | 'judge', Usage>>,
  baseline: Usage,
): Row[] {
  return Object.entries(usages).flatMap(([name, { rssMiB, cpuPercent }]) => [
    {
      name: `${name}, ${pace.verdictsPerS} verdict/s, CPU`,
      value: cpuPercent,
      unit: '% core',
      baseline: baseline.cpuPercent,
      note: `bare: counts the bytes of the same ${link.kind}`,
    },
    {
      name: `${name}, ${pace.verdictsPerS} verdict/s, RSS`,
      value: rssMiB,
      unit: 'MiB',
      baseline: baseline.rssMiB,
      note: 'bare: an idle node',
    },
  ]);
}

/** A daemon that had not judged would have been cheap. */
async function assertWatched({ process, log }: Watcher): Promise<void> {
  await end(process);
  const [last = ''] = (await log).trim().split('\n').slice(-1);
  if (!/watching \(score \d/.test(last)) throw new Error(`a daemon has not watched: ${last}`);
}

async function stop({ process, link }: Subject): Promise<void> {
  await end(process);
  await link.close();
}

function judgeOf({ process }: Watcher): number {
  const [judge] = childrenOf(pidOf(process));
  if (judge === undefined) throw new Error('a daemon has no judge');
  return judge;
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('a process was not started');
  return pid;
}
