import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { collectCommand } from '../../src/cli/collect.ts';
import { collectedCommand } from '../../src/cli/collected.ts';
import { collect } from '../../src/collect/collecting.ts';
import { SqliteSink } from '../../src/collect/sqlite-sink.ts';
import { systemClock } from '../../src/system/clock.ts';
import { createLog } from '../../src/system/log.ts';
import { type Broker, startBroker } from '../support/broker.ts';
import type { BrokerFaults } from '../support/broker-faults.ts';
import { lanesInFile } from '../support/collected.ts';
import { eventOf } from '../support/collected-reports.ts';
import { eventually } from '../support/publisher-rig.ts';

const TOPIC = 'fieldnote/plant/pump7/incident/pump';

/** A collector on a broker with these faults; it ends with the test. */
async function startCollecting(faults: Partial<BrokerFaults> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'fieldnote-collect-'));
  const file = join(folder, 'collected.db');
  const broker = await startBroker(faults);
  const sink = new SqliteSink(file);
  const lines: string[] = [];
  const stop = new AbortController();
  const collecting = collect(
    {
      ...{
        broker: `mqtt://127.0.0.1:${broker.port}`,
        group: 'g',
        clientId: 'collector',
        secrets: async () => ({}),
        sink,
      },
      ...{ clock: systemClock(() => 0), random: () => 0.01 },
      log: createLog('info', { write: (line) => void lines.push(JSON.parse(line).msg) }),
    },
    stop.signal,
  );
  const end = async () => {
    stop.abort();
    return collecting;
  };
  onTestFinished(async () => {
    await end();
    await sink.close();
    await broker.stop();
    rmSync(folder, { recursive: true });
  });
  const said = (pattern: RegExp) =>
    eventually(() => expect(lines.some((line) => pattern.test(line))).toBe(true));
  return { broker, file, lines, said, end };
}

function receiptsAt(broker: Broker): unknown[] {
  return broker.messages
    .filter(({ topic }) => topic === 'fieldnote/plant/pump7/receipt')
    .map(({ payload }) => JSON.parse(payload.toString()));
}

const send = (broker: Broker, value: unknown, topic = TOPIC) =>
  broker.publish(topic, typeof value === 'string' ? value : JSON.stringify(value));

describe('a collector at a broker', () => {
  test('stores reports and gaps, sends receipts, and puts the unreadable aside', async () => {
    const { broker, file, said, end } = await startCollecting();
    await said(/^collecting from/);
    send(broker, '{"half');
    send(broker, { ...eventOf(1), source: 'fieldnote/plant/other' });
    for (const n of [1, 2, 4]) send(broker, eventOf(n));
    const gap = {
      id: 1,
      reason: 'evicted',
      detail: 'full',
      count: 1,
      lane: 'incident',
      fromSeq: 3,
      toSeq: 3,
    };
    send(broker, { epoch: 'a1b2', gaps: [gap] }, 'fieldnote/plant/pump7/gap');
    send(broker, eventOf(5));
    await eventually(() => expect(JSON.stringify(receiptsAt(broker))).toMatch(/5\]\]\}\]$/));
    const qosOfReceipts = broker.messages
      .filter(({ topic }) => topic.endsWith('/receipt'))
      .map(({ qos }) => qos);
    expect(new Set(qosOfReceipts)).toEqual(new Set([0]));
    expect(await end()).toMatchObject({
      received: 7,
      stored: 4,
      copies: 0,
      gaps: 1,
      putAside: 2,
      waiting: 0,
    });
    using database = new DatabaseSync(file);
    const aside = database.prepare('SELECT topic, payload FROM fieldnote_put_aside ORDER BY id').all();
    expect(aside).toMatchObject([{ topic: TOPIC, payload: '{"half' }, { topic: TOPIC }]);
    expect(await lanesInFile(file)).toMatchObject([{ received: 4, missing: [], explained: { evicted: 1 } }]);
  });

  test('comes back after the broker was away', async () => {
    const { broker, lines, said } = await startCollecting();
    await said(/^collecting from/);
    await broker.stop();
    await broker.start();
    await eventually(() =>
      expect(lines.filter((line) => line.startsWith('collecting from'))).toHaveLength(2),
    );
    send(broker, eventOf(1));
    await eventually(() => expect(receiptsAt(broker)).toHaveLength(1));
  });

  test('says what the broker refuses', async () => {
    const { said } = await startCollecting({ subackReason: () => 0x87 });
    await said(
      /refused the subscription with 0x87 not authorized: allow it to read fieldnote.*trying again in/,
    );
  });

  test('survives packets that no honest broker sends', async () => {
    const { broker, said } = await startCollecting();
    await said(/^collecting from/);
    // A publish of QoS 1 without a packet id, one of QoS 2, a subscription's answer to nobody, and noise.
    for (const hex of ['3203000178', '340600017800010034', '90040001003f', 'ffffffff']) {
      broker.sendRaw(Buffer.from(hex, 'hex'));
      await eventually(() => expect(broker.filters.length).toBeGreaterThan(0));
    }
    await eventually(() => {
      send(broker, eventOf(1));
      expect(receiptsAt(broker).length).toBeGreaterThan(0);
    });
  });

  test('ends the connection over a packet without an end', async () => {
    const { broker, said } = await startCollecting();
    await said(/^collecting from/);
    broker.sendRaw(Buffer.concat([Buffer.from('30ffffff7f', 'hex'), Buffer.alloc(2_000_000)]));
    await said(/sent a packet without an end; trying again/);
  });
});

describe('the commands of the collector', () => {
  const options = { to: '/tmp/x.db', broker: 'mqtt://127.0.0.1:1', group: 'g' };

  test.each([
    ['a password in the address', { to: 'postgres://user:word@db/reports' }, /PGPASSWORD/],
    ['no broker', { broker: 'http://broker' }, /mqtt:\/\/host:port/],
    ['a group that is no level of a topic', { group: 'a/b' }, /--group a\/b/],
    ['a database that cannot be', { to: 'postgres://[' }, /postgres:\/\/user@host/],
  ])('refuse %s', async (_name, change, message) => {
    await expect(collectCommand({ ...options, ...change })).rejects.toThrow(message);
  });

  test('never show a password', async () => {
    const error = await collectCommand({ ...options, to: 'postgres://u:hidden@db/x' }).catch(
      (caught) => caught,
    );
    expect(`${error}${JSON.stringify(error)}`).not.toContain('hidden');
  });

  test('find nothing where nothing was collected, and create no file there', async () => {
    const asking = collectedCommand('/nowhere/collected.db', {});
    await expect(asking).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  });
});
