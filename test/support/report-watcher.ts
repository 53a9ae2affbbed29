import mqtt from 'mqtt';
import type { ReportEvent } from '../../src/publish/envelope.ts';

/** Somebody else who subscribes to all nodes, and counts what a collector must cope with. */
export interface ReportWatcher extends AsyncDisposable {
  /** Reports of an earlier life that came again, by `<node> <its life>`; each counts once in a life. */
  readonly copies: ReadonlyMap<string, number>;
  /** First deliveries that came after a later one of their lane. */
  readonly outOfOrder: readonly string[];
  /** Reports that came again in the same life, because a receipt was late. */
  readonly repeats: number;
}

/** @param lifeOf which life of the node it is now */
export async function watchReports(port: number, lifeOf: (node: string) => number): Promise<ReportWatcher> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5, reconnectPeriod: 50 });
  client.on('error', () => undefined);
  /** In which life of its node a report came last. */
  const seen = new Map<string, string>();
  const latest = new Map<string, number>();
  const copies = new Map<string, number>();
  const outOfOrder: string[] = [];
  let repeats = 0;
  client.on('message', (topic, payload) => {
    const { id, epoch, lane, sequence } = JSON.parse(payload.toString()) as ReportEvent;
    const node = topic.split('/')[2] ?? '';
    const place = `${node} ${epoch} ${lane}`;
    const life = `${node} ${lifeOf(node)}`;
    const before = seen.get(id);
    if (before !== undefined && before !== life) copies.set(life, (copies.get(life) ?? 0) + 1);
    else if (before === life) repeats += 1;
    else if (Number(sequence) < (latest.get(place) ?? 0)) outOfOrder.push(`${place} ${sequence}`);
    else latest.set(place, Number(sequence));
    seen.set(id, life);
  });
  await client.subscribeAsync('fieldnote/+/+/incident/+', { qos: 1 });
  return {
    copies,
    outOfOrder,
    get repeats() {
      return repeats;
    },
    async [Symbol.asyncDispose]() {
      await client.endAsync(true);
    },
  };
}
