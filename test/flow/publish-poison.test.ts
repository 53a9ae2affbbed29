import { describe, expect, test } from 'vitest';
import { eventually, firstIdsAt, idsTo, REPORT_TOPIC, startRig } from '../support/publisher-rig.ts';

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
    const { broker, outbox, publisher, told } = await startRig();
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
    const { outbox, publisher, told } = await startRig({}, { bodyOf });
    for (let n = 0; n < 2; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(told.quarantined).toEqual([{ seq: 1, reason: 'report 1 is not JSON' }]);
  });

  test('larger than the broker takes is put aside; one just as large is delivered', async () => {
    const sizeBytesMax = 1000;
    const { broker, outbox, publisher } = await startRig({
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
    const { outbox, publisher, told } = await startRig({ connackProperties: { maximumPacketSize: 16 } });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(told.lost).toHaveLength(1));
    expect(told.lost[0]?.error.message).toContain('cannot take even the status');
    expect(told.lost[0]?.retryInMs).toBeGreaterThanOrEqual(30_000);
    expect(outbox.reports).toHaveLength(1);
    expect(outbox.quarantined.size).toBe(0);
  });

  test('is not blamed when the broker hangs up on the status', async () => {
    const { broker, outbox, publisher, told } = await startRig();
    outbox.accept();
    broker.faults.disconnectReason = ({ topic }) => (topic.endsWith('/status') ? 0x95 : undefined);
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(3));
    expect(told.sent).toBe(0);
    expect(outbox.quarantined.size).toBe(0);
    expect(outbox.reports).toHaveLength(1);
  });

  test('that makes the broker hang up is found and put aside, and no other', async () => {
    const { broker, outbox, publisher, told } = await startRig();
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
    const { broker, outbox, publisher, told } = await startRig();
    outbox.accept();
    broker.faults.disconnectReason = ({ topic }) => (topic === REPORT_TOPIC ? 0x8b : undefined);
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(3));
    expect(outbox.quarantined.size).toBe(0);
    expect(outbox.reports).toHaveLength(1);
  });
});
