import { spawnSync } from 'node:child_process';
import { realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { profileSchema } from '../../src/modbus/profile.ts';
import { blocksOf, placedChannels } from '../../src/modbus/registers.ts';
import { Slave } from '../../src/modbus/slave.ts';
import { newFolder, runFieldnote, writeConfig } from '../support/daemon.ts';
import {
  clock,
  openTestLine,
  startOddSlave,
  startPymodbus,
  type Tally,
  type TestLine,
  tallyIn,
} from '../support/modbus-rig.ts';
import { needsCommand, needsInstalled } from '../support/needs.ts';
import { registerOf } from '../support/odd-slave.ts';
import { DEBIAN_PYTHON, needsModule } from '../support/python.ts';

const isNightly = process.env['FIELDNOTE_NIGHTLY'] === '1';
/** 100,000 with a reply that is late every seventh time last three minutes; a tenth of it runs each time. */
const REQUESTS = isNightly ? 100_000 : 10_000;
const LATE_EVERY = 7;
/** Short, so that many requests fit; what counts is that late is later than the wait. */
const ANSWER_MS = 5;
const LATE_MS = 8;
const SHORT = { characterMs: 0, pauseMs: 0, settleMs: 2 } as const;
/** 3.5 characters at 115200 baud, and what the daemon waits for. */
const USUAL = { characterMs: 10 / 115.2, pauseMs: 1.75, settleMs: 50 } as const;
const USUAL_ANSWER_MS = 340;

async function readMany(
  { bus }: TestLine,
  count: number,
  registers: number,
  answerMs: number,
): Promise<Tally> {
  const tally: Tally = { right: 0, wrong: 0, failed: 0 };
  for (let at = 0; at < count; at += 1) {
    const address = (at % 5) * 100;
    const answer = await bus.ask({ unit: 1, function: 3, address, count: registers }, { answerMs });
    tallyIn(tally, answer, address);
  }
  return tally;
}

/** Units on one line, each read every so often for so long: how many answers each gave. */
async function countAnswers(line: TestLine, units: readonly number[], everyMs: number, forMs: number) {
  const profile = profileSchema.parse({
    ...{ title: 'one block', source: 'this test', checked: 'device' },
    channels: { first: { register: 0 }, last: { register: 9 } },
  });
  const answers = new Map(units.map((unit) => [unit, 0]));
  const slaves = units.map((unit) => {
    return new Slave({
      ...{ unit, blocks: blocksOf(placedChannels(profile), profile), everyMs, answerMs: USUAL_ANSWER_MS },
      ...{ clock, random: () => 0.5, onFailure: () => undefined, onState: () => undefined },
      onValues(_, [first]) {
        expect(first?.value).toBe(registerOf(unit, 0));
        answers.set(unit, (answers.get(unit) ?? 0) + 1);
      },
    });
  });
  for (const slave of slaves) slave.start(line.bus);
  await sleep(forMs);
  await Promise.all(slaves.map((slave) => slave.stop()));
  return answers;
}

describe.runIf(needsCommand('socat'))('Modbus over a pseudo-terminal', { timeout: 900_000 }, () => {
  test(`takes no wrong value in ${REQUESTS} requests with a late reply every ${LATE_EVERY}th time`, async () => {
    await using port = await startOddSlave([1], LATE_EVERY, { lateMs: LATE_MS });
    await using line = await openTestLine(port.pty.portPath, SHORT);
    const beganMs = performance.now();
    const tally = await readMany(line, REQUESTS, 10, ANSWER_MS);
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
    console.log(
      `late every ${LATE_EVERY}th: ${tally.right} right, ${tally.wrong} wrong, ${tally.failed} failed in ${seconds} s; ` +
        `${line.late.length} came late, the last one after ${line.bus.latestMs.toFixed(0)} ms`,
    );
    expect(tally.wrong).toBe(0);
    expect(tally.right).toBeGreaterThan(0);
    expect(line.late.length).toBeGreaterThan(REQUESTS / 20);
  });

  test('would take wrong values without the quarantine', async () => {
    await using port = await startOddSlave([1], LATE_EVERY, { lateMs: LATE_MS });
    await using line = await openTestLine(port.pty.portPath, SHORT, { hasQuarantine: false });
    const tally = await readMany(line, 2000, 10, ANSWER_MS);
    console.log(`without quarantine: ${tally.right} right, ${tally.wrong} wrong, ${tally.failed} failed`);
    expect(tally.wrong).toBeGreaterThan(100);
  });

  test.each([
    'truncated',
    'damaged',
    'wrong-unit',
    'wrong-function',
    'wrong-length',
    'exception',
    'noise',
    'echo',
  ] as const)('takes no wrong value from replies that are %s every third time', async (conduct) => {
    await using port = await startOddSlave([1], 3, conduct);
    await using line = await openTestLine(port.pty.portPath, SHORT);
    const tally = await readMany(line, 100, 10, ANSWER_MS);
    console.log(`${conduct}: ${tally.right} right, ${tally.wrong} wrong, ${tally.failed} failed`);
    expect(tally.wrong).toBe(0);
    expect(tally.right).toBeGreaterThan(0);
  });

  test('goes on after a reply that was dropped, and says how soon', async () => {
    await using port = await startOddSlave([1], 4, 'silent');
    await using line = await openTestLine(port.pty.portPath, USUAL);
    const recoveries: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      let failedMs: number | undefined;
      for (;;) {
        const answer = await line.bus.ask(
          { unit: 1, function: 3, address: 0, count: 10 },
          { answerMs: USUAL_ANSWER_MS },
        );
        if (answer.kind === 'silent') failedMs ??= clock.monoMs();
        else if (failedMs !== undefined) {
          recoveries.push(clock.monoMs() - failedMs);
          break;
        }
      }
    }
    const shown = recoveries.map((ms) => ms.toFixed(0)).join(', ');
    console.log(
      `recovery after a dropped reply, with a timeout of ${USUAL_ANSWER_MS} ms: ${shown} ms after it`,
    );
    expect(recoveries).toHaveLength(5);
  });
});

