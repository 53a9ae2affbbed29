import mqtt from 'mqtt';
import type { ReportEvent } from '../../src/publish/envelope.ts';

/** Somebody else who subscribes to all nodes, and counts what a collector must cope with. */
export interface ReportWatcher extends AsyncDisposable {
  /** Reports that came again, by `<node> <its life>`. */
  readonly copies: ReadonlyMap<string, number>;
  /** First deliveries that came after a later one of their lane. */
  readonly outOfOrder: readonly string[];
  readonly count: number;
}

/** @param lifeOf which life of the node it is now */
export async function watchReports(port: number, lifeOf: (node: string) => number): Promise<ReportWatcher> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5, reconnectPeriod: 50 });
  client.on('error', () => undefined);
  const seen = new Set<string>();
  const latest = new Map<string, number>();
  const copies = new Map<string, number>();
  const outOfOrder: string[] = [];
  let count = 0;
  client.on('message', (topic, payload) => {
    const { id, epoch, lane, sequence } = JSON.parse(payload.toString()) as ReportEvent;
    const node = topic.split('/')[2] ?? '';
    const place = `${node} ${epoch} ${lane}`;
    const life = `${node} ${lifeOf(node)}`;
    count += 1;
    if (seen.has(id)) copies.set(life, (copies.get(life) ?? 0) + 1);
    else if (Number(sequence) < (latest.get(place) ?? 0)) outOfOrder.push(`${place} ${sequence}`);
    else latest.set(place, Number(sequence));
    seen.add(id);
  });
  await client.subscribeAsync('fieldnote/+/+/incident/+', { qos: 1 });
  return {
    copies,
    outOfOrder,
    get count() {
      return count;
    },
    async [Symbol.asyncDispose]() {
      await client.endAsync(true);
    },
  };
}
