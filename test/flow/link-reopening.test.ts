import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { linkOpener } from '../../src/link/open.ts';
import type { LinkHandlers, OpenLinkFunction } from '../../src/link/open-link.ts';
import type { LinkOptions } from '../../src/link/reopening.ts';
import { recordingClock, systemClock } from '../../src/system/clock.ts';
import { FieldnoteError } from '../../src/system/errors.ts';
import { neverAborted, recordLink, storyOf } from '../support/link-recorder.ts';
import { newPath, startSocketDevice } from '../support/socket-device.ts';

async function startDevice(path: string, onConnect?: (socket: Socket) => void) {
  const device = await startSocketDevice({ path }, onConnect);
  onTestFinished(() => (device.server.listening ? device.stop() : undefined));
  return device;
}

function follow(path: string, options: Partial<LinkOptions> = {}) {
  const recorded = recordLink({ open: linkOpener({ type: 'unix', path }), ...options });
  onTestFinished(() => recorded.link.stop());
  return recorded;
}

describe('a source that is kept open', () => {
  test('says that it is open and passes bytes on with the monotonic time of their arrival', async () => {
    const path = await newPath('device.sock');
    await startDevice(path, (socket) => socket.write('first'));
    const clock = systemClock(() => 0);
    const beforeMs = clock.monoMs();
    const { states, heard, arrivalsMs } = follow(path, { clock });
    await expect.poll(() => heard.text).toBe('first');
    expect(states).toEqual([{ kind: 'open' }]);
    expect(arrivalsMs[0]).toBeGreaterThanOrEqual(beforeMs);
    expect(arrivalsMs[0]).toBeLessThanOrEqual(clock.monoMs());
  });

  test('is tried until the device appears', async () => {
    const path = await newPath('device.sock');
    const { states, heard } = follow(path);
    await expect.poll(() => states.length).toBeGreaterThan(2);
    await startDevice(path, (socket) => socket.write('here'));
    await expect.poll(() => heard.text).toBe('here');
    expect(storyOf(states)).toMatch(/^(LINK_UNAVAILABLE, ){3,}open$/);
  });

  test('is opened again when it is lost', async () => {
    const path = await newPath('device.sock');
    const device = await startDevice(path, (socket) => socket.write('x'));
    const { states, heard } = follow(path);
    await expect.poll(() => heard.text).toBe('x');
    device.sockets[0]?.destroy();
    await expect.poll(() => heard.text).toBe('xx');
    expect(storyOf(states)).toBe('open, LINK_LOST, open');
  });

  test('is closed and opened again when it is mute', async () => {
    const path = await newPath('device.sock');
    const device = await startDevice(path);
    const { states } = follow(path, { silenceTimeoutMs: 30 });
    await expect.poll(() => states.length).toBeGreaterThanOrEqual(3);
    expect(storyOf(states)).toMatch(/^open, LINK_SILENT, open/);
    await expect.poll(() => device.sockets[0]?.readableEnded || device.sockets[0]?.destroyed).toBe(true);
  });

  test('is not taken for mute when the thread was too busy to read', async () => {
    const path = await newPath('device.sock');
    const device = await startDevice(path, (socket) => {
      socket.write('hello');
      // While the bytes of another connection are handled, bytes arrive and the time of the watch runs out.
      socket.once('data', () => {
        device.sockets[0]?.write(' again');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
        socket.destroy();
      });
    });
    const { states, heard } = follow(path, { silenceTimeoutMs: 200 });
    await expect.poll(() => heard.text).toBe('hello');
    connect(path).end('wait');
    await expect.poll(() => heard.text).toBe('hello again');
    expect(storyOf(states)).toBe('open');
  });

  test('is not taken for mute while it is paused', async () => {
    const path = await newPath('device.sock');
    await startDevice(path);
    const { link, states } = follow(path, { silenceTimeoutMs: 30 });
    link.pause();
    await expect.poll(() => storyOf(states)).toBe('open');
    await sleep(100);
    expect(storyOf(states)).toBe('open');
    link.resume();
    await expect.poll(() => storyOf(states)).toMatch(/^open, LINK_SILENT/);
  });

  test('that was paused while it was away comes back paused', async () => {
    const path = await newPath('device.sock');
    const { link, heard, states } = follow(path);
    link.pause();
    await startDevice(path, (socket) => socket.write(Buffer.alloc(4_000_000)));
    await expect.poll(() => storyOf(states)).toMatch(/LINK_UNAVAILABLE, open$/);
    await sleep(50);
    expect(heard.sizeBytes).toBeLessThan(4_000_000);
    link.resume();
    await expect.poll(() => heard.sizeBytes).toBe(4_000_000);
  });
});

