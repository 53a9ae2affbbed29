import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { collect } from '../../src/collect/collecting.ts';
import type { CollectorTotals } from '../../src/collect/collector.ts';
import { SqliteSink } from '../../src/collect/sqlite-sink.ts';
import type { PendingReport } from '../../src/publish/outbox.ts';
import type { Totals } from '../../src/store/ledger.ts';
import { Store } from '../../src/store/store.ts';
import { systemClock } from '../../src/system/clock.ts';
import { createLog } from '../../src/system/log.ts';
import { startBroker } from './broker.ts';
import { newFolder } from './daemon.ts';
import { createRig, eventually } from './publisher-rig.ts';
import { stamp } from './store-reports.ts';

/** The node that `sizedAcceptance` writes for. */
const NODE = { site: 's', node: 'n' } as const;

/** What both sides say when nothing waits any more. */
export interface Drained {
  /** Of the node, before and after. */
  readonly before: Totals;
  readonly after: Totals;
  readonly collector: CollectorTotals;
  /** Revision of every row that the collector has. */
  readonly revisions: readonly number[];
  /** Places that the collector has, each once. */
  readonly places: number;
}

/** Opens a store, delivers all that waits in it by the publisher to a collector with receipts, and closes it. */
export async function drainStore(dataDir: string): Promise<Drained> {
  await using folder = await newFolder();
  const file = join(folder.path, 'collected.db');
  const broker = await startBroker();
  const collecting = startCollecting(file, broker.port);
  const onDead = (error: Error) => {
    throw error;
  };
  const store = await Store.open({ dataDir, sizeMaxMiB: 8, bootId: 'boot-a', onDead });
  const before = await store.totals();
  await eventually(() => {
    if (!collecting.isSubscribed()) throw new Error('the collector is not there');
  });
  const { publisher, told } = createRig({
    ...NODE,
    ...publishingOf(store),
    port: broker.port,
    config: { receipts: true },
  });
  publisher.start();
  await eventually(() => {
    if (told.delivered < before.pending)
      throw new Error(`${told.delivered} of ${before.pending} have a receipt`);
  });
  await publisher.stop();
  const after = await store.totals();
  await store.close();
  const collector = await collecting.end();
  await broker.stop();
  return { before, after, collector, ...rowsIn(file) };
}

function startCollecting(file: string, port: number) {
  const sink = new SqliteSink(file);
  const stop = new AbortController();
  const lines: string[] = [];
  const collecting = collect(
    {
      ...{ broker: `mqtt://127.0.0.1:${port}`, group: 'g', clientId: 'collector', sink },
      ...{ secrets: async () => ({}), clock: systemClock(() => 0), random: () => 0.01 },
      log: createLog('info', { write: (line) => void lines.push(line) }),
    },
    stop.signal,
  );
  return {
    isSubscribed: () => lines.some((line) => line.includes('collecting from')),
    async end() {
      stop.abort();
      const totals = await collecting;
      await sink.close();
      return totals;
    },
  };
}

/** The reports of the test are smaller than real ones, so their envelope is made here. */
function publishingOf(store: Store) {
  const source = `fieldnote/${NODE.site}/${NODE.node}`;
  return {
    epoch: () => store.epoch,
    outbox: {
      pendingAfter: (reading: Parameters<Store['pendingAfter']>[0]) => store.pendingAfter(reading),
      markDelivered: (seqs: readonly number[]) => store.markDelivered(seqs),
      quarantine: (seq: number, reason: string) => store.quarantine(seq, reason, stamp),
      expire: (seqs: readonly number[]) => store.expire(seqs, stamp),
    },
    bodyOf: ({ id, revision, lane, laneSeq, payload }: PendingReport) =>
      JSON.stringify({
        ...{ specversion: '1.0', id: `${id}/${revision}`, source, type: 'fieldnote.incident.opened' },
        ...{ time: new Date(stamp.wallMs).toISOString(), epoch: store.epoch, lane },
        ...{ sequence: String(laneSeq), data: JSON.parse(payload) },
      }),
  };
}

function rowsIn(path: string): { revisions: number[]; places: number } {
  using database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare('SELECT epoch, lane, sequence, document FROM fieldnote_report').all();
  return {
    revisions: rows.map(({ document }) => JSON.parse(String(document)).data.revision),
    places: new Set(rows.map(({ epoch, lane, sequence }) => `${epoch} ${lane} ${sequence}`)).size,
  };
}
