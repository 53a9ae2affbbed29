import { createServer, type Server } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  createRig,
  eventually,
  firstIdsAt,
  idsAt,
  idsTo,
  MemoryOutbox,
  movableClock,
  startRig,
} from '../support/publisher-rig.ts';

/** A server that answers each connection with these bytes. */
async function startAnswering(answer: string | Buffer): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.resume().write(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('a connection', () => {
  test('refused for good is tried slowly, with a message that names user and broker', async () => {
    const { broker, outbox, publisher, told } = await startRig(
      { connackReason: 0x86 },
      { config: { username: 'alice' }, secrets: { password: 'hidden-word' } },
    );
    outbox.accept();
    publisher.start();
    await eventually(() => expect(told.lost).toHaveLength(1));
    const { error, retryInMs } = told.lost[0] ?? {};
    expect(error?.message).toMatch(/^broker mqtt:.* refused user "alice": 0x86 .*mqtt\.passwordFile/);
    expect(JSON.stringify([error?.message, error?.context])).not.toContain('hidden-word');
    expect(retryInMs).toBeGreaterThanOrEqual(30_000);
    expect(broker.connects[0]).toMatchObject({ username: 'alice', password: Buffer.from('hidden-word') });
    expect(outbox.reports).toHaveLength(1);
  });

  test('refused by a busy broker is tried again soon', async () => {
    const { broker, outbox, publisher, told } = await startRig({ connackReason: 0x89 });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(2));
    broker.faults.connackReason = 0;
    await eventually(() => expect(outbox.reports).toEqual([]));
  });

  test('to nobody fails with a message that names the broker', async () => {
    const { publisher, broker, told } = await startRig();
    await broker.stop();
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(1));
    expect(told.lost[0]?.error).toMatchObject({ code: 'PUBLISH_LOST' });
    expect(told.lost[0]?.error.message).toMatch(/broker mqtt:\/\/127.0.0.1:\d+ failed: .*ECONNREFUSED/);
  });

  test('to a URL that is none fails again and again, and throws nothing', async () => {
    const { publisher, told } = await startRig({}, { config: { url: 'mqtt://host:99999' } });
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(2));
    expect(told.lost[0]?.error.message).toContain('mqtt://host:99999');
  });

  test('that is not answered ends after the acknowledgement timeout', async () => {
    const { broker, outbox, publisher, told } = await startRig(
      { silent: true },
      { config: { ackTimeout: 100 } },
    );
    outbox.accept();
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(1));
    broker.faults.silent = false;
    await eventually(() => expect(outbox.reports).toEqual([]));
  });

  test('that is cut in the middle of a backlog loses nothing and keeps the order', async () => {
    const { broker, outbox, publisher, told } = await startRig({ dropConnectionAfter: 32 });
    for (let n = 0; n < 120; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(told.lost.length).toBeGreaterThanOrEqual(3);
    expect(firstIdsAt(broker)).toEqual(idsTo(120));
  });

  test('that goes dead is noticed by its keep-alive, and what was in flight goes again', async () => {
    const { broker, outbox, publisher, told } = await startRig({}, { config: { keepAlive: 1000 } });
    publisher.start();
    await eventually(() => expect(broker.messages).toHaveLength(1));
    broker.faults.silent = true;
    for (let n = 0; n < 10; n++) outbox.accept();
    publisher.nudge();
    await eventually(() => expect(told.lost).toHaveLength(1));
    expect(told.lost[0]?.error.message).toContain('Keepalive timeout');
    expect(outbox.reports).toHaveLength(10);
    expect(told.delivered).toBe(0);
    broker.faults.silent = false;
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(idsAt(broker)).toEqual(idsTo(10));
  });

  test('comes back when the broker was away, and delivers what came meanwhile in order', async () => {
    const { broker, outbox, publisher, told } = await startRig();
    for (let n = 0; n < 20; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    await broker.stop();
    for (let n = 0; n < 100; n++) {
      outbox.accept();
      publisher.nudge();
    }
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(3));
    await broker.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(idsAt(broker)).toEqual(idsTo(120));
  });

  test('backs off further with each failure, and begins again after a stable one', async () => {
    const clock = movableClock();
    const { broker, publisher, told } = await startRig({}, { clock });
    const cut = async (times: number) => {
      await eventually(() => expect(told.connected).toBe(times));
      broker.dropConnections();
      await eventually(() => expect(told.lost).toHaveLength(times));
    };
    publisher.start();
    for (let times = 1; times <= 3; times++) await cut(times);
    await eventually(() => expect(told.connected).toBe(4));
    clock.advance(60_000);
    broker.dropConnections();
    await eventually(() => expect(told.lost).toHaveLength(4));
    expect(told.lost.map(({ retryInMs }) => retryInMs)).toEqual([10, 20, 40, 10]);
  });

  test('taken over by another client with the same id says so and comes back slowly', async () => {
    const { broker, publisher, told } = await startRig();
    publisher.start();
    await eventually(() => expect(broker.messages).toHaveLength(1));
    const twin = createRig({ port: broker.port });
    onTestFinished(() => twin.publisher.stop());
    twin.publisher.start();
    await eventually(() => expect(told.lost).toHaveLength(1));
    expect(told.lost[0]?.error.message).toContain('two devices have the same site and node');
    expect(told.lost[0]?.retryInMs).toBeGreaterThanOrEqual(30_000);
  });

  test.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', /header flag/],
    ['a captive portal', '<html><body>Please sign in</body></html>', /connack timeout/],
    ['an SSH server', 'SSH-2.0-OpenSSH_9.2\r\n', /failed: /],
    ['two CONNACKs', Buffer.from('20030000002003000000', 'hex'), /duplicate CONNACK/],
    ['a CONNACK of MQTT 3.1.1 that refuses', Buffer.from('20020001', 'hex'), /does not speak MQTT 5/],
    [
      'a packet without an end',
      Buffer.concat([Buffer.from('30ffffff7f', 'hex'), Buffer.alloc(400_000)]),
      /without an end/,
    ],
  ])('to %s fails and keeps the reports', async (_name, answer, message) => {
    const outbox = new MemoryOutbox();
    outbox.accept();
    const port = await startAnswering(answer);
    const { publisher, told } = createRig({ port, outbox, config: { ackTimeout: 300 } });
    onTestFinished(() => publisher.stop());
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(1));
    expect(told.lost[0]?.error.message).toMatch(message);
    expect(outbox.reports).toHaveLength(1);
    expect(told.delivered).toBe(0);
  });
});
