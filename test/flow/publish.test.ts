import { describe, expect, onTestFinished, test } from 'vitest';
import type { Broker } from '../support/broker.ts';
import {
  createRig,
  eventually,
  idsAt,
  idsTo,
  MemoryOutbox,
  movableClock,
  startRig,
} from '../support/publisher-rig.ts';

function documentsAt(broker: Broker, level: string): unknown[] {
  const messages = broker.messages.filter(({ topic }) => topic === `fieldnote/plant/pump7/${level}`);
  return messages.map(({ payload }) => JSON.parse(payload.toString()));
}

describe('delivery', () => {
  test('delivers a backlog larger than the window once, in order, and empties the outbox', async () => {
    const { broker, outbox, publisher, told } = await startRig();
    for (let n = 0; n < 150; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(idsAt(broker)).toEqual(idsTo(150));
    expect(told).toMatchObject({ connected: 1, sent: 150, delivered: 150, lost: [], quarantined: [] });
  });

  test('sends the stored payload as CloudEvents JSON at QoS 1, not retained', async () => {
    const { broker, outbox, publisher } = await startRig();
    const report = outbox.accept({ id: 'abc', revision: 7 });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    const message = broker.messages.find(({ topic }) => topic === report.topic);
    expect(message).toMatchObject({ qos: 1, retain: false, clientId: 'fieldnote.plant.pump7' });
    expect(message?.payload.toString()).toBe(report.payload);
    expect(message?.properties).toMatchObject({ contentType: 'application/cloudevents+json' });
    expect(message?.properties.userProperties).toEqual({ id: 'abc/7' });
  });

  test('sends the body that is made of a report at send', async () => {
    const { broker, outbox, publisher } = await startRig({}, { bodyOf: ({ seq }) => `body of ${seq}` });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(broker.messages.at(-1)?.payload.toString()).toBe('body of 1');
  });

  test('sends what is accepted later when it is nudged', async () => {
    const { broker, outbox, publisher, told } = await startRig();
    publisher.start();
    await eventually(() => expect(told.connected).toBe(1));
    for (let n = 0; n < 5; n++) {
      outbox.accept();
      publisher.nudge();
    }
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(idsAt(broker)).toEqual(idsTo(5));
  });

  test('forgets no nudge that comes during a read', async () => {
    const outbox = new MemoryOutbox();
    const read = outbox.pendingAfter.bind(outbox);
    const { publisher } = await startRig({}, { outbox });
    let reads = 0;
    outbox.pendingAfter = async (reading) => {
      const reports = await read(reading);
      if (++reads === 1) {
        outbox.accept();
        publisher.nudge();
      }
      return reports;
    };
    publisher.start();
    await eventually(() => expect(outbox.delivered).toEqual([1]));
  });

  test('writes acknowledgements in batches', async () => {
    const { outbox, publisher } = await startRig();
    for (let n = 0; n < 128; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(outbox.batches.length).toBeLessThan(20);
    expect(Math.max(...outbox.batches)).toBeLessThanOrEqual(64);
  });

  test('keeps no more in flight than its own window', async () => {
    const { broker, outbox, publisher } = await startRig({ pubackDelayMs: 5 }, { config: { window: 4 } });
    for (let n = 0; n < 30; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(broker.unackedMax).toBe(4);
  });

  test('keeps no more in flight than the broker wants', async () => {
    const { broker, outbox, publisher } = await startRig({
      pubackDelayMs: 2,
      connackProperties: { receiveMaximum: 1 },
    });
    for (let n = 0; n < 20; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(broker.unackedMax).toBe(1);
    expect(idsAt(broker)).toEqual(idsTo(20));
  });

  test('holds the window when the broker announces a receive maximum of 0', async () => {
    const { outbox, publisher } = await startRig({ connackProperties: { receiveMaximum: 0 } });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
  });
});

describe('status', () => {
  test('is online, retained, with the document of the agent, before the first report', async () => {
    const { broker, outbox, publisher } = await startRig();
    outbox.accept();
    publisher.publishStatus({ agent: '1.2.3', epoch: 'e', state: 'wrong' });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(broker.messages[0]).toMatchObject({ topic: 'fieldnote/plant/pump7/status', retain: true });
    const online = { state: 'online', site: 'plant', node: 'pump7', agent: '1.2.3', epoch: 'e' };
    expect(documentsAt(broker, 'status')).toEqual([online]);
  });

  test('is offline, retained, after a clean stop, without the last will', async () => {
    const outbox = new MemoryOutbox();
    outbox.accept();
    const { broker, publisher } = await startRig({}, { outbox });
    publisher.start();
    // Only then is it sure that the answer to the status has come; a stop before it leaves the rest to the last will.
    await eventually(() => expect(outbox.reports).toEqual([]));
    await publisher.stop();
    await eventually(() => expect(broker.connectionCount).toBe(0));
    expect(documentsAt(broker, 'status').slice(1)).toEqual([
      { state: 'offline', site: 'plant', node: 'pump7' },
    ]);
    expect(broker.messages.at(-1)).toMatchObject({ retain: true, qos: 0 });
  });

  test('is offline by last will when the connection breaks, and online again after it', async () => {
    const { broker, publisher } = await startRig();
    publisher.start();
    await eventually(() => expect(documentsAt(broker, 'status')).toHaveLength(1));
    broker.dropConnections();
    await eventually(() => expect(documentsAt(broker, 'status')).toHaveLength(3));
    expect(documentsAt(broker, 'status')).toMatchObject([
      { state: 'online' },
      { state: 'offline' },
      { state: 'online' },
    ]);
  });

  test('changes while connected', async () => {
    const { broker, publisher } = await startRig();
    publisher.start();
    await eventually(() => expect(documentsAt(broker, 'status')).toHaveLength(1));
    publisher.publishStatus({ agent: '2' });
    await eventually(() => expect(documentsAt(broker, 'status').at(-1)).toMatchObject({ agent: '2' }));
  });
});

describe('health', () => {
  test('is published retained at each connection, the latest only', async () => {
    const { broker, publisher } = await startRig();
    publisher.publishHealth({ n: 1 });
    publisher.publishHealth({ n: 2 });
    publisher.start();
    await eventually(() => expect(documentsAt(broker, 'health')).toEqual([{ n: 2 }]));
    publisher.publishHealth({ n: 3 });
    await eventually(() => expect(documentsAt(broker, 'health')).toEqual([{ n: 2 }, { n: 3 }]));
    expect(broker.messages.at(-1)?.retain).toBe(true);
    broker.dropConnections();
    await eventually(() => expect(documentsAt(broker, 'health')).toHaveLength(3));
    expect(documentsAt(broker, 'health').at(-1)).toEqual({ n: 3 });
  });

  test('that is larger than the broker takes is not sent', async () => {
    const { broker, outbox, publisher } = await startRig({ connackProperties: { maximumPacketSize: 400 } });
    publisher.publishHealth({ long: 'x'.repeat(400) });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(documentsAt(broker, 'health')).toEqual([]);
  });
});

describe('gap', () => {
  test('is published retained when it changes and at each connection', async () => {
    const { broker, publisher } = await startRig();
    publisher.publishGap({ gaps: [1] });
    publisher.start();
    await eventually(() => expect(documentsAt(broker, 'gap')).toEqual([{ gaps: [1] }]));
    publisher.publishGap({ gaps: [1] });
    publisher.publishGap({ gaps: [1, 2] });
    await eventually(() => expect(documentsAt(broker, 'gap')).toEqual([{ gaps: [1] }, { gaps: [1, 2] }]));
    broker.dropConnections();
    await eventually(() => expect(documentsAt(broker, 'gap')).toHaveLength(3));
    expect(broker.messages.at(-1)?.retain).toBe(true);
  });

  test('is published later when the rate limit did not let it go', async () => {
    const clock = movableClock();
    const { broker, publisher } = await startRig({}, { clock, config: { limit: { bytesPerSecond: 1 } } });
    publisher.start();
    await eventually(() => expect(documentsAt(broker, 'status')).toHaveLength(1));
    // What comes first overdraws the account for the second.
    publisher.publishHealth({ ok: true });
    publisher.publishGap({ gaps: [1] });
    clock.advance(3_600_000);
    publisher.publishGap({ gaps: [1] });
    await eventually(() => expect(documentsAt(broker, 'gap')).toEqual([{ gaps: [1] }]));
    expect(documentsAt(broker, 'health')).toEqual([{ ok: true }]);
  });

  test('takes no place in a window of 1', async () => {
    const { broker, outbox, publisher } = await startRig({
      pubackDelayMs: 5,
      connackProperties: { receiveMaximum: 1 },
    });
    publisher.publishGap({ gaps: [] });
    for (let n = 0; n < 5; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(broker.unackedMax).toBe(1);
  });
});

describe('stop', () => {
  test('waits for the acknowledgements of what is in flight', async () => {
    const { broker, outbox, publisher } = await startRig({ pubackDelayMs: 100 });
    for (let n = 0; n < 10; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(idsAt(broker)).toHaveLength(10));
    await publisher.stop();
    expect(outbox.reports).toEqual([]);
  });

  test('leaves what is not acknowledged for the next start', async () => {
    const { broker, outbox, publisher } = await startRig({}, { config: { window: 8 } });
    for (let n = 0; n < 20; n++) outbox.accept();
    const leave = broker.onMessage(({ properties }) => {
      if (properties.userProperties?.['id'] === 'i9/1') broker.faults.mutePubacks = true;
    });
    publisher.start();
    await eventually(() => expect(idsAt(broker)).toHaveLength(16));
    await publisher.stop();
    expect(outbox.delivered).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    leave();
    broker.faults.mutePubacks = false;
    const next = createRig({ port: broker.port, outbox });
    onTestFinished(() => next.publisher.stop());
    next.publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(idsAt(broker).slice(16)).toEqual(idsTo(20).slice(8));
  });

  test('ends the wait for the next attempt', async () => {
    const { publisher, told } = await startRig({ connackReason: 0x87 });
    publisher.start();
    await eventually(() => expect(told.lost).toHaveLength(1));
    await publisher.stop();
    expect(told.lost).toHaveLength(1);
  });

  test('ends an attempt that the broker does not answer', async () => {
    const { broker, publisher } = await startRig({ silent: true });
    publisher.start();
    await eventually(() => expect(broker.connectionCount).toBe(1));
    await publisher.stop();
    await eventually(() => expect(broker.connectionCount).toBe(0));
  });

  test('without a start does nothing', async () => {
    const { broker, publisher } = await startRig();
    await publisher.stop();
    expect(broker.connects).toEqual([]);
  });
});
