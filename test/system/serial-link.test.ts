import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { linkOpener } from '../../src/link/open.ts';
import type { SerialConfig } from '../../src/link/serial.ts';
import { LinkRecorder, neverAborted, recordLink, storyOf } from '../support/link-recorder.ts';
import { needsCommand } from '../support/needs.ts';
import { type Pty, playDevice, startPty } from '../support/pty.ts';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, value) => value));

async function plugIn(folder?: string): Promise<Pty> {
  const pty = await startPty(folder);
  onTestFinished(() => pty.kill());
  return pty;
}

function play(pty: Pty) {
  const device = playDevice(pty);
  onTestFinished(() => void device.destroy());
  const heard: Buffer[] = [];
  device.on('data', (bytes) => heard.push(bytes));
  return { device, heard: () => Buffer.concat(heard) };
}

/** A device that writes as fast as it can until it is unplugged. */
function streamInto(pty: Pty): ChildProcess {
  const script = 'exec cat /dev/zero > "$0" 2> /dev/null';
  const writer = spawn('sh', ['-c', script, pty.devicePath], { stdio: 'ignore' });
  onTestFinished(() => void writer.kill('SIGKILL'));
  return writer;
}

function configOf(pty: Pick<Pty, 'portPath'>, settings: Partial<SerialConfig> = {}): SerialConfig {
  const usual = { baudRate: 115_200, dataBits: 8, parity: 'none', stopBits: 1 } as const;
  return { type: 'serial', path: pty.portPath, ...usual, ...settings };
}

async function open(config: SerialConfig) {
  const heard = new LinkRecorder();
  const link = await linkOpener(config)(heard, neverAborted);
  onTestFinished(() => link.close());
  return { heard, link };
}

