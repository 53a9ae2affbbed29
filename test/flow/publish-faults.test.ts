import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { BrokerFaults } from '../support/broker-faults.ts';
import {
  createRig,
  eventually,
  firstIdsAt,
  idsAt,
  idsTo,
  MemoryOutbox,
  movableClock,
  REPORT_TOPIC,
} from '../support/publisher-rig.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(
  faults: Partial<BrokerFaults> = {},
  options: Partial<Parameters<typeof createRig>[0]> = {},
) {
  const broker = await startBroker(faults);
  cleanups.push(() => broker.stop());
  const outbox = new MemoryOutbox();
  const rig = createRig({ outbox, ...options, port: broker.port });
  cleanups.push(() => rig.publisher.stop());
  return { broker, outbox, ...rig };
}

/** A server that answers each connection with these bytes. */
async function startAnswering(answer: string | Buffer): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.resume().write(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('acknowledgements', () => {
  test('that never come end the connection, and everything goes again until they do', async () => {
    const { broker, outbox, publisher, told } = await start({}, { config: { ackTimeout: 100 } });
    for (let n = 0; n < 100; n++) outbox.accept();
    broker.onMessage(({ properties }) => {
      if (properties.userProperties?.['id'] === 'i1/1') broker.faults.mutePubacks = true;
    });
    publisher.start();
    await eventually(() => expect(told.lost).toHaveLength(1));
    expect(told.lost[0]?.error.message).toContain('did not acknowledge a publish within 100 ms');
    expect(outbox.reports).toHaveLength(100);
    broker.onMessage(() => {
      broker.faults.mutePubacks = false;
    });
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(firstIdsAt(broker)).toEqual(idsTo(100));
    expect(idsAt(broker).length).toBeGreaterThan(100);
  });

  test('of an unknown packet acknowledge nothing', async () => {
    const { broker, outbox, publisher, told } = await start({}, { config: { ackTimeout: 100 } });
    outbox.accept();
    broker.onMessage(({ topic }) => {
      if (topic === REPORT_TOPIC && told.lost.length === 0)
        broker.faults.pubackId = (id) => (id % 65_535) + 1;
    });
    publisher.start();
    await eventually(() => expect(told.lost).toHaveLength(1));
    expect(outbox.reports).toHaveLength(1);
    broker.faults.pubackId = (id) => id;
    await eventually(() => expect(outbox.reports).toEqual([]));
  });

  test('without a subscriber (0x10) are acknowledgements', async () => {
    const { outbox, publisher } = await start({ pubackReason: () => 0x10 });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
  });

  test.each([
    ['unspecified error', 0x80],
    ['implementation specific error', 0x83],
    ['quota exceeded', 0x97],
  ])('that refuse with "%s" are asked for again soon, in order', async (_name, code) => {
    const { broker, outbox, publisher, told } = await start();
    for (let n = 0; n < 3; n++) outbox.accept();
    let refusals = 4;
    broker.faults.pubackReason = (topic) => (topic === REPORT_TOPIC && refusals-- > 0 ? code : 0);
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(told.lost).toEqual([]);
    expect(told.refused[0]?.retryInMs).toBeLessThanOrEqual(1000);
    expect(idsAt(broker)).toEqual(idsTo(3));
  });

  test('that refuse one topic for lack of rights keep it and let the others pass', async () => {
    const { broker, outbox, publisher, told } = await start();
    const topic = 'fieldnote/plant/pump7/incident/secret';
    for (let n = 0; n < 200; n++) outbox.accept(n % 2 === 0 ? { topic } : {});
    broker.faults.pubackReason = (refused) => (refused === topic ? 0x87 : 0);
    publisher.start();
    await eventually(() => expect(outbox.delivered).toHaveLength(100));
    expect(outbox.reports).toHaveLength(100);
    expect(told.refused).toHaveLength(1);
    expect(told.refused[0]?.retryInMs).toBeGreaterThanOrEqual(30_000);
    expect(told.refused[0]?.error.message).toMatch(/refused a publish to .*secret: 0x87 not authorized/);
  });

  test.each([
    ['topic', 0x90],
    ['payload format', 0x99],
  ])('that refuse a report for its %s put it aside', async (_name, code) => {
    const { broker, outbox, publisher, told } = await start();
    for (let n = 0; n < 3; n++) outbox.accept(n === 1 ? { topic: 'odd' } : {});
    broker.faults.pubackReason = (topic) => (topic === 'odd' ? code : 0);
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(outbox.delivered).toEqual([1, 3]);
    expect(told.quarantined).toMatchObject([{ seq: 2, reason: expect.stringContaining('broker: 0x9') }]);
  });

  test('that refuse the status are told, and the reports go all the same', async () => {
    const { outbox, publisher, told } = await start({
      pubackReason: (topic) => (topic.endsWith('/status') ? 0x87 : 0),
    });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(told.refused[0]?.error.message).toContain('fieldnote/plant/pump7/status');
  });
});

describe('a connection', () => {
  test('refused for good is tried slowly, with a message that names user and broker', async () => {
    const { broker, outbox, publisher, told } = await start(
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
    const { broker, outbox, publisher, told } = await start({ connackReason: 0x89 });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(2));
    broker.faults.connackReason = 0;
    await eventually(() => expect(outbox.reports).toEqual([]));
  });

  test('to nobody fails with a message that names the broker', async () => {
    const { publisher, broker, told } = await start();
    await broker.stop();
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(1));
    expect(told.lost[0]?.error).toMatchObject({ code: 'PUBLISH_LOST' });
    expect(told.lost[0]?.error.message).toMatch(/broker mqtt:\/\/127.0.0.1:\d+ failed: .*ECONNREFUSED/);
  });

  test('to a URL that is none fails again and again, and throws nothing', async () => {
    const { publisher, told } = await start({}, { config: { url: 'mqtt://host:99999' } });
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(2));
    expect(told.lost[0]?.error.message).toContain('mqtt://host:99999');
  });

  test('that is not answered ends after the acknowledgement timeout', async () => {
    const { broker, outbox, publisher, told } = await start(
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
    const { broker, outbox, publisher, told } = await start({ dropConnectionAfter: 32 });
    for (let n = 0; n < 120; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(told.lost.length).toBeGreaterThanOrEqual(4);
    expect(firstIdsAt(broker)).toEqual(idsTo(120));
  });

  test('that goes dead is noticed by its keep-alive, and what was in flight goes again', async () => {
    const { broker, outbox, publisher, told } = await start({}, { config: { keepAlive: 1000 } });
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
    const { broker, outbox, publisher, told } = await start();
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
    const { broker, publisher, told } = await start({}, { clock });
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
    const { broker, publisher, told } = await start();
    publisher.start();
    await eventually(() => expect(broker.messages).toHaveLength(1));
    const twin = createRig({ port: broker.port });
    cleanups.push(() => twin.publisher.stop());
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
    cleanups.push(() => publisher.stop());
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(1));
    expect(told.lost[0]?.error.message).toMatch(message);
    expect(outbox.reports).toHaveLength(1);
    expect(told.delivered).toBe(0);
  });
});

