import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { newFolder, writeConfig } from '../support/daemon.ts';
import { Machine, machineConfig } from '../support/machine.ts';
import { needsCommand } from '../support/needs.ts';
import { type DiskStep, diskSteps, straceArguments } from '../support/system-calls.ts';
import { type Written, writtenAfter } from '../support/written.ts';

/** What flash should bear for years: figures of a system call count, not of what the card makes of it. */
const KIB = 1024;
const INCIDENT_BYTES_MAX = 15_000;
const INCIDENT_SYNCS_MAX = 2.1;
/** Reports of 2 KiB and a state of 2 KiB, as a machine with three channels has them. */
const LARGE_INCIDENT_BYTES_MAX = 18_700;
const IDLE_DAY_BYTES_MAX = 5 * KIB * KIB;

const INCIDENTS = 500;
/** One opens an incident and one closes it. */
const REPORTS = 2 * INCIDENTS;
/** A day in half a minute. */
const SPEED = 2880;
const WATCHING = 'watching pump';
const DAY_MS = 24 * 3_600_000;

const root = join(import.meta.dirname, '../..');

describe.runIf(needsCommand('strace'))('what is written to flash', () => {
  test('per incident with reports of 1 KiB, opened and closed, is bounded in bytes and in syncs', async () => {
    const written = await writtenForIncidents({ reportBytes: 1024, stateBytes: 100 });
    expect(written.bytes).toBeGreaterThan(REPORTS * KIB);
    expect(written.bytes / INCIDENTS).toBeLessThan(INCIDENT_BYTES_MAX);
    expect(written.syncs / INCIDENTS).toBeLessThan(INCIDENT_SYNCS_MAX);
  }, 120_000);

  test('per incident of three channels, with all that is known of it, is bounded too', async () => {
    const written = await writtenForIncidents({ reportBytes: 2048, stateBytes: 2048 });
    expect(written.bytes / INCIDENTS).toBeLessThan(LARGE_INCIDENT_BYTES_MAX);
    expect(written.syncs / INCIDENTS).toBeLessThan(INCIDENT_SYNCS_MAX);
  }, 120_000);

  test('on a day of watching on which nothing happens is bounded in bytes', async () => {
    await using folder = await newFolder();
    const trace = join(folder.path, 'trace');
    const steps = await watchForDay(folder.path, trace);
    const written = writtenAfter(steps, WATCHING);
    print(`an idle day (simulated, ${SPEED} times as fast)`, written, 1);
    expect(written.bytes).toBeLessThan(IDLE_DAY_BYTES_MAX);
  }, 300_000);
});

/** Lets a store live through incidents; resolves to what it wrote for them. */
async function writtenForIncidents({ reportBytes, stateBytes }: { reportBytes: number; stateBytes: number }) {
  await using folder = await newFolder();
  const trace = join(folder.path, 'trace');
  const data = join(folder.path, 'data');
  const sizes = [INCIDENTS, reportBytes, stateBytes].map(String);
  const program = [process.execPath, join(root, 'test/crash/store-incidents.ts'), data, ...sizes];
  const { stdout, stderr } = spawnSync('strace', [...straceArguments(trace), ...program], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const written = writtenAfter(diskSteps(readFileSync(trace, 'utf8'), data), 'begin');
  print(`an incident, opened and closed (${INCIDENTS}; ${stdout.trim()})`, written, INCIDENTS);
  return written;
}

/** Runs the daemon until it has watched a simulated day; resolves to what it did to its data. */
async function watchForDay(folder: string, trace: string): Promise<DiskStep[]> {
  using machine = new Machine(join(folder, 'machine.sock'));
  const dataDir = join(folder, 'data');
  const { mqtt, ...config } = machineConfig({ dataDir, socketPath: machine.path, brokerPort: 1 });
  const sources = { mcu: { ...config.sources.mcu, time: 'arrival' } };
  const assets = { pump: { ...config.assets.pump, window: WINDOW, learn: { for: '6h' } } };
  const configPath = writeConfig(folder, { ...config, sources, assets });
  const fast = ['--import', join(root, 'test/support/fast-time.ts')];
  const program = [process.execPath, ...fast, join(root, 'src/cli/main.ts'), 'run', '--config', configPath];
  const strace = spawn('strace', [...straceArguments(trace), ...program], {
    env: { ...process.env, FIELDNOTE_TEST_SPEED: `${SPEED}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(strace, 'close');
  const lines = createInterface({ input: strace.stdout });
  await new Promise<void>((resolve) => lines.on('line', (line) => line.includes(WATCHING) && resolve()));
  await sleep(DAY_MS / SPEED);
  const daemon = readFileSync(`/proc/${strace.pid}/task/${strace.pid}/children`, 'utf8');
  process.kill(Number(daemon), 'SIGTERM');
  await closed;
  return diskSteps(readFileSync(trace, 'utf8'), dataDir);
}

const WINDOW = { rateHz: 1 / 60, length: '15min', step: '1min', hold: '5min' };

function print(what: string, { bytes, syncs, byFile }: Written, count: number): void {
  const files = [...byFile].map(
    ([path, size]) => `${path.split('/').at(-1)} ${(size / KIB / count).toFixed(1)}`,
  );
  const figures = `${(bytes / KIB / count).toFixed(1)} KiB and ${(syncs / count).toFixed(2)} syncs`;
  console.log(`${what}: ${figures}; KiB by file: ${files.join(', ') || 'none'}`);
}
