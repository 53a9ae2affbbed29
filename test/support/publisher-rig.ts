import { onTestFinished, vi } from 'vitest';
import { configSchema, type MqttConfig } from '../../src/config/schema.ts';
import type { OutboxSource, PendingReport, Reading } from '../../src/publish/outbox.ts';
import { Publisher, type PublisherOptions } from '../../src/publish/publisher.ts';
import type { Secrets } from '../../src/publish/secrets.ts';
import { type Clock, systemClock } from '../../src/system/clock.ts';
import type { FieldnoteError } from '../../src/system/errors.ts';
import type { Stamp } from '../../src/values/stamp.ts';
import { type Broker, startBroker } from './broker.ts';
import type { BrokerFaults } from './broker-faults.ts';

export const REPORT_TOPIC = 'fieldnote/plant/pump7/incident/pump';

/** Of this boot, so that the age of a report is told by the monotonic clock. */
export const STAMP: Stamp = { boot: 1, monoMs: 0, wallMs: 0, clock: 'unknown', errorMs: null };

/** An outbox in memory. */
export class MemoryOutbox implements OutboxSource {
  reports: PendingReport[] = [];
  readonly quarantined = new Map<number, string>();
  readonly delivered: number[] = [];
  readonly expired: number[] = [];
  /** Size of each write of acknowledgements. */
  readonly batches: number[] = [];
  #seq = 0;

  accept(report: Partial<PendingReport> = {}): PendingReport {
    const seq = ++this.#seq;
    const accepted = {
      seq,
      lane: 'incident' as const,
      laneSeq: seq,
      stamp: STAMP,
      topic: REPORT_TOPIC,
      payload: `{"n":${seq}}`,
      id: `i${seq}`,
      revision: 1,
      ...report,
    };
    this.reports.push(accepted);
    return accepted;
  }

  async pendingAfter({ lane, seq, limit }: Reading): Promise<readonly PendingReport[]> {
    return this.reports.filter((report) => report.lane === lane && report.seq > seq).slice(0, limit);
  }

  async markDelivered(seqs: readonly number[]): Promise<void> {
    this.delivered.push(...seqs);
    this.batches.push(seqs.length);
    this.reports = this.reports.filter(({ seq }) => !seqs.includes(seq));
  }

  async expire(seqs: readonly number[]): Promise<void> {
    this.expired.push(...seqs);
    this.reports = this.reports.filter(({ seq }) => !seqs.includes(seq));
  }

  async quarantine(seq: number, reason: string): Promise<void> {
    this.quarantined.set(seq, reason);
    this.reports = this.reports.filter((report) => report.seq !== seq);
  }
}

/** What the publisher told its owner. */
export interface Told {
  ignored: number;
  overdue: number;
  connected: number;
  readonly lost: { error: FieldnoteError; retryInMs: number }[];
  readonly refused: { error: FieldnoteError; retryInMs: number }[];
  delivered: number;
  expired: number;
  sent: number;
  readonly quarantined: { seq: number; reason: string }[];
}

type RigOptions = Partial<Omit<PublisherOptions, 'config' | 'on' | 'outbox' | 'secrets'>> & {
  port: number;
  config?: Partial<MqttConfig>;
  outbox?: OutboxSource;
  secrets?: Secrets;
};

const { mqtt: CONFIG } = configSchema.parse({
  ...{ site: 'plant', node: 'pump7', sources: {}, assets: {} },
  mqtt: { url: 'mqtt://127.0.0.1', window: 64, ackTimeout: '5s', receiptTimeout: '5s' },
}) as { mqtt: MqttConfig };

/** A publisher with delays a hundredth of the real ones, and a record of what it tells. */
export function createRig({
  port,
  config,
  outbox = new MemoryOutbox(),
  secrets = {},
  ...options
}: RigOptions) {
  const told: Told = {
    ignored: 0,
    overdue: 0,
    connected: 0,
    lost: [],
    refused: [],
    delivered: 0,
    expired: 0,
    sent: 0,
    quarantined: [],
  };
  const publisher = new Publisher({
    config: { ...CONFIG, url: `mqtt://127.0.0.1:${port}`, ...config },
    site: 'plant',
    node: 'pump7',
    outbox: () => outbox,
    clock: systemClock(() => 1),
    random: () => 0.01,
    secrets: async () => secrets,
    ...options,
    on: {
      receiptIgnored: () => {
        told.ignored += 1;
      },
      receiptsOverdue: (count) => {
        told.overdue += count;
      },
      connected: () => {
        told.connected += 1;
      },
      lost: (error, retryInMs) => told.lost.push({ error, retryInMs }),
      refused: (error, retryInMs) => told.refused.push({ error, retryInMs }),
      sent: () => {
        told.sent += 1;
      },
      expired: (count) => {
        told.expired += count;
      },
      delivered: (count) => {
        told.delivered += count;
      },
      quarantined: (seq, reason) => told.quarantined.push({ seq, reason }),
    },
  });
  return { publisher, told };
}

/** A broker with these faults and a publisher that is not started yet; both end with the test. */
export async function startRig(
  faults: Partial<BrokerFaults> = {},
  {
    outbox = new MemoryOutbox(),
    ...options
  }: Omit<RigOptions, 'port' | 'outbox'> & { outbox?: MemoryOutbox } = {},
) {
  const broker = await startBroker(faults);
  const rig = createRig({ ...options, outbox, port: broker.port });
  onTestFinished(async () => {
    await rig.publisher.stop();
    await broker.stop();
  });
  return { broker, outbox, ...rig };
}

/** Waits until the expectations in `check` hold. */
export async function eventually(check: () => void): Promise<void> {
  await vi.waitFor(check, { timeout: 4500, interval: 5 });
}

/** Ids of the reports that the broker took, in order, copies included. */
export function idsAt(broker: Broker): string[] {
  return broker.messages
    .filter(({ topic }) => topic.includes('/incident/'))
    .map(({ properties }) => String(properties.userProperties?.['id']));
}

/** The same without the copies: first deliveries only. */
export function firstIdsAt(broker: Broker): string[] {
  return [...new Set(idsAt(broker))];
}

/** Ids of reports 1 to count. */
export function idsTo(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `i${index + 1}/1`);
}

/** A clock whose monotonic time can be moved ahead. */
export function movableClock(): Clock & { advance(ms: number): void } {
  const clock = systemClock(() => 1);
  let aheadMs = 0;
  return {
    ...clock,
    monoMs: () => clock.monoMs() + aheadMs,
    advance(ms) {
      aheadMs += ms;
    },
  };
}
