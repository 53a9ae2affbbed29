import mqtt, { type IPublishPacket } from 'mqtt';
import type { Health } from '../../src/health.ts';
import type { DigestEvent } from '../../src/publish/digest-envelope.ts';
import type { ReportEvent } from '../../src/publish/envelope.ts';
import type { GapRow } from '../../src/store/gaps.ts';
import { eventually } from './daemon.ts';

/** A team's server that subscribes to one node, at QoS 1 and with a session that outlives its connections. */
export interface ReportSubscriber extends AsyncDisposable {
  /** In the order of their arrival, copies included. */
  readonly reports: readonly ReportEvent[];
  /** MQTT 5 user property `id` of each of them. */
  readonly userIds: readonly unknown[];
  readonly digests: readonly DigestEvent[];
  readonly health: Health | undefined;
  /** Everything that was lost, as far as the node remembers. */
  readonly gaps: readonly GapRow[];
  readonly isOnline: boolean;
  /** Waits until so many different reports have come, in total. */
  distinct(count: number): Promise<void>;
  /** Waits for one that has not come before. */
  another(): Promise<void>;
}

export async function subscribeTo(port: number, root: string): Promise<ReportSubscriber> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
    clientId: 'team-server',
    protocolVersion: 5,
    clean: false,
    properties: { sessionExpiryInterval: 3600 },
    reconnectPeriod: 50,
  });
  const reports: ReportEvent[] = [];
  const userIds: unknown[] = [];
  const digests: DigestEvent[] = [];
  const seen: { health?: Health; gaps: GapRow[]; isOnline: boolean } = { gaps: [], isOnline: false };
  client.on('error', () => undefined);
  client.on('message', (topic: string, payload: Buffer, { properties }: IPublishPacket) => {
    const document = JSON.parse(payload.toString());
    if (topic === `${root}/health`) seen.health = document;
    else if (topic === `${root}/digest`) digests.push(document);
    else if (topic === `${root}/gap`) seen.gaps = document.gaps;
    else if (topic === `${root}/status`) seen.isOnline = document.state === 'online';
    else if (topic.startsWith(`${root}/incident/`)) {
      reports.push(document);
      userIds.push(properties?.userProperties?.['id']);
    }
  });
  // Waits for the connection by itself.
  await client.subscribeAsync(`${root}/#`, { qos: 1 });
  const distinctCount = () => new Set(reports.map(({ id }) => id)).size;
  const distinct = (count: number) =>
    eventually(() => {
      if (distinctCount() < count) throw new Error(`${distinctCount()} of ${count} reports have come`);
    });
  return {
    reports,
    userIds,
    digests,
    get health() {
      return seen.health;
    },
    get gaps() {
      return seen.gaps;
    },
    get isOnline() {
      return seen.isOnline;
    },
    distinct,
    another: () => distinct(distinctCount() + 1),
    async [Symbol.asyncDispose]() {
      await client.endAsync(true);
    },
  };
}
