import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ChannelPause } from '../../src/channel-pause.ts';
import { LANES } from '../../src/values/lane.ts';
import type { Broker } from '../support/broker.ts';
import {
  eventually,
  firstIdsAt,
  idsAt,
  idsTo,
  MemoryOutbox,
  REPORT_TOPIC,
  STAMP,
  startRig,
} from '../support/publisher-rig.ts';

function reportsAt(broker: Broker) {
  return broker.messages.filter(({ topic }) => topic === REPORT_TOPIC);
}

function healthAt(broker: Broker): string[] {
  const documents = broker.messages.filter(({ topic }) => topic.endsWith('/health'));
  return documents.map(({ payload }) => payload.toString());
}

describe('the lanes of the outbox', () => {
  test('are sent by urgency, each in its order', async () => {
    const { broker, outbox, publisher } = await startRig();
    for (const lane of LANES.toReversed())
      for (let n = 1; n <= 3; n++) outbox.accept({ lane, id: `${lane}${n}` });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    const ids = idsAt(broker);
    for (const lane of LANES)
      expect(ids.filter((id) => id.startsWith(lane))).toEqual([1, 2, 3].map((n) => `${lane}${n}/1`));
    expect(ids.slice(0, 4)).toEqual(['critical1/1', 'critical2/1', 'critical3/1', 'incident1/1']);
  });

  test('let a fresh critical report overtake a backlog, in a place of the window that is kept free', async () => {
    const { broker, outbox, publisher, told } = await startRig();
    for (let n = 0; n < 500; n++) outbox.accept();
    let seen = 0;
    broker.onMessage(({ topic }) => {
      if (topic === REPORT_TOPIC && ++seen === 100) broker.faults.mutePubacks = true;
    });
    publisher.start();
    // The window is full but for what is kept free, and nothing is acknowledged any more.
    await eventually(() => expect(told.sent).toBeGreaterThanOrEqual(159));
    outbox.accept({ lane: 'critical', id: 'fresh' });
    publisher.nudge('critical');
    await eventually(() => expect(idsAt(broker)).toContain('fresh/1'));
    expect(idsAt(broker).indexOf('fresh/1')).toBeLessThanOrEqual(99 + 64);
  });

  test('wait for no critical place in a window of one', async () => {
    const { broker, outbox, publisher } = await startRig({ connackProperties: { receiveMaximum: 1 } });
    outbox.accept();
    outbox.accept({ lane: 'critical' });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(idsAt(broker)).toEqual(['i2/1', 'i1/1']);
  });
});