function settingsOf(pty: Pty): string {
  return spawnSync('stty', ['-a', '-F', pty.portPath], { encoding: 'utf8' }).stdout;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

describe.runIf(needsCommand('socat'))('a serial port', () => {
  test('passes every byte value on, unchanged, in both directions', async () => {
    const pty = await plugIn();
    const { device, heard: deviceHeard } = play(pty);
    const { link, heard } = await open(configOf(pty));
    device.write(ALL_BYTES);
    link.write(ALL_BYTES);
    await expect.poll(() => heard.sizeBytes).toBe(256);
    await expect.poll(() => deviceHeard().length).toBe(256);
    expect(Buffer.concat(heard.chunks).equals(ALL_BYTES)).toBe(true);
    expect(deviceHeard().equals(ALL_BYTES)).toBe(true);
  });

  test('sends nothing that the device said back to it', async () => {
    const pty = await plugIn();
    expect(settingsOf(pty)).toMatch(/ echo /);
    const { device, heard: deviceHeard } = play(pty);
    const { link, heard } = await open(configOf(pty));
    device.write('temperature:21.5\r\n');
    await expect.poll(() => heard.text).toBe('temperature:21.5\r\n');
    link.write(Buffer.from('end'));
    await expect.poll(() => deviceHeard().toString()).toBe('end');
  });

  test('gets the framing and any rate that is configured', async () => {
    const pty = await plugIn();
    await open(configOf(pty, { baudRate: 250_000, stopBits: 2 }));
    expect(settingsOf(pty)).toMatch(/ cstopb .* -crtscts/);
  });

  test('loses no byte of a stream that is paused again and again', async () => {
    const pty = await plugIn();
    const { device } = play(pty);
    const { link, heard } = await open(configOf(pty));
    const text = Array.from({ length: 20_000 }, (_, row) => `${row},${row * 3}\n`).join('');
    device.write(text);
    for (let round = 0; round < 10; round += 1) {
      link.pause();
      await sleep(5);
      link.resume();
      await sleep(5);
    }
    await expect.poll(() => heard.sizeBytes, { timeout: 5000 }).toBe(text.length);
    expect(heard.text).toBe(text);
  });

  test('is refused to a second program while it is open, and free once it is closed', async () => {
    const pty = await plugIn();
    const { link } = await open(configOf(pty));
    await expect(open(configOf(pty))).rejects.toMatchObject({
      code: 'LINK_UNAVAILABLE',
      message: `Cannot open ${pty.portPath}: it is in use by another program`,
    });
    await link.close();
    await open(configOf(pty));
  });

  test('closes once and without an error when it is told to', async () => {
    const pty = await plugIn();
    streamInto(pty);
    const { link, heard } = await open(configOf(pty));
    await expect.poll(() => heard.sizeBytes).toBeGreaterThan(100_000);
    await Promise.all([link.close(), link.close()]);
    await sleep(50);
    expect([heard.closes, heard.lateBytes]).toEqual([[undefined], 0]);
  });

  test('is lost when the device takes no more bytes', async () => {
    const pty = await plugIn();
    const { link, heard } = await open(configOf(pty));
    link.write(Buffer.alloc(1_000_000));
    await expect
      .poll(() => heard.closes)
      .toMatchObject([{ code: 'LINK_LOST', message: expect.stringContaining('takes no data') }]);
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'that is unplugged while it streams flat out closes once and is quiet (%i)',
    async () => {
      const pty = await plugIn();
      const writer = streamInto(pty);
      const { heard } = await open(configOf(pty));
      await expect.poll(() => heard.sizeBytes).toBeGreaterThan(1_000_000);
      await pty.kill();
      await expect.poll(() => heard.closes, { timeout: 3000 }).toMatchObject([{ code: 'LINK_LOST' }]);
      if (writer.exitCode === null) await once(writer, 'exit');

      const beforeMs = cpuMs();
      await sleep(400);
      expect(cpuMs() - beforeMs, 'CPU time after the close: the reader must not spin').toBeLessThan(200);
      expect([heard.closes.length, heard.lateBytes]).toEqual([1, 0]);
    },
  );

  test('that is unplugged while it is quiet closes once', async () => {
    const pty = await plugIn();
    const { heard } = await open(configOf(pty));
    await pty.kill();
    await expect.poll(() => heard.closes).toMatchObject([{ code: 'LINK_LOST' }]);
  });

  test('leaves no descriptor open, however often it is opened', async () => {
    const pty = await plugIn();
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const reopen = async () => (await linkOpener(configOf(pty))(new LinkRecorder(), neverAborted)).close();
    await reopen();
    const before = descriptors();
    for (let round = 0; round < 10; round += 1) await reopen();
    expect(descriptors()).toBe(before);
  });

  test('that is missing, or no serial port, is refused with the reason', async () => {
    await expect(open(configOf({ portPath: '/dev/fieldnote-none' }))).rejects.toMatchObject({
      code: 'LINK_UNAVAILABLE',
      message: expect.stringContaining('there is no such port'),
    });
    await expect(open(configOf({ portPath: '/dev/null' }))).rejects.toMatchObject({
      code: 'LINK_UNAVAILABLE',
      message: expect.stringContaining('there is no serial port behind it'),
    });
  });
});

describe.runIf(needsCommand('socat'))('a serial source that is kept open', () => {
  function follow(pty: Pty, silenceTimeoutMs = 60_000) {
    const recorded = recordLink({ open: linkOpener(configOf(pty)), silenceTimeoutMs });
    onTestFinished(() => recorded.link.stop());
    return recorded;
  }

  test('comes back when the device is plugged in again at the same path', async () => {
    const first = await plugIn();
    const { states, heard } = follow(first);
    // What a device sends before its port is open is lost, as on a wire.
    await expect.poll(() => storyOf(states)).toBe('open');
    play(first).device.write('before ');
    await expect.poll(() => heard.text).toBe('before ');
    await first.kill();
    await expect.poll(() => storyOf(states)).toContain('LINK_UNAVAILABLE');
    const second = await plugIn(first.folder);
    await expect.poll(() => storyOf(states), { timeout: 5000 }).toMatch(/open$/);
    play(second).device.write('after');
    await expect.poll(() => heard.text).toBe('before after');
    expect(storyOf(states)).toMatch(/^open, LINK_LOST, (LINK_UNAVAILABLE, )+open$/);
  });

  test('is closed and opened again when it is mute, and then heard', async () => {
    const pty = await plugIn();
    const { states, heard } = follow(pty, 100);
    await expect.poll(() => storyOf(states)).toMatch(/^open, LINK_SILENT, open/);
    const { device } = play(pty);
    await expect.poll(() => device.write('x') && heard.sizeBytes).toBeGreaterThan(0);
  });
});
