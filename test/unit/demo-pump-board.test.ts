import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { seededRandom } from '../../demo/noise.ts';
import { createPump, PUMP_CHANNELS } from '../../demo/pump.ts';
import { type PumpBoard, type PumpBoardOptions, sensorVolts, startPumpBoard } from '../../demo/pump-board.ts';
import { healthy } from '../../demo/scenario.ts';
import { createDecoder } from '../../src/decode/decoder.ts';
import type { Device } from '../../src/values/device.ts';
import type { Decoded, Sample } from '../../src/values/sample.ts';
import { root } from '../support/source-tree.ts';

const DESCRIPTOR = join(root, 'firmware-bridge/examples/UnoPump/descriptor.json');
const FIELDS: { name: string; unit: string }[] = JSON.parse(readFileSync(DESCRIPTOR, 'utf8')).streams[0]
  .fields;

describe('sensors', () => {
  test('of the firmware are sensors of the pump, in the same units', () => {
    const units = new Map<string, string>(PUMP_CHANNELS.map(({ key, unit }) => [key, unit]));
    for (const { name, unit } of FIELDS) expect(units.get(name), name).toBe(unit);
  });

  test('give voltages that the board can measure, throughout a healthy run', () => {
    const pump = createPump({ seed: 1, scenario: healthy });
    for (let step = 0; step < 1000; step++)
      for (const volts of sensorVolts(pump.step(0.1))) {
        expect(volts).toBeGreaterThan(0);
        expect(volts).toBeLessThan(5);
      }
  });

  test('are in the order of the analog inputs', () => {
    const reading = {
      ...createPump({ seed: 1, scenario: healthy }).step(0.1),
      flow: 204.8,
      temp_motor: 62.4,
    };
    expect(sensorVolts(reading)[4]).toBeCloseTo(2.5);
    expect(sensorVolts(reading)[5]).toBeCloseTo(2.5);
  });
});

describe('pump on a board', () => {
  let folder: string;
  let socketPath: string;
  let board: PumpBoard | undefined;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldnote-pump-'));
    socketPath = join(folder, 'pump.sock');
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    board?.close();
    board = undefined;
    await rm(folder, { recursive: true });
  });

  async function start(options: Partial<PumpBoardOptions> = {}): Promise<void> {
    board = await startPumpBoard({
      socketPath,
      pump: createPump({ seed: 1, scenario: healthy }),
      random: seededRandom(2),
      speed: 25,
      bootCount: 1,
      // A busy machine has time for everything else.
      waitStates: 4,
      onSlower() {},
      damagedShare: 0,
      ...options,
    });
  }

  async function plugIn(): Promise<Socket> {
    const socket = connect(socketPath);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** What a host that knows nothing makes of the bytes; grows. */
  function listen(socket: Socket): Decoded[] {
    const heard: Decoded[] = [];
    const send = (bytes: Uint8Array) => socket.write(bytes);
    const decoder = createDecoder({ source: 'pump', protocol: 'auto', send });
    socket.on('data', (bytes) => heard.push(...decoder.decode(bytes, performance.now())));
    return heard;
  }

  const deviceIn = (heard: readonly Decoded[]) =>
    heard.find((item): item is Device => item.kind === 'device');
  const samplesIn = (heard: readonly Decoded[]) =>
    heard.filter((item): item is Sample => item.kind === 'sample');
  const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 15_000 });

  test('brings its channels with names and units to a host that knows nothing of it', async () => {
    await start();
    const heard = listen(await plugIn());
    await until(() => samplesIn(heard).length > 0);
    expect(deviceIn(heard)?.channels.map(({ name, unit }) => ({ name, unit }))).toEqual(
      FIELDS.map(({ name, unit }) => ({ name: `pump.${name}`, unit })),
    );
    const { names = [], values = [] } = samplesIn(heard)[0] ?? {};
    expect(values[names.indexOf('pump.flow')]).toBeGreaterThan(200);
  });

  test('is the faster pump of a board in real time', async () => {
    let pumpS = 0;
    const pump = createPump({ seed: 1, scenario: healthy });
    await start({
      pump: {
        step(stepS) {
          pumpS += stepS;
          return pump.step(stepS);
        },
      },
    });
    const startMs = performance.now();
    const heard = listen(await plugIn());
    await until(() => samplesIn(heard).length > 50);
    const elapsedS = (performance.now() - startMs) / 1000;
    expect(pumpS / 25).toBeLessThan(elapsedS + 0.1);
    expect(pumpS / 25).toBeGreaterThan(1);
  });

  test('goes on without a reader, and is not booted by the next one', async () => {
    await start();
    const first = await plugIn();
    const heard = listen(first);
    await until(() => deviceIn(heard) !== undefined);
    first.destroy();
    const again = listen(await plugIn());
    await until(() => samplesIn(again).length > 0);
    expect(deviceIn(again)?.bootId).toBe(deviceIn(heard)?.bootId);
    expect(samplesIn(again)[0]?.deviceMs).toBeGreaterThan(samplesIn(heard).at(-1)?.deviceMs ?? 0);
  });

  test('a new reader takes the place of the old one', async () => {
    await start();
    const first = await plugIn();
    first.resume();
    const closed = once(first, 'close');
    const heard = listen(await plugIn());
    await closed;
    await until(() => samplesIn(heard).length > 0);
  });

  test('noise on the line costs frames, and what is left is true and counted', async () => {
    await start({ damagedShare: 1 / 300 });
    const heard = listen(await plugIn());
    await until(() => heard.some(({ kind }) => kind === 'loss') && samplesIn(heard).length > 0);
    expect(heard.some(({ kind }) => kind === 'noise')).toBe(true);
    for (const { names, values } of samplesIn(heard)) {
      expect(values[names.indexOf('pump.flow')]).toBeGreaterThan(200);
      expect(values[names.indexOf('pump.flow')]).toBeLessThan(300);
    }
  });

  test('slows its core down, and says so, when the machine does not keep up', async () => {
    const said: number[] = [];
    const pump = createPump({ seed: 1, scenario: healthy });
    await start({
      waitStates: 3,
      onSlower: (waitStates) => said.push(waitStates),
      pump: {
        step(stepS) {
          for (const endMs = performance.now() + 6; performance.now() < endMs; );
          return pump.step(stepS);
        },
      },
    });
    (await plugIn()).resume();
    await until(() => said.length > 0);
    expect(said).toEqual([4]);
  });

  test('says why it cannot listen', async () => {
    await start();
    await expect(start()).rejects.toThrow(/EADDRINUSE/);
  });

  test('removes its socket when it is closed', async () => {
    await start();
    board?.close();
    await vi.waitUntil(() => !existsSync(socketPath));
  });

  test('says when it listens and ends when its parent goes away', async () => {
    const child = fork('demo/pump-board.ts', ['--socket', socketPath, '--speed', '25']);
    expect((await once(child, 'message'))[0]).toEqual({ waitStates: expect.any(Number) });
    child.disconnect();
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect(existsSync(socketPath)).toBe(false);
  });

  test('refuses bad arguments with exit code 2', async () => {
    const child = fork('demo/pump-board.ts', ['--socket', socketPath, '--speed', '0'], { silent: true });
    expect((await once(child, 'exit'))[0]).toBe(2);
  });
});
