import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { Broker } from '../test/support/broker.ts';
import { demoConfig } from './config.ts';
import { DEMO_TIMELINE } from './scenario.ts';
import { Subscriber } from './subscriber.ts';
import { TerminalView } from './view.ts';

/**
 * The main job in under a minute: an emulated pump speaks over a byte link to the real daemon, which learns it,
 * watches it and reports its two faults to a broker. In the middle the broker goes away for some seconds; what the
 * daemon reports meanwhile arrives when it is back.
 */

/** The broker is away while the valve is being opened again, so that the end of that incident is reported then. */
const BROKER_AWAY = { fromS: DEMO_TIMELINE.valve.startS + 120, untilS: DEMO_TIMELINE.deposit.startS - 20 };
const SAMPLE_RATE_HZ = 10;

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
    .description('An emulated pump, the real daemon, a broker: learning, two faults, and a link that is cut.')
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
  writeFileSync(configPath, demoConfig({ dataDir: dir, socketPath, brokerPort: broker.port, speed }));
  const pump = fork(join(import.meta.dirname, 'pump-device.ts'), pumpArguments({ socketPath, seed, speed }));
  await once(pump, 'message');
  const daemon = spawn(
    process.execPath,
    [join(import.meta.dirname, '../src/cli/main.ts'), 'run', '--config', configPath],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const view = json ? undefined : terminalView();
  const subscriber = new Subscriber({ broker, view, json });
  try {
    await Promise.race([
      play({ broker, subscriber, view, speed, forS: options.for }),
      died(daemon),
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

function pumpArguments({
  socketPath,
  seed,
  speed,
}: {
  socketPath: string;
  seed: number;
  speed: number;
}): string[] {
  const rate = String(SAMPLE_RATE_HZ);
  return ['--socket', socketPath, '--seed', String(seed), '--speed', String(speed), '--rate', rate];
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

async function died(daemon: ChildProcess): Promise<never> {
  const [code, signal] = await once(daemon, 'exit');
  throw new Error(`the daemon ended by itself (${code ?? signal})`);
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