const hasClients = needsCommand('socat') && needsInstalled('build/modbus-clients/node_modules/jsmodbus');

describe.runIf(hasClients)('Modbus on a clean line', { timeout: 300_000 }, () => {
  const COUNT = 3000;

  async function ourRate(): Promise<number> {
    await using port = await startOddSlave([1], 2 ** 40, 'right');
    await using line = await openTestLine(port.pty.portPath, { ...SHORT, settleMs: 50 });
    const beganMs = performance.now();
    const tally = await readMany(line, COUNT, 40, 1000);
    expect(tally).toEqual({ right: COUNT, wrong: 0, failed: 0 });
    return (COUNT / (performance.now() - beganMs)) * 1000;
  }

  async function rateOf(client: string): Promise<number> {
    await using port = await startOddSlave([1], 2 ** 40, 'right');
    const program = join(import.meta.dirname, 'npm-modbus-client.ts');
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [program, client, port.pty.portPath, String(COUNT)],
      {
        encoding: 'utf8',
      },
    );
    if (!(Number(stdout) > 0)) throw new Error(`${client} gave no rate: ${stderr}`);
    return Number(stdout);
  }

  test('is at least 0.8 times as fast as the faster client from npm', { retry: 2 }, async () => {
    const rates = { ours: [] as number[], 'modbus-serial': [] as number[], jsmodbus: [] as number[] };
    for (let round = 0; round < 2; round += 1) {
      rates.ours.push(await ourRate());
      for (const client of ['modbus-serial', 'jsmodbus'] as const) rates[client].push(await rateOf(client));
    }
    const best = (of: keyof typeof rates) => Math.max(...rates[of]);
    const ratio = best('ours') / Math.max(best('modbus-serial'), best('jsmodbus'));
    console.log(
      `requests per second: ours ${best('ours').toFixed(0)}, modbus-serial ${best('modbus-serial').toFixed(0)}, ` +
        `jsmodbus ${best('jsmodbus').toFixed(0)}: ${ratio.toFixed(2)} times the faster one`,
    );
    expect(ratio).toBeGreaterThanOrEqual(0.8);
  });
});

const hasPymodbus = needsCommand('socat') && needsModule(DEBIAN_PYTHON, 'pymodbus.server');