describe('a report', () => {
  test.each([
    ['an empty topic', { topic: '' }],
    ['a wildcard in its topic', { topic: 'a/#' }],
    ['a topic with NUL', { topic: 'a\u0000b' }],
    ['a topic of the broker', { topic: '$SYS/x' }],
    ['a topic of 70,000 bytes', { topic: 'a'.repeat(70_000) }],
    ['a topic with half a character', { topic: 'a\ud800' }],
    ['an empty payload', { payload: '' }],
    ['an id of 70,000 bytes', { id: 'a'.repeat(70_000) }],
  ])('with %s is put aside, and those around it are delivered', async (_name, corrupted) => {
    const { broker, outbox, publisher, told } = await start();
    outbox.accept();
    outbox.accept(corrupted);
    outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(outbox.delivered).toEqual([1, 3]);
    expect(told.quarantined.map(({ seq }) => seq)).toEqual([2]);
    expect(told.lost).toEqual([]);
    expect(broker.connects).toHaveLength(1);
  });

  test('that has no body is put aside with the reason', async () => {
    const bodyOf = ({ seq }: { seq: number }) => {
      if (seq === 1) throw new Error('report 1 is not JSON');
      return 'body';
    };
    const { outbox, publisher, told } = await start({}, { bodyOf });
    for (let n = 0; n < 2; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(told.quarantined).toEqual([{ seq: 1, reason: 'report 1 is not JSON' }]);
  });

  test('larger than the broker takes is put aside; one just as large is delivered', async () => {
    const sizeBytesMax = 1000;
    const { broker, outbox, publisher } = await start({
      connackProperties: { maximumPacketSize: sizeBytesMax },
    });
    const overhead = 4 + 2 + REPORT_TOPIC.length + 2 + 1 + 2 + 31 + 5 + 6;
    outbox.accept({ payload: 'x'.repeat(sizeBytesMax) });
    outbox.accept({ payload: 'x'.repeat(900 - overhead) });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    const room = sizeBytesMax - (broker.messages.at(-1)?.packetSizeBytes ?? 0);
    outbox.accept({ payload: 'x'.repeat(900 - overhead + room + 1) });
    outbox.accept({ payload: 'x'.repeat(900 - overhead + room) });
    publisher.nudge();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect([...outbox.quarantined.keys()]).toEqual([1, 3]);
    expect(broker.messages.at(-1)?.packetSizeBytes).toBe(sizeBytesMax);
  });

  test('is kept when the broker takes packets so small that not even the status fits', async () => {
    const { outbox, publisher, told } = await start({ connackProperties: { maximumPacketSize: 16 } });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(told.lost).toHaveLength(1));
    expect(told.lost[0]?.error.message).toContain('cannot take even the status');
    expect(told.lost[0]?.retryInMs).toBeGreaterThanOrEqual(30_000);
    expect(outbox.reports).toHaveLength(1);
    expect(outbox.quarantined.size).toBe(0);
  });

  test('is not blamed when the broker hangs up on the status', async () => {
    const { broker, outbox, publisher, told } = await start();
    outbox.accept();
    broker.faults.disconnectReason = ({ topic }) => (topic.endsWith('/status') ? 0x95 : undefined);
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(3));
    expect(told.sent).toBe(0);
    expect(outbox.quarantined.size).toBe(0);
    expect(outbox.reports).toHaveLength(1);
  });

  test('that makes the broker hang up is found and put aside, and no other', async () => {
    const { broker, outbox, publisher, told } = await start();
    for (let n = 0; n < 100; n++) outbox.accept(n === 40 ? { payload: 'x'.repeat(5000) } : {});
    broker.faults.disconnectReason = ({ payload }) => (payload.length > 4000 ? 0x95 : undefined);
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect([...outbox.quarantined.keys()]).toEqual([41]);
    expect(told.quarantined[0]?.reason).toContain('0x95 packet too large');
    expect(told.lost.length).toBeLessThanOrEqual(3);
    expect(firstIdsAt(broker)).toEqual(idsTo(100).filter((id) => id !== 'i41/1'));
  });

  test('is kept when the broker hangs up for reasons that are not its own', async () => {
    const { broker, outbox, publisher, told } = await start();
    outbox.accept();
    broker.faults.disconnectReason = ({ topic }) => (topic === REPORT_TOPIC ? 0x8b : undefined);
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(3));
    expect(outbox.quarantined.size).toBe(0);
    expect(outbox.reports).toHaveLength(1);
  });
});