describe('a report that is too old', () => {
  const stamp = { ...STAMP, monoMs: -90_000 };

  test('is not sent but counted, and the urgent ones never are too old', async () => {
    const { broker, outbox, publisher, told } = await startRig(
      {},
      { config: { expireAfter: { update: 60_000, evidence: 60_000, telemetry: 60_000 } } },
    );
    for (const lane of LANES) outbox.accept({ lane, stamp });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(outbox.expired).toEqual([3, 4, 5]);
    expect(outbox.delivered).toEqual([1, 2]);
    expect(told).toMatchObject({ expired: 3, delivered: 2, sent: 2 });
    expect(reportsAt(broker).map(({ properties }) => properties.messageExpiryInterval)).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('is dropped by the broker too: it is told how long is left', async () => {
    const { broker, outbox, publisher } = await startRig(
      {},
      { config: { expireAfter: { update: 1e12, evidence: 1, telemetry: 1 } } },
    );
    outbox.accept({ lane: 'update' });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    const left = reportsAt(broker)[0]?.properties.messageExpiryInterval ?? 0;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(1e9);
  });
});

describe('a metered link', () => {
  test('carries no more than its limit, and a critical report at once', async () => {
    const { broker, outbox, publisher, told } = await startRig(
      {},
      { config: { limit: { messagesPerSecond: 0.001 } } },
    );
    for (let n = 0; n < 20; n++) outbox.accept();
    publisher.publishHealth({ n: 1 });
    publisher.start();
    await eventually(() => expect(told.connected).toBe(1));
    outbox.accept({ lane: 'critical', id: 'urgent' });
    publisher.nudge();
    await eventually(() => expect(idsAt(broker)).toContain('urgent/1'));
    expect(outbox.reports.length).toBeGreaterThanOrEqual(19);
    expect(told.sent).toBeLessThanOrEqual(2);
  });

  test('goes on as soon as the limit allows it', async () => {
    const { broker, outbox, publisher } = await startRig(
      {},
      { config: { limit: { messagesPerSecond: 200 } } },
    );
    for (let n = 0; n < 30; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(idsAt(broker)).toEqual(idsTo(30));
  });

  test('carries packed reports, which say that they are', async () => {
    const { broker, outbox, publisher } = await startRig({}, { config: { compress: true } });
    const long = outbox.accept({ payload: `{"text":"${'pump '.repeat(200)}"}` });
    outbox.accept({ payload: '{}' });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    const [packed, plain] = reportsAt(broker);
    expect(packed?.properties.userProperties).toEqual({ id: 'i1/1', contentEncoding: 'gzip' });
    expect(gunzipSync(packed?.payload ?? '').toString()).toBe(long.payload);
    expect(packed?.packetSizeBytes).toBeLessThan(long.payload.length / 4);
    expect(plain?.properties.userProperties).toEqual({ id: 'i2/1' });
    expect(plain?.payload.toString()).toBe('{}');
  });

  test.each([0, 1, 5])('saves the topic where the broker knows %i aliases', async (topicAliasMaximum) => {
    const { broker, outbox, publisher } = await startRig({ connackProperties: { topicAliasMaximum } });
    const topics = [REPORT_TOPIC, `${REPORT_TOPIC}2`];
    for (let n = 0; n < 6; n++) outbox.accept({ topic: topics[n % 2] ?? '' });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    const sent = broker.messages.filter(({ topic }) => topics.includes(topic));
    expect(sent.map(({ topic }) => topic)).toEqual([...topics, ...topics, ...topics]);
    const aliases = sent.map(({ properties }) => properties.topicAlias ?? 0);
    expect(Math.max(...aliases)).toBeLessThanOrEqual(topicAliasMaximum);
    const saved = (sent[0]?.packetSizeBytes ?? 0) - (sent[4]?.packetSizeBytes ?? 0);
    // The status has taken the only alias of the second case.
    expect(saved).toBe(topicAliasMaximum === 5 ? REPORT_TOPIC.length : 0);
  });
});

describe('a broker that hangs up without a word', () => {
  test('on one report gets the good ones behind it, and the report is kept', async () => {
    const { broker, outbox, publisher, told } = await startRig();
    for (let n = 1; n <= 50; n++) outbox.accept(n === 20 ? { payload: 'odd' } : {});
    broker.faults.hangsUpOn = ({ payload }) => payload.toString() === 'odd';
    publisher.start();
    await eventually(() => expect(outbox.reports.map(({ seq }) => seq)).toEqual([20]));
    expect(told.quarantined).toEqual([]);
    expect(told.lost.length).toBeLessThanOrEqual(6);
    expect(firstIdsAt(broker)).toEqual(idsTo(50).filter((id) => id !== 'i20/1'));
  });

  test('now and then keeps the order', async () => {
    const outbox = new MemoryOutbox();
    let count = 0;
    const { broker, publisher } = await startRig(
      { hangsUpOn: ({ topic }) => topic === REPORT_TOPIC && ++count % 17 === 0 },
      { outbox },
    );
    for (let n = 0; n < 100; n++) outbox.accept();
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(firstIdsAt(broker)).toEqual(idsTo(100));
  });
});

describe('a channel that says that the link is needed', () => {
  const quietWhileArmed = async () => {
    const pause = new ChannelPause({ from: 'fc.vehicle.armed', above: 0.5 }, () => rig.publisher.nudge());
    const say = (armed: number) => {
      const sample = { kind: 'sample', source: 'fc', names: ['vehicle.armed'], values: [armed] } as const;
      pause.push({ ...sample, monoMs: 0, deviceMs: undefined });
    };
    const rig = await startRig({}, { isQuiet: () => pause.isOver(0) });
    return { ...rig, say };
  };

  test('holds back everything but critical reports, and lets it go when it is over', async () => {
    const { broker, outbox, publisher, told, say } = await quietWhileArmed();
    say(1);
    for (const lane of LANES) outbox.accept({ lane, id: lane });
    publisher.publishHealth({ n: 1 });
    publisher.start();
    await eventually(() => expect(told.delivered).toBeGreaterThanOrEqual(1));
    publisher.publishHealth({ n: 2 });
    outbox.accept({ lane: 'incident', id: 'later' });
    publisher.nudge('incident');
    outbox.accept({ lane: 'critical', id: 'lost-motor' });
    publisher.nudge('critical');
    await eventually(() => expect(told.delivered).toBeGreaterThanOrEqual(2));
    expect(idsAt(broker)).toEqual(['critical/1', 'lost-motor/1']);
    expect(healthAt(broker)).toEqual(['{"n":1}']);
    say(0);
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(idsAt(broker)).toHaveLength(LANES.length + 2);
    publisher.publishHealth({ n: 3 });
    await eventually(() => expect(healthAt(broker)).toContain('{"n":3}'));
  });

  test('holds back nothing where it is not configured', async () => {
    const { broker, outbox, publisher } = await startRig();
    for (const lane of LANES) outbox.accept({ lane, id: lane });
    publisher.start();
    await eventually(() => expect(outbox.reports).toEqual([]));
    expect(idsAt(broker)).toHaveLength(LANES.length);
  });
});
