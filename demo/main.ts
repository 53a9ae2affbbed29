import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { Broker } from '../test/support/broker.ts';
import { demoConfig } from './config.ts';
import type { PumpBoardMessage } from './pump-board.ts';
import { DEMO_TIMELINE } from './scenario.ts';
import { Subscriber } from './subscriber.ts';
import { TerminalView } from './view.ts';

/**
 * The main job in under a minute: an emulated pump, read by real firmware on an emulated microcontroller, speaks over a
 * byte link to the real daemon, which learns it, watches it and reports its two faults to a broker. Each report comes
 * with the text of its template at once, and again in the words of the language model when it has found them. In the
 * middle the broker goes away for some seconds; what the daemon reports meanwhile arrives when it is back.
 */

/** The broker is away while the valve is being opened again, so that the end of that incident is reported then. */
const BROKER_AWAY = { fromS: DEMO_TIMELINE.valve.startS + 120, untilS: DEMO_TIMELINE.deposit.startS - 20 };

/** The language model that ships. */
const MODEL = join(import.meta.dirname, '../models/writer/fieldnote-writer.gguf');

/** How long the end waits for reports that are still in the store. */
const LAST_REPORTS_MS = 20_000;

interface Options {
  readonly seed: number;
  readonly speed: number;
  readonly for: number | undefined;
  readonly json: boolean;
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('must be a number over 0');
}

function parseOptions(): Options {
  return new Command('npm run demo --')
    .description(
      'An emulated pump, real firmware, the real daemon, a broker: learning, two faults, and a link that is cut.',
    )
    .option('--seed <number>', 'another pump', positive, 1)
    .option('--speed <factor>', 'times faster than a real pump', positive, 25)
    .option('--for <seconds>', 'end after so long instead of at the end of the story', positive)
    .option('--json', 'reports and totals as lines of JSON', false)
    .parse()
    .opts();
}

async function main({ seed, speed, json, ...options }: Options): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'fieldnote-demo-'));
  const broker = new Broker(0, {});
  await broker.start();
  const socketPath = join(dir, 'pump.sock');
  const configPath = join(dir, 'fieldnote.yaml');
  const brokerPort = broker.port;
  writeFileSync(configPath, demoConfig({ dataDir: dir, socketPath, brokerPort, modelPath: MODEL, speed }));
  const view = json ? undefined : terminalView();
  const pump = await startPump({ socketPath, seed, speed }, (text) =>
    view === undefined ? console.error(text) : view.note(text),
  );
  const daemon = spawn(
    process.execPath,
    [join(import.meta.dirname, '../src/cli/main.ts'), 'run', '--config', configPath],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const subscriber = new Subscriber({ broker, view, json, modelName: basename(MODEL, '.gguf') });
  try {
    await Promise.race([
      play({ broker, subscriber, view, speed, forS: options.for }),
      died(daemon, 'the daemon'),
      died(pump, 'the board'),
      interrupted(),
    ]);
  } finally {
    await end(daemon, 'SIGTERM');
    pump.kill();
    await broker.stop();
    view?.close();
    rmSync(dir, { recursive: true, force: true });
  }
  subscriber.sayTotals();
}

interface PumpOptions {
  readonly socketPath: string;
  readonly seed: number;
  readonly speed: number;
}

/** Starts the board with the pump, and says so whenever this machine is too slow to emulate it in full. */
async function startPump(
  { socketPath, seed, speed }: PumpOptions,
  say: (text: string) => void,
): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'pump-board.ts');
  const pump = fork(script, ['--socket', socketPath, '--seed', String(seed), '--speed', String(speed)]);
  pump.on('message', (message) => {
    const { waitStates } = message as PumpBoardMessage;
    if (waitStates > 0)
      say(
        'This machine is too slow to emulate the whole board: its core is slowed down now ' +
          `(wait states: ${waitStates}), its clock stays true.`,
      );
  });
  await Promise.race([once(pump, 'message'), died(pump, 'the board')]);
  return pump;
}

interface Story {
  readonly broker: Broker;
  readonly subscriber: Subscriber;
  readonly view: TerminalView | undefined;
  readonly speed: number;
  readonly forS: number | undefined;
}

/** The broker's part of the story; the pump's is in its scenario. Time starts with the first samples. */
async function play({ broker, subscriber, view, speed, forS }: Story): Promise<void> {
  await subscriber.firstSamples;
  const endS = Math.min(DEMO_TIMELINE.endS / speed, forS ?? Number.POSITIVE_INFINITY);
  const startMs = performance.now();
  const until = (seconds: number) => sleep(Math.max(0, seconds * 1000 - (performance.now() - startMs)));
  const [awayS, backS] = [BROKER_AWAY.fromS / speed, BROKER_AWAY.untilS / speed];
  if (awayS < endS) {
    await until(awayS);
    view?.broker('lost');
    view?.note('The link is cut: reports wait in the store.');
    await broker.stop();
    await until(Math.min(backS, endS));
    await broker.start();
    view?.note('The link is back.');
  }
  await until(endS);
  // The daemon comes back to a broker when its back-off says so, which may be after the end of the story.
  const patienceMs = performance.now() + LAST_REPORTS_MS;
  while (awayS < endS && !subscriber.isComplete && performance.now() < patienceMs) await sleep(100);
}

function terminalView(): TerminalView {
  const { stdout } = process;
  return new TerminalView({
    out: stdout,
    isTty: stdout.isTTY ?? false,
    hasColour: (stdout.isTTY ?? false) && stdout.hasColors(),
    size: () => ({ columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 }),
  });
}

async function died(child: ChildProcess, name: string): Promise<never> {
  const [code, signal] = await once(child, 'exit');
  throw new Error(`${name} ended by itself (${code ?? signal})`);
}

async function interrupted(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

await main(parseOptions());
