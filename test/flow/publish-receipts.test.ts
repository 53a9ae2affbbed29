import { describe, expect, test } from 'vitest';
import type { Broker } from '../support/broker.ts';
import { eventually, idsAt, idsTo, MemoryOutbox, startRig } from '../support/publisher-rig.ts';

const EPOCH = 'a1b2c3d4e5f60718';
const config = { receipts: true, window: 4, receiptTimeout: 60_000 };
const epoch = () => EPOCH;

/** Sends the node what a collector would; anything that is no array is sent as it is. */
function answer(broker: Broker, ranges: unknown, topic = 'fieldnote/plant/pump7/receipt'): void {
  const payload = JSON.stringify({ epoch: EPOCH, lane: 'incident', ranges });
  broker.publish(topic, payload);
}

function withReports(count: number): MemoryOutbox {
  const outbox = new MemoryOutbox();
  for (let n = 0; n < count; n++) outbox.accept();
  return outbox;
}

describe('with receipts', () => {
  test('an acknowledged report stays until its receipt comes', async () => {
    const { broker, outbox, publisher, told } = await startRig({}, { config, epoch, outbox: withReports(3) });
    publisher.start();
    await eventually(() => expect(idsAt(broker)).toEqual(idsTo(3)));
    answer(broker, [[1, 2]]);
    await eventually(() => expect(outbox.reports.map(({ id }) => id)).toEqual(['i3']));
    answer(broker, [[3, 3]]);
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(told).toMatchObject({ delivered: 3, ignored: 0, overdue: 0 });
  });

  test('at most four windows wait for theirs', async () => {
    const { broker, publisher } = await startRig({}, { config, epoch, outbox: withReports(40) });
    publisher.start();
    await eventually(() => expect(idsAt(broker)).toEqual(idsTo(16)));
    answer(broker, [[1, 10]]);
    await eventually(() => expect(idsAt(broker)).toEqual(idsTo(26)));
  });

  test('a critical report does not wait behind those without one', async () => {
    const { broker, outbox, publisher } = await startRig({}, { config, epoch, outbox: withReports(40) });
    publisher.start();
    await eventually(() => expect(idsAt(broker)).toEqual(idsTo(16)));
    outbox.accept({ lane: 'critical', id: 'urgent' });
    publisher.nudge();
    await eventually(() => expect(idsAt(broker)).toEqual([...idsTo(16), 'urgent/1']));
  });

  test('what has none goes again after the deadline', async () => {
    const hasty = { ...config, receiptTimeout: 50 };
    const { broker, outbox, publisher, told } = await startRig(
      {},
      { config: hasty, epoch, outbox: withReports(2) },
    );
    publisher.start();
    await eventually(() => expect(idsAt(broker).length).toBeGreaterThanOrEqual(4));
    expect(outbox.reports).toHaveLength(2);
    answer(broker, [[1, 2]]);
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(told.overdue).toBeGreaterThanOrEqual(2);
  });

  test('what has none goes again after a new connection', async () => {
    const { broker, outbox, publisher } = await startRig({}, { config, epoch, outbox: withReports(2) });
    publisher.start();
    await eventually(() => expect(idsAt(broker)).toEqual(idsTo(2)));
    answer(broker, [[1, 1]]);
    await eventually(() => expect(outbox.reports).toHaveLength(1));
    broker.dropConnections();
    await eventually(() => expect(idsAt(broker)).toEqual([...idsTo(2), 'i2/1']));
  });

  test('hostile ones delete nothing and end nothing', async () => {
    const { broker, outbox, publisher, told } = await startRig({}, { config, epoch, outbox: withReports(2) });
    publisher.start();
    await eventually(() => expect(idsAt(broker)).toEqual(idsTo(2)));
    answer(broker, [[1, 2 ** 53 - 1]]);
    answer(broker, [[3, 3]]);
    answer(broker, 'all');
    answer(broker, [[1, 2]], 'fieldnote/plant/pump8/receipt');
    for (let n = 0; n < 1000; n++) answer(broker, [[9, 9]]);
    await eventually(() => expect(told.ignored).toBe(1003));
    expect(outbox.reports).toHaveLength(2);
    expect([told.connected, told.lost]).toEqual([1, []]);
  });

  test('a refused subscription is said, with what to do', async () => {
    const { publisher, told } = await startRig(
      { subackReason: () => 0x87 },
      { config, epoch, outbox: withReports(1) },
    );
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThan(0));
    expect(told.lost[0]?.error.message).toMatch(
      /refused a subscription to fieldnote\/plant\/pump7\/receipt: 0x87 not authorized.*mqtt.receipts/,
    );
  });

  test('nothing is subscribed to without them', async () => {
    const { broker, outbox, publisher } = await startRig({}, { outbox: withReports(1) });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(broker.filters).toEqual([]);
  });
});
