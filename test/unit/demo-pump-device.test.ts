import { isUtf8 } from 'node:buffer';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { seededRandom } from '../../demo/noise.ts';
import { createPump, PUMP_CHANNELS } from '../../demo/pump.ts';
import { type PumpDevice, type PumpDeviceOptions, startPumpDevice } from '../../demo/pump-device.ts';
import { healthy } from '../../demo/scenario.ts';
import { damage, restOf, serialLine } from '../../demo/serial-text.ts';

const reading = createPump({ seed: 1, scenario: healthy }).step(0.1);
const line = serialLine(reading);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('serial text', () => {
  test('is one JSON object a line, with the time and all channels', () => {
    expect(line.endsWith('}\n')).toBe(true);
    const values = JSON.parse(line) as Record<string, number>;
    expect(Object.keys(values)).toEqual(['t', ...PUMP_CHANNELS.map(({ key }) => key)]);
    expect(values['t']).toBe(0.1);
    expect(values['flow']).toBeCloseTo(reading.flow, 1);
  });

  test('damage never turns a reading into another one', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const damaged = damage(line, seededRandom(seed));
        expect(damaged.toString()).not.toBe(line);
        for (const piece of isUtf8(damaged) ? damaged.toString().split('\n') : [])
          if (isJson(piece)) expect(`${piece}\n`).toBe(line);
      }),
    );
  });

  test('the rest of a line is a real part of it, up to its end', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const rest = restOf(line, seededRandom(seed));
        expect(line.endsWith(rest)).toBe(true);
        expect(rest.length).toBeGreaterThan(0);
        expect(rest.length).toBeLessThan(line.length);
      }),
    );
  });
});

describe('pump device', () => {
  let folder: string;
  let socketPath: string;
  let device: PumpDevice | undefined;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldnote-pump-'));
    socketPath = join(folder, 'pump.sock');
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    device?.close();
    device = undefined;
    await rm(folder, { recursive: true });
  });

  async function start(options: Partial<PumpDeviceOptions> = {}): Promise<void> {
    const pump = createPump({ seed: 1, scenario: healthy });
    const random = seededRandom(2);
    device = await startPumpDevice({
      socketPath,
      pump,
      random,
      rateHz: 10,
      speed: 50,
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

  /** Complete lines as they come; the text so far grows in `text`. */
  async function read(socket: Socket, linesMin: number): Promise<string[]> {
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
    });
    await vi.waitUntil(() => text.split('\n').length > linesMin, { timeout: 5000 });
    socket.removeAllListeners('data');
    return text.split('\n').slice(0, -1);
  }

  const timesOf = (lines: readonly string[]) => lines.map((text) => (JSON.parse(text) as { t: number }).t);

  test('starts in the middle of a line and then misses no sample', async () => {
    await start();
    const [first = '', ...lines] = await read(await plugIn(), 30);
    expect(first.startsWith('{')).toBe(false);
    const times = timesOf(lines);
    expect(times[0]).toBeCloseTo(0.2);
    for (const [at, t] of times.entries()) expect(t).toBeCloseTo(0.2 + at * 0.1, 3);
  });

  test('time waits for the first reader and then goes on without one', async () => {
    await start();
    const first = await plugIn();
    const last = timesOf((await read(first, 10)).slice(-1))[0] ?? Number.NaN;
    first.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const [, next = ''] = await read(await plugIn(), 3);
    expect(timesOf([next])[0]).toBeGreaterThan(last + 3);
  });

  test('a new reader takes the place of the old one', async () => {
    await start();
    const first = await plugIn();
    first.resume();
    const closed = once(first, 'close');
    const second = await plugIn();
    await closed;
    expect((await read(second, 5)).length).toBeGreaterThanOrEqual(5);
  });

  test('time stands still for a reader that does not read, and nothing is lost', async () => {
    let steps = 0;
    const pump = createPump({ seed: 1, scenario: healthy });
    await start({
      speed: 20_000,
      pump: {
        step(stepS) {
          steps++;
          return pump.step(stepS);
        },
      },
    });
    const socket = await plugIn();
    let before = 0;
    const isStill = () => {
      const isSame = steps > 1 && steps === before;
      before = steps;
      return isSame;
    };
    await vi.waitUntil(isStill, { timeout: 5000, interval: 200 });
    const [, ...lines] = await read(socket, steps);
    for (const [at, t] of timesOf(lines).entries()) expect(t).toBeCloseTo(0.2 + at * 0.1, 2);
  });

  test('sends damaged lines, and readable ones after them', async () => {
    await start({ damagedShare: 0.2 });
    const [, ...lines] = await read(await plugIn(), 100);
    const isReadable = (text: string) =>
      text.startsWith('{"t":') && text.endsWith('}') && !/[^ -~]/.test(text);
    const readable = lines.filter(isReadable).length;
    expect(readable).toBeGreaterThan(50);
    expect(readable).toBeLessThan(lines.length);
  });

  test('says why it cannot listen', async () => {
    await start();
    await expect(start()).rejects.toThrow(/EADDRINUSE/);
  });

  test('removes its socket when it is closed', async () => {
    await start();
    device?.close();
    await vi.waitUntil(() => !existsSync(socketPath));
  });

  test('ends when its parent goes away', async () => {
    const child = fork('demo/pump-device.ts', ['--socket', socketPath, '--speed', '25']);
    expect((await once(child, 'message'))[0]).toBe('listening');
    child.disconnect();
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect(existsSync(socketPath)).toBe(false);
  });

  test('refuses bad arguments with exit code 2', async () => {
    const child = fork('demo/pump-device.ts', ['--socket', socketPath, '--speed', '0'], { silent: true });
    expect((await once(child, 'exit'))[0]).toBe(2);
  });
});
