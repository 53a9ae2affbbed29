import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/daemon.ts';
import {
  createRig,
  firstIdsAt,
  idsTo,
  MemoryOutbox,
  REPORT_TOPIC,
  startRig,
} from '../support/publisher-rig.ts';
import { runningMs, watchStandstills } from '../support/standstills.ts';

/** A way to the broker that passes bytes on as `pass` wants. */
async function startWay(
  port: number,
  pass: (bytes: Buffer, to: Socket, from: Socket) => void,
): Promise<number> {
  const server = createServer((client) => {
    const broker = connect(port, '127.0.0.1');
    for (const socket of [client, broker]) socket.on('error', () => socket.destroy());
    client.on('data', (bytes) => pass(bytes, broker, client)).on('close', () => broker.destroy());
    broker.on('data', (bytes) => client.write(bytes)).on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function startOn(port: number, outbox: MemoryOutbox, config: object = {}) {
  const rig = createRig({ port, outbox, config });
  onTestFinished(() => rig.publisher.stop());
  rig.publisher.start();
  return rig;
}

/** How long the good reports may take after the last fault of a broker or a link. */
const GOOD_REPORTS_MS_MAX = 5000;

async function expectSoon(fault: string, outbox: MemoryOutbox): Promise<void> {
  const goodMs = await runningMs(() => eventually(() => expect(outbox.reports).toEqual([])));
  console.log(`${fault}: the reports behind it were delivered after ${Math.round(goodMs)} ms`);
  expect(goodMs).toBeLessThan(GOOD_REPORTS_MS_MAX);
}

describe('a broker or a link', () => {
  test('that resets the connection in the middle of a publish loses nothing and keeps the order', async () => {
    const { broker } = await startRig();
    let resets = 3;
    let passed = 0;
    const port = await startWay(broker.port, (bytes, to, from) => {
      passed += bytes.length;
      if (resets === 0 || passed < 2000) to.write(bytes);
      else {
        to.write(bytes.subarray(0, bytes.length >> 1));
        [resets, passed] = [resets - 1, 0];
        from.resetAndDestroy();
      }
    });
    const outbox = new MemoryOutbox();
    for (let n = 0; n < 200; n++) outbox.accept();
    const { told } = startOn(port, outbox);
    await eventually(() => expect(resets).toBe(0));
    await expectSoon('three resets', outbox);
    expect(told.lost.length).toBeGreaterThanOrEqual(3);
    expect(firstIdsAt(broker)).toEqual(idsTo(200));
  });

  test('that acknowledges after the deadline gets the report again, and the late answer is nobody’s', async () => {
    const { broker } = await startRig();
    const outbox = new MemoryOutbox();
    for (let n = 0; n < 3; n++) outbox.accept();
    broker.onMessage(({ topic }) => {
      broker.faults.pubackDelayMs = topic === REPORT_TOPIC && told.lost.length === 0 ? 1500 : 0;
    });
    const { told } = startOn(broker.port, outbox, { ackTimeout: 1000 });
    await eventually(() => expect(told.lost.length).toBeGreaterThan(0));
    await expectSoon('an acknowledgement after the deadline', outbox);
    await sleep(1000);
    expect(outbox.delivered.toSorted()).toEqual([1, 2, 3]);
    expect(firstIdsAt(broker)).toEqual(idsTo(3));
    expect(told.quarantined).toEqual([]);
  });

  test('that wants a sign of life every second gets one', async () => {
    const { broker } = await startRig({ connackProperties: { serverKeepAlive: 1 } });
    const outbox = new MemoryOutbox();
    const { publisher, told } = startOn(broker.port, outbox, { keepAlive: 3_600_000 });
    await eventually(() => expect(told.connected).toBe(1));
    const standstills = watchStandstills(100);
    await sleep(4000);
    outbox.accept();
    publisher.nudge();
    await expectSoon('a sign of life every second', outbox);
    // A machine that stands still may cost a connection and nothing else. Without the sign it would be two or three.
    expect(told.connected).toBeLessThanOrEqual(1 + standstills.count);
  });

  test('that carries a hundred bytes at a time is slow and not dead', async () => {
    const { broker } = await startRig();
    let queue: { to: Socket; bytes: Buffer }[] = [];
    const trickle = setInterval(() => {
      // What a connection has left behind is in nobody's way.
      queue = queue.filter(({ to }) => to.writable);
      const { to, bytes } = queue.shift() ?? {};
      if (bytes) to?.write(bytes);
    }, 20);
    onTestFinished(() => clearInterval(trickle));
    const port = await startWay(broker.port, (bytes, to) => {
      for (let at = 0; at < bytes.length; at += 100) queue.push({ to, bytes: bytes.subarray(at, at + 100) });
    });
    const standstills = watchStandstills(200);
    const outbox = new MemoryOutbox();
    for (let n = 0; n < 200; n++) outbox.accept();
    // A full window takes longer than one publish may, and all of it several times as long.
    const { told } = startOn(port, outbox, { ackTimeout: 1200 });
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(firstIdsAt(broker)).toEqual(idsTo(200));
    // A machine that stands still may cost a connection; counted from the sending it would be three or more without that.
    expect(told.lost.length).toBeLessThanOrEqual(standstills.count);
  });
});
