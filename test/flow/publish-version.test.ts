import { describe, expect, test } from 'vitest';
import { eventually, startRig } from '../support/publisher-rig.ts';

describe('the version of MQTT', () => {
  test.each(['connack', 'hangs-up'] as const)(
    'falls back to 3.1.1 at once with a broker that refuses 5: %s',
    async (versionRefusal) => {
      const { broker, outbox, publisher, told } = await startRig({ versionRefusal });
      for (let count = 0; count < 3; count += 1) outbox.accept();
      publisher.start();
      await eventually(() => expect(told.delivered).toBe(3));
      expect(broker.connects.map(({ protocolVersion }) => protocolVersion)).toEqual([5, 4]);
      expect(told.versions).toEqual(['3.1.1']);
      expect(told.lost).toEqual([]);
      expect(broker.messages.filter(({ topic }) => topic.includes('/incident/'))).toHaveLength(3);
    },
  );

  test('is 5 again as soon as the broker speaks it', async () => {
    const { broker, publisher, told } = await startRig({ versionRefusal: 'connack' });
    publisher.start();
    await eventually(() => expect(told.versions).toEqual(['3.1.1']));
    broker.faults.versionRefusal = undefined;
    broker.dropConnections();
    await eventually(() => expect(told.versions).toEqual(['3.1.1', 5]));
  });

  test('is never 3.1.1 where 5 is demanded', async () => {
    const faults = { versionRefusal: 'connack' } as const;
    const { broker, publisher, told } = await startRig(faults, { config: { version: 5 } });
    publisher.start();
    await eventually(() => expect(told.lost).toHaveLength(1));
    expect(told.lost[0]?.error.message).toContain('set mqtt.version to auto');
    expect(broker.connects.map(({ protocolVersion }) => protocolVersion)).toEqual([5]);
  });

  test('is 3.1.1 without a try of 5 where that is demanded', async () => {
    const { broker, outbox, publisher, told } = await startRig({}, { config: { version: '3.1.1' } });
    outbox.accept();
    publisher.start();
    await eventually(() => expect(told.delivered).toBe(1));
    expect(broker.connects.map(({ protocolVersion }) => protocolVersion)).toEqual([4]);
  });

  test('decides whether reports are packed: only 5 can tell a subscriber', async () => {
    const faults = { versionRefusal: 'connack' } as const;
    const { broker, outbox, publisher, told } = await startRig(faults, { config: { compress: true } });
    outbox.accept({ payload: JSON.stringify({ text: 'a'.repeat(1000) }) });
    publisher.start();
    await eventually(() => expect(told.delivered).toBe(1));
    const report = broker.messages.find(({ topic }) => topic.includes('/incident/'));
    expect(report?.payload.toString()).toContain('aaaa');
  });

  test('is not changed by a broker that is not there', async () => {
    const { broker, publisher, told } = await startRig();
    await broker.stop();
    publisher.start();
    await eventually(() => expect(told.lost.length).toBeGreaterThanOrEqual(2));
    await broker.start();
    await eventually(() => expect(told.versions).toEqual([5]));
  });

  test('keeps the last will and the retained status with 3.1.1', async () => {
    const { broker, publisher, told } = await startRig({ versionRefusal: 'hangs-up' });
    publisher.start();
    await eventually(() => expect(told.versions).toEqual(['3.1.1']));
    await eventually(() => expect(broker.messages.some(({ topic }) => topic.endsWith('/status'))).toBe(true));
    broker.dropConnections();
    await eventually(() => expect(told.versions).toEqual(['3.1.1', '3.1.1']));
    const states = broker.messages
      .filter(({ topic, retain }) => retain && topic.endsWith('/status'))
      .map(({ payload }) => JSON.parse(payload.toString()).state);
    expect(states.slice(0, 2)).toEqual(['online', 'offline']);
  });
});
