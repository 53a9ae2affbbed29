import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { linkOpener } from '../../src/link/open.ts';
import { LinkRecorder, neverAborted } from '../support/link-recorder.ts';

const HOST = '127.0.0.1';

async function peer(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, HOST);
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return socket;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, HOST);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

async function listen() {
  const port = await freePort();
  const heard = new LinkRecorder();
  const link = await linkOpener({ type: 'udp', host: HOST, port })(heard, neverAborted);
  onTestFinished(() => link.close());
  return { port, heard, link };
}

describe('a link of datagrams', () => {
  test('passes on what comes, and answers whoever spoke last', async () => {
    const { port, heard, link } = await listen();
    const [first, second] = [await peer(), await peer()];
    first.send('one ', port, HOST);
    await expect.poll(() => heard.text).toBe('one ');
    second.send('two', port, HOST);
    await expect.poll(() => heard.text).toBe('one two');
    const answer = once(second, 'message');
    link.write(Buffer.from('heard'));
    expect(String((await answer)[0])).toBe('heard');
  });

  test('says nothing while nobody has spoken, and to a peer that is gone', async () => {
    const { port, heard, link } = await listen();
    link.write(Buffer.from('nobody'));
    const gone = createSocket('udp4');
    gone.send('bye', port, HOST, () => gone.close());
    await expect.poll(() => heard.text).toBe('bye');
    link.write(Buffer.from('anyone?'));
    link.write(Buffer.from('anyone?'));
    const next = await peer();
    next.send('!', port, HOST);
    await expect.poll(() => heard.text).toBe('bye!');
    expect(heard.closes).toEqual([]);
  });

  test('keeps nothing for a peer that is spoken to without end', async () => {
    const { port, heard, link } = await listen();
    const socket = await peer();
    socket.send('x', port, HOST);
    await expect.poll(() => heard.text).toBe('x');
    global.gc?.();
    const before = process.memoryUsage().arrayBuffers;
    const datagram = new Uint8Array(8192);
    for (let count = 0; count < 10_000; count++) link.write(datagram);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8e6);
  });

  test('takes datagrams of any size, empty ones too', async () => {
    const { port, heard } = await listen();
    const socket = await peer();
    for (const size of [0, 1, 60_000]) socket.send(new Uint8Array(size), port, HOST);
    await expect.poll(() => heard.sizeBytes).toBe(60_001);
  });

  test('says what to do when another program listens there', async () => {
    const { port } = await listen();
    const second = linkOpener({ type: 'udp', host: HOST, port })(new LinkRecorder(), neverAborted);
    await expect(second).rejects.toMatchObject({
      code: 'LINK_UNAVAILABLE',
      message: expect.stringContaining('another program listens there'),
    });
  });

  test('can be opened again at once when it was closed, and is silent then', async () => {
    const { port, heard, link } = await listen();
    await Promise.all([link.close(), link.close()]);
    expect(heard.closes).toEqual([undefined]);
    const again = await linkOpener({ type: 'udp', host: HOST, port })(new LinkRecorder(), neverAborted);
    (await peer()).send('late', port, HOST);
    await again.close();
    expect(heard.text).toBe('');
  });
});