describe('a source that is stopped', () => {
  test('says and delivers nothing afterwards', async () => {
    const path = await newPath('device.sock');
    const device = await startDevice(path, (socket) => socket.write('x'));
    const { link, states, heard } = follow(path);
    await expect.poll(() => heard.text).toBe('x');
    await link.stop();
    device.sockets[0]?.write('more');
    await sleep(50);
    expect([storyOf(states), heard.text]).toEqual(['open', 'x']);
  });

  test('is not tried again', async () => {
    const path = await newPath('device.sock');
    const { link, states } = follow(path);
    await expect.poll(() => states.length).toBeGreaterThan(0);
    await link.stop();
    const { length } = states;
    const device = await startDevice(path);
    await sleep(50);
    expect([states.length, device.sockets.length]).toEqual([length, 0]);
  });

  test('does not wait out the time to the next attempt', async () => {
    const { link, states } = follow(await newPath('device.sock'), { random: () => 0.99 * 1e6 });
    await expect.poll(() => storyOf(states)).toBe('LINK_UNAVAILABLE');
    await link.stop();
    expect(storyOf(states)).toBe('LINK_UNAVAILABLE');
  });

  test('closes a link that opens while it is being stopped', async () => {
    const path = await newPath('device.sock');
    const device = await startDevice(path);
    const openUnix = linkOpener({ type: 'unix', path });
    // Opening a serial port cannot be interrupted; so it is here.
    const { link, states } = follow(path, { open: (handlers) => openUnix(handlers, neverAborted) });
    await link.stop();
    expect(states).toEqual([]);
    await expect.poll(() => device.sockets[0]?.readableEnded).toBe(true);
  });

  test('interrupts an attempt to connect', async () => {
    const path = await newPath('device.sock');
    await startDevice(path);
    const { link, states } = follow(path);
    await link.stop();
    expect(states).toEqual([]);
  });
});

describe('the waits between attempts', () => {
  const SHARE = 1e-3;
  const lost = new FieldnoteError('LINK_LOST', 'Lost it');

  type Clock = ReturnType<typeof recordingClock>;

  /** The limits of the first waits of a source whose every life is played by the test, on a clock it moves. */
  async function limitsOf(count: number, life: (handlers: LinkHandlers, clock: Clock) => void) {
    const clock = recordingClock();
    const open: OpenLinkFunction = async (handlers) => {
      setImmediate(() => life(handlers, clock));
      return { isLive: true, write() {}, pause() {}, resume() {}, async close() {} };
    };
    const { link, states } = recordLink({ open, clock, random: () => SHARE });
    const limits = () =>
      states.flatMap((state) => (state.kind === 'waiting' ? [Math.round(state.retryInMs / SHARE)] : []));
    await expect.poll(() => limits().length, { timeout: 5000 }).toBeGreaterThanOrEqual(count);
    await link.stop();
    return limits().slice(0, count);
  }

  function deliverFor(ms: number) {
    return (handlers: LinkHandlers, clock: Clock) => {
      handlers.onBytes(Buffer.from('first'));
      clock.advanceTo(clock.monoMs() + ms);
      handlers.onBytes(Buffer.from('last'));
      handlers.onClose(lost);
    };
  }

  test('double with each failure, up to half a minute', async () => {
    const limits = await limitsOf(9, (handlers) => handlers.onClose(lost));
    expect(limits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  test('begin anew after a link that delivered for ten seconds', async () => {
    expect(await limitsOf(3, deliverFor(10_000))).toEqual([250, 250, 250]);
  });

  test('go on growing after a link that delivered for less', async () => {
    expect(await limitsOf(3, deliverFor(9999))).toEqual([250, 500, 1000]);
  });

  test('go on growing after a link that was open for long and said nothing', async () => {
    const limits = await limitsOf(3, (handlers, clock) => {
      clock.advanceTo(clock.monoMs() + 60_000);
      handlers.onClose(lost);
    });
    expect(limits).toEqual([250, 500, 1000]);
  });
});

describe('a recording as a source', () => {
  test('ends when it was read, and is not opened again', async () => {
    const path = await newPath('recording.csv');
    await writeFile(path, 'a,b\n1,2\n');
    const { link, states, heard } = recordLink({ open: linkOpener({ type: 'file', path }) });
    await expect.poll(() => storyOf(states)).toBe('open, ended');
    await sleep(50);
    await link.stop();
    expect([storyOf(states), heard.text]).toEqual(['open, ended', 'a,b\n1,2\n']);
  });

  test('is never mute: a reader that pauses for long finds the rest', async () => {
    const path = await newPath('recording.csv');
    await writeFile(path, Buffer.alloc(1_000_000));
    const open = linkOpener({ type: 'file', path });
    const { link, states, heard } = recordLink({ open, silenceTimeoutMs: 10 });
    link.pause();
    await sleep(50);
    link.resume();
    await expect.poll(() => storyOf(states)).toBe('open, ended');
    await link.stop();
    expect(heard.sizeBytes).toBe(1_000_000);
  });

  test('ends with the reason when it cannot be read', async () => {
    const open = linkOpener({ type: 'file', path: await newPath('missing.csv') });
    const { link, states } = recordLink({ open });
    await expect
      .poll(() => states)
      .toMatchObject([{ kind: 'ended', error: { code: 'RECORDING_UNREADABLE' } }]);
    await link.stop();
  });
});
