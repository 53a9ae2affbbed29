import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LinkConfig } from '../../src/config/schema.ts';
import { linkOpener } from '../../src/link/open.ts';
import { socketOpener } from '../../src/link/stream-socket.ts';
import { LinkRecorder, neverAborted } from '../support/link-recorder.ts';
import { newPath, type SocketDevice, startSocketDevice } from '../support/socket-device.ts';

interface Place {
  readonly device: SocketDevice;
  readonly config: LinkConfig;
}

async function place(kind: 'tcp' | 'unix', onConnect?: (socket: Socket) => void): Promise<Place> {
  const path = await newPath('device.sock');
  const listen = kind === 'tcp' ? { port: 0, host: '127.0.0.1' } : { path };
  const device = await startSocketDevice(listen, onConnect);
  onTestFinished(() => device.stop());
  const config: LinkConfig =
    kind === 'tcp' ? { type: kind, host: '127.0.0.1', port: device.port } : { type: kind, path };
  return { device, config };
}

async function open(config: LinkConfig) {
  const heard = new LinkRecorder();
  const link = await linkOpener(config)(heard, neverAborted);
  onTestFinished(() => link.close());
  return { heard, link };
}

describe.each(['tcp', 'unix'] as const)('a link over a %s socket', (kind) => {
  test('passes bytes on in both directions', async () => {
    const { config } = await place(kind, (socket) => {
      socket.on('data', (bytes) => socket.write(`heard ${bytes}`));
    });
    const { heard, link } = await open(config);
    link.write(Buffer.from('hello'));
    await expect.poll(() => heard.text).toBe('heard hello');
  });

  test('is lost when the other side ends it', async () => {
    const { config } = await place(kind, (socket) => socket.end('last words'));
    const { heard } = await open(config);
    await expect.poll(() => heard.closes).toMatchObject([{ code: 'LINK_LOST' }]);
    expect(heard.text).toBe('last words');
  });

  test('closes once and without an error when it is told to, however often', async () => {
    const { config } = await place(kind);
    const { heard, link } = await open(config);
    await Promise.all([link.close(), link.close()]);
    await link.close();
    expect(heard.closes).toEqual([undefined]);
  });

  test('delivers nothing more once it is closed', async () => {
    const { config, device } = await place(kind, (socket) => socket.write(Buffer.alloc(4_000_000)));
    const { heard, link } = await open(config);
    await expect.poll(() => heard.sizeBytes).toBeGreaterThan(0);
    const closed = link.close();
    const { sizeBytes } = heard;
    await closed;
    device.sockets[0]?.write('more');
    await sleep(20);
    expect(heard.sizeBytes).toBe(sizeBytes);
  });

  test('holds the sender back while it is paused', async () => {
    const { config } = await place(kind, (socket) => socket.write(Buffer.alloc(20_000_000)));
    const { heard, link } = await open(config);
    link.pause();
    await sleep(50);
    const { sizeBytes } = heard;
    await sleep(50);
    expect(heard.sizeBytes).toBe(sizeBytes);
    link.resume();
    await expect.poll(() => heard.sizeBytes).toBe(20_000_000);
  });

  test('is lost when the device takes no more bytes', async () => {
    const { config } = await place(kind, (socket) => socket.pause());
    const { heard, link } = await open(config);
    link.write(Buffer.alloc(20_000_000));
    await expect
      .poll(() => heard.closes)
      .toMatchObject([{ code: 'LINK_LOST', message: expect.stringContaining('takes no data') }]);
    link.write(Buffer.from('too late'));
  });

  test('is refused with advice when nothing listens', async () => {
    const { config, device } = await place(kind);
    await device.stop();
    const advice = kind === 'tcp' ? 'nothing listens there' : 'no such socket';
    await expect(open(config)).rejects.toMatchObject({
      code: 'LINK_UNAVAILABLE',
      message: expect.stringContaining(advice),
    });
  });
});

describe('a link over TCP', () => {
  test('is lost when the connection is reset', async () => {
    const { config, device } = await place('tcp', (socket) => socket.write('x'));
    const { heard } = await open(config);
    await expect.poll(() => heard.text).toBe('x');
    device.sockets[0]?.resetAndDestroy();
    await expect.poll(() => heard.closes).toMatchObject([{ code: 'LINK_LOST' }]);
  });

  test('has the kernel ask whether a quiet peer still lives', async () => {
    const { config, device } = await place('tcp');
    await open(config);
    await expect.poll(() => device.sockets.length).toBe(1);
    expect(kernelTimerOf(device.sockets[0]?.remotePort ?? 0)).toBe('02');
  });

  test('gives up a connection that nobody answers', async () => {
    const port = await startDeafServer();
    const attempt = socketOpener({ host: '127.0.0.1', port }, 100)(new LinkRecorder(), neverAborted);
    await expect(attempt).rejects.toMatchObject({
      code: 'LINK_UNAVAILABLE',
      message: expect.stringContaining('no answer within 0.1 s'),
    });
  });

  test('gives up an attempt that is aborted', async () => {
    const port = await startDeafServer();
    const controller = new AbortController();
    const attempt = socketOpener({ host: '127.0.0.1', port })(new LinkRecorder(), controller.signal);
    controller.abort();
    await expect(attempt).rejects.toMatchObject({
      code: 'LINK_UNAVAILABLE',
      message: expect.stringContaining('given up'),
    });
  });

  test('says that a host name is not known', async () => {
    const config = { type: 'tcp', host: 'no-such-host.invalid', port: 9 } as const;
    await expect(open(config)).rejects.toMatchObject({
      code: 'LINK_UNAVAILABLE',
      message: expect.stringMatching(/^Cannot connect to no-such-host\.invalid:9: no name server/),
    });
  });
});

/** Kind of the timer that runs for a connected local port; 02 is keep-alive (proc(5), /proc/net/tcp). */
function kernelTimerOf(port: number): string | undefined {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  return rows.find((row) => row[1]?.endsWith(`:${hexPort}`) && row[3] === '01')?.[5]?.slice(0, 2);
}

/** A listener whose thread sleeps and whose backlog is full: the kernel leaves further connections unanswered. */
async function startDeafServer(): Promise<number> {
  const code = `
    const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(code, { eval: true });
  const [port] = await once(worker, 'message');
  const fillers = Array.from({ length: 4 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => {}));
  onTestFinished(async () => {
    for (const filler of fillers) filler.destroy();
    await worker.terminate();
  });
  await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')));
  return port;
}
