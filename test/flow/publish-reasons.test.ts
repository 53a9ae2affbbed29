import { expect, test } from 'vitest';
import { REASONS, type Verdict, verdictOf } from '../../src/publish/reasons.ts';
import { startBroker } from '../support/broker.ts';
import type { BrokerFaults } from '../support/broker-faults.ts';
import { createRig, eventually, MemoryOutbox, REPORT_TOPIC } from '../support/publisher-rig.ts';

/** What the specification lets a broker send (MQTT 5 sections 3.2.2.2, 3.4.2.1 and 3.14.2.1). */
const SPECIFIED = {
  connack: [
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a,
    0x9b, 0x9c, 0x9d, 0x9f,
  ],
  puback: [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
  disconnect: [
    0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
    0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
  ],
} as const;

/** What a broker does that answers a report with this code. */
const FAULTS: Record<keyof typeof SPECIFIED, (code: number) => Partial<BrokerFaults>> = {
  connack: (connackReason) => ({ connackReason }),
  puback: (code) => ({ pubackReason: (topic) => (topic === REPORT_TOPIC ? code : 0) }),
  disconnect: (code) => ({ disconnectReason: ({ topic }) => (topic === REPORT_TOPIC ? code : undefined) }),
};

/** Sends one report to a broker that answers with this code, and sees what becomes of it. */
async function seenVerdict(faults: Partial<BrokerFaults>): Promise<Verdict> {
  const broker = await startBroker(faults);
  const outbox = new MemoryOutbox();
  outbox.accept();
  const { publisher, told } = createRig({ port: broker.port, outbox });
  publisher.start();
  const retries = () => [...told.lost, ...told.refused].map(({ retryInMs }) => retryInMs);
  await eventually(() => expect(outbox.reports.length === 0 || retries().length > 0).toBe(true));
  await publisher.stop();
  await broker.stop();
  if (outbox.quarantined.size > 0) return 'quarantine';
  if (outbox.delivered.length > 0) return 'delivered';
  return (retries()[0] ?? 0) >= 30_000 ? 'retry-slowly' : 'retry';
}

test.each(Object.keys(SPECIFIED) as (keyof typeof SPECIFIED)[])(
  'every reason code in %s is in the table, and does what the table says',
  async (packet) => {
    const known = [...REASONS].filter(([, answers]) => answers[packet] !== undefined).map(([code]) => code);
    expect(known).toEqual(expect.arrayContaining([...SPECIFIED[packet]]));
    const seen = await Promise.all(
      known.map(async (code) => [code, await seenVerdict(FAULTS[packet](code))] as const),
    );
    expect(seen).toEqual(known.map((code) => [code, verdictOf(packet, code)]));
  },
);

test('a code that nobody has defined is tried again, and slowly when it refuses the connection', () => {
  for (let code = 0; code < 256; code++) {
    if (REASONS.has(code)) continue;
    expect(verdictOf('connack', code)).toBe('retry-slowly');
    expect(verdictOf('puback', code)).toBe(code < 0x80 ? 'delivered' : 'retry');
    expect(verdictOf('disconnect', code)).toBe('retry');
  }
});