describe.runIf(hasPymodbus)('Modbus with slaves by pymodbus', { timeout: 300_000 }, () => {
  const LIVING = [1, 2, 3, 5, 6, 7, 9, 10, 11];
  const ALL = Array.from({ length: 12 }, (_, at) => at + 1);

  async function pymodbusLine() {
    const port = await startPymodbus(LIVING);
    const line = await openTestLine(port.pty.portPath, USUAL);
    const asked = () =>
      line.bus.ask({ unit: 1, function: 3, address: 0, count: 1 }, { answerMs: 200, isProbe: true });
    // It tells nobody when it is ready.
    await expect.poll(async () => (await asked()).kind, { timeout: 60_000 }).toBe('data');
    return {
      port,
      line,
      async [Symbol.asyncDispose]() {
        await line[Symbol.asyncDispose]();
        await port[Symbol.asyncDispose]();
      },
    };
  }

  test('reads all four tables, the name, and what is refused', async () => {
    await using rig = await pymodbusLine();
    const ask = (request: object) => rig.line.bus.ask({ unit: 1, ...request } as never, { answerMs: 2000 });
    for (const code of [3, 4]) {
      const answer = await ask({ function: code, address: 20, count: 125 });
      const view = new DataView(answer.kind === 'data' ? answer.data.buffer : new ArrayBuffer(0));
      expect(view.getUint16(2 * 124)).toBe(registerOf(1, 144));
    }
    for (const code of [1, 2]) {
      const answer = await ask({ function: code, address: 3, count: 12 });
      expect(answer).toMatchObject({ kind: 'data', data: Uint8Array.of(0x55, 0x05) });
    }
    expect(await ask({ function: 3, address: 5000, count: 1 })).toMatchObject({ kind: 'exception', code: 2 });
    expect(
      Buffer.from(((await ask({ function: 43, object: 0 })) as { data: Uint8Array }).data).toString(),
    ).toContain('P-1');
    expect((await ask({ function: 6, address: 9, value: 4711 })).kind).toBe('data');
    expect((await ask({ function: 16, address: 10, values: [1, 2] })).kind).toBe('data');
    expect((await ask({ function: 5, address: 2, value: true })).kind).toBe('data');
    expect((await ask({ function: 15, address: 4, values: [true, false, true] })).kind).toBe('data');
    const back = await ask({ function: 3, address: 9, count: 3 });
    expect(back).toMatchObject({ data: Uint8Array.of(4711 >> 8, 4711 & 0xff, 0, 1, 0, 2) });
  });

  test('three dead units of twelve leave the other nine their rate', { retry: 2 }, async () => {
    await using rig = await pymodbusLine();
    const forMs = isNightly ? 60_000 : 10_000;
    for (const everyMs of isNightly ? [1000, 100] : [1000]) {
      const alone = await countAnswers(rig.line, LIVING, everyMs, forMs);
      const mixed = await countAnswers(rig.line, ALL, everyMs, forMs);
      const shares = LIVING.map((unit) => (mixed.get(unit) ?? 0) / (alone.get(unit) ?? 1));
      const sum = (of: Map<number, number>) => LIVING.reduce((total, unit) => total + (of.get(unit) ?? 0), 0);
      const text = `${sum(alone)} answers of nine alone, ${sum(mixed)} with three dead, the worst unit ${Math.min(...shares).toFixed(3)}`;
      console.log(`every ${everyMs} ms for ${forMs / 1000} s: ${text}`);
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.9);
    }
  });

  test('a value is written from the command line only where the configuration allows it', async () => {
    await using rig = await pymodbusLine();
    await rig.line[Symbol.asyncDispose]();
    await using folder = await newFolder();
    const profile = join(folder.path, 'own.yaml');
    const channels =
      '{ wanted: { register: 50, scale: 0.1, unit: bar, write: [0, 10] }, other: { register: 51 } }';
    await writeFile(profile, `title: own\nsource: this test\nchecked: device\nchannels: ${channels}\n`);
    const link = { type: 'serial', path: await realpath(rig.port.pty.portPath), baudRate: 115_200 };
    const sources = { plc: { protocol: 'modbus', link, modbus: { unit: 1, profile, write: ['wanted'] } } };
    const config = writeConfig(folder.path, { site: 's', node: 'n', sources, assets: {} });
    const write = (...words: string[]) =>
      runFieldnote('modbus', 'write', ...words, '--config', config, '--source', 'plc');
    expect(await write('wanted', '4.2')).toMatchObject({ exitCode: 0, stdout: 'wanted is 4.2 bar now\n' });
    expect(await write('wanted', '40')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('from 0 to 10'),
    });
    expect(await write('other', '1')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('may not be written'),
    });
  });

  test('a scan from the command line finds those that are there, by their names', async () => {
    await using rig = await pymodbusLine();
    await rig.line[Symbol.asyncDispose]();
    const at = ['--port', rig.port.pty.portPath, '--baud', '115200'];
    const scan = await runFieldnote('modbus', 'scan', ...at, '--units', '1-5', '--json');
    const { found } = JSON.parse(scan.stdout) as { found: { unit: number; identity: string }[] };
    expect(found.map(({ unit, identity }) => `${unit} ${identity}`)).toEqual(
      [1, 2, 3, 5].map((unit) => `${unit} Example P-1 2.3`),
    );
    const read = await runFieldnote(
      'modbus',
      'read',
      ...at,
      '--unit',
      '2',
      '--register',
      '7',
      '--count',
      '2',
      '--json',
    );
    expect(JSON.parse(read.stdout)).toEqual({ r7: registerOf(2, 7), r8: registerOf(2, 8) });
    const dead = await runFieldnote('modbus', 'read', ...at, '--unit', '4', '--register', '7');
    expect([dead.exitCode, dead.stderr]).toEqual([
      1,
      expect.stringMatching(/Unit 4 .* no answer: check the unit/),
    ]);
  });
});
