import { describe, expect, test } from 'vitest';
import { unwrittenLengthMax } from '../../src/publish/settlement.ts';
import { LANES } from '../../src/values/lane.ts';
import {
  eventually,
  firstIdsAt,
  idsAt,
  idsTo,
  MemoryOutbox,
  REPORT_TOPIC,
  startRig,
} from '../support/publisher-rig.ts';

describe('acknowledgements', () => {
  test('that never come end the connection, and everything goes again until they do', async () => {
    const { broker, outbox, publisher, told } = await startRig({}, { config: { ackTimeout: 100 } });
    for (let n = 0; n < 100; n++) outbox.accept();
    broker.onMessage(({ properties }) => {
      if (properties.userProperties?.['id'] === 'i1/1') broker.faults.mutePubacks = true;
    });
    publisher.start();
    // On a busy machine the broker may be late already with its first answer.
    await eventually(() =>
      expect(told.lost.map(({ error }) => error.message)).toContainEqual(
        expect.stringContaining('did not acknowledge a publish within 100 ms'),
      ),
    );
    expect(outbox.reports).toHaveLength(100);
    broker.onMessage(() => {
      broker.faults.mutePubacks = false;
    });
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(firstIdsAt(broker)).toEqual(idsTo(100));
    expect(idsAt(broker).length).toBeGreaterThan(100);
  });

  test('of an unknown packet acknowledge nothing', async () => {
    const { broker, outbox, publisher, told } = await startRig({}, { config: { ackTimeout: 100 } });
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
    const { outbox, publisher } = await startRig({ pubackReason: () => 0x10 });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
  });

  test.each([
    ['unspecified error', 0x80],
    ['implementation specific error', 0x83],
    ['quota exceeded', 0x97],
  ])('that refuse with "%s" are asked for again soon, in order', async (_name, code) => {
    const { broker, outbox, publisher, told } = await startRig();
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
    const { broker, outbox, publisher, told } = await startRig();
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
    const { broker, outbox, publisher, told } = await startRig();
    for (let n = 0; n < 3; n++) outbox.accept(n === 1 ? { topic: 'odd' } : {});
    broker.faults.pubackReason = (topic) => (topic === 'odd' ? code : 0);
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(outbox.delivered).toEqual([1, 3]);
    expect(told.quarantined).toMatchObject([{ seq: 2, reason: expect.stringContaining('broker: 0x9') }]);
  });

  test('that refuse the status are told, and the reports go all the same', async () => {
    const { outbox, publisher, told } = await startRig({
      pubackReason: (topic) => (topic.endsWith('/status') ? 0x87 : 0),
    });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(told.refused[0]?.error.message).toContain('fieldnote/plant/pump7/status');
  });
});

describe('the second reading of the outbox after a refusal', () => {
  /** The first publish to this topic is refused. */
  const topic = 'fieldnote/plant/pump7/incident/refused-once';
  function refuseOnce(): (of: string) => number {
    let refusals = 1;
    return (of) => (of === topic && refusals-- > 0 ? 0x97 : 0);
  }

  test('sends no report again that waits for its acknowledgement', async () => {
    const { broker, outbox, publisher, told } = await startRig({ pubackReason: refuseOnce() });
    const evicted = outbox.accept({ topic });
    outbox.accept();
    broker.onMessage((message) => {
      broker.faults.pubackDelayMs = message.topic === REPORT_TOPIC ? 100 : 0;
    });
    publisher.start();
    await eventually(() => expect(told.refused).toHaveLength(1));
    outbox.reports = outbox.reports.filter((report) => report !== evicted);
    await eventually(() => expect(outbox.delivered).toEqual([2]));
    expect(idsAt(broker)).toEqual(['i2/1']);
    expect(told.sent).toBe(2);
  });

  test('sends no report again that is acknowledged but still in the outbox', async () => {
    const outbox = new MemoryOutbox();
    const gate = Promise.withResolvers<void>();
    const mark = outbox.markDelivered.bind(outbox);
    outbox.markDelivered = async (seqs) => {
      await gate.promise;
      await mark(seqs);
    };
    const { broker, publisher, told } = await startRig({ pubackReason: refuseOnce() }, { outbox });
    outbox.accept({ topic });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(idsAt(broker)).toEqual(['i2/1', 'i1/1']));
    gate.resolve();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(told.sent).toBe(3);
  });
});

describe('an outbox', () => {
  test('that cannot be read costs the connection, and is read again with the next one', async () => {
    const outbox = new MemoryOutbox();
    const read = outbox.pendingAfter.bind(outbox);
    // Each connection reads all lanes.
    let failures = 2 * LANES.length;
    outbox.pendingAfter = async (reading) => {
      if (failures-- > 0) throw new Error('disk on fire');
      return read(reading);
    };
    outbox.accept();
    const { publisher, told } = await startRig({}, { outbox });
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
    const { broker, publisher, told } = await startRig({}, { outbox });
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
    const { publisher, told } = await startRig({}, { outbox });
    publisher.start();
    await eventually(() => expect(told.sent).toBeGreaterThanOrEqual(unwrittenLengthMax(64)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told.sent).toBeLessThanOrEqual(unwrittenLengthMax(64) + 64);
    gate.resolve();
    await eventually(() => expect(outbox.reports).toEqual([]));
  });
});
