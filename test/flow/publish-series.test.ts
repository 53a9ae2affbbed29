import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Connection } from '../../src/publish/connection.ts';
import { Presence } from '../../src/publish/presence.ts';
import { systemClock } from '../../src/system/clock.ts';
import type { FieldnoteError } from '../../src/system/errors.ts';
import { startBroker } from '../support/broker.ts';
import { FAULTLESS } from '../support/broker-faults.ts';
import {
  createRig,
  eventually,
  firstIdsAt,
  idsTo,
  MemoryOutbox,
  REPORT_TOPIC,
} from '../support/publisher-rig.ts';

const TROUBLE = ['drop', 'mute', 'wrong-id', 'restart', 'busy', 'cut-early', 'none'] as const;

/** First byte of each kind of packet but PUBACK. */
const PACKET_TYPES = [0x20, 0x30, 0x32, 0x34, 0x50, 0x62, 0x90, 0xb0, 0xc0, 0xd0, 0xe0, 0xf0];

test('any series of troubles at the broker loses nothing and keeps the order of first deliveries', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...TROUBLE), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 40 }),
      async (series, window, receiveMaximum) => {
        const broker = await startBroker({ connackProperties: { receiveMaximum } });
        const outbox = new MemoryOutbox();
        const { publisher, told } = createRig({
          port: broker.port,
          outbox,
          config: { window, ackTimeout: 50 },
          random: () => 0.001,
        });
        publisher.start();
        for (const trouble of series) {
          for (let n = 0; n < 20; n++) outbox.accept();
          publisher.nudge();
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (trouble === 'drop') broker.dropConnections();
          if (trouble === 'mute') broker.faults.mutePubacks = true;
          if (trouble === 'wrong-id') broker.faults.pubackId = (id) => (id % 65_535) + 1;
          if (trouble === 'busy') broker.faults.connackReason = 0x89;
          if (trouble === 'cut-early') broker.faults.dropConnectionAfter = 7;
          if (trouble === 'restart') {
            await broker.stop();
            await broker.start();
          }
          await new Promise((resolve) => setTimeout(resolve, 30));
          Object.assign(broker.faults, FAULTLESS, { connackProperties: { receiveMaximum } });
        }
        await eventually(() => expect(outbox.reports).toEqual([]));
        await publisher.stop();
        await broker.stop();
        expect(firstIdsAt(broker)).toEqual(idsTo(20 * series.length));
        expect(told.quarantined).toEqual([]);
      },
    ),
    { numRuns: 8 },
  );
});

test('any bytes from a broker end the connection or are ignored; they acknowledge nothing', async () => {
  const broker = await startBroker();
  const presence = new Presence({ site: 's', node: 'n' });
  const exchange = async (bytes: Buffer): Promise<{ error: FieldnoteError; codes: number[] }> => {
    broker.faults.mutePubacks = false;
    const connection = new Connection({
      url: `mqtt://127.0.0.1:${broker.port}`,
      clientId: 'c',
      secrets: {},
      keepAliveMs: 30_000,
      ackTimeoutMs: 40,
      will: presence.offline,
      clock: systemClock(() => 1),
    });
    // A machine that does everything else at the same time may need longer than the deadline: then it goes again.
    const isConnected = connection.connected.then(() => true);
    if (!(await Promise.race([isConnected, connection.ended.then(() => false)]))) return exchange(bytes);
    broker.faults.mutePubacks = true;
    const codes: number[] = [];
    connection.publish({ ...presence.online, topic: REPORT_TOPIC }, (code) => codes.push(code));
    broker.sendRaw(bytes);
    return { error: await connection.ended, codes };
  };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...PACKET_TYPES),
      fc.uint8Array({ maxLength: 12 }),
      async (type, body) => {
        const { error, codes } = await exchange(Buffer.from([type, body.length, ...body]));
        expect(error.code).toBe('PUBLISH_LOST');
        expect(codes).toEqual([]);
      },
    ),
    { numRuns: 50, examples: [[0x62, Uint8Array.of()]] },
  );
  await broker.stop();
});