describe('an outbox', () => {
  test('that cannot be read costs the connection, and is read again with the next one', async () => {
    const outbox = new MemoryOutbox();
    const read = outbox.pendingAfter.bind(outbox);
    let failures = 2;
    outbox.pendingAfter = async (seq, limit) => {
      if (failures-- > 0) throw new Error('disk on fire');
      return read(seq, limit);
    };
    outbox.accept();
    const { publisher, told } = await start({}, { outbox });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(told.lost.map(({ error }) => error.message)).toEqual(
      Array(2).fill('the outbox failed: disk on fire'),
    );
  });

  test('that cannot be written makes the reports go again, with the same ids', async () => {
    const outbox = new MemoryOutbox();
    const mark = outbox.markDelivered.bind(outbox);
    let failures = 1;
    outbox.markDelivered = async (seqs) => {
      if (failures-- > 0) throw new Error('disk full');
      await mark(seqs);
    };
    for (let n = 0; n < 5; n++) outbox.accept();
    const { broker, publisher, told } = await start({}, { outbox });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(idsAt(broker)).toEqual([...idsTo(5), ...idsTo(5)]);
    expect(told.delivered).toBe(5);
  });

  test('that is slow to write does not let settled reports pile up', async () => {
    const outbox = new MemoryOutbox();
    const mark = outbox.markDelivered.bind(outbox);
    const gate = Promise.withResolvers<void>();
    outbox.markDelivered = async (seqs) => {
      await gate.promise;
      await mark(seqs);
    };
    for (let n = 0; n < 2000; n++) outbox.accept();
    const { publisher, told } = await start({}, { outbox });
    publisher.start();
    await eventually(() => expect(told.sent).toBeGreaterThanOrEqual(1024));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told.sent).toBeLessThanOrEqual(1024 + 64);
    gate.resolve();
    await eventually(() => expect(outbox.reports).toEqual([]));
  });
});
