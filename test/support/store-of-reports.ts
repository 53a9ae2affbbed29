import { Store } from '../../src/store/store.ts';
import { laneOf } from '../../src/values/lane.ts';
import { madeReport } from './made-report.ts';
import { stamp } from './store-reports.ts';

/** A closed store in `dataDir` with so many real reports waiting; gives the `seq` of each. */
export async function storeOfReports(dataDir: string, count: number): Promise<number[]> {
  const onDead = (error: Error) => {
    throw error;
  };
  const store = await Store.open({ dataDir, sizeMaxMiB: 256, bootId: 'boot-a', onDead });
  const seqs = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const report = { ...madeReport(index + 1), site: 'plant', node: 'pump7' };
      const { id, revision, asset } = report;
      const topic = `fieldnote/plant/pump7/incident/${asset.key}`;
      const payload = JSON.stringify(report);
      const entry = { id, revision, asset: asset.key, lane: laneOf(report), topic, payload, stamp };
      return store.accept({
        stateKey: asset.key,
        state: null,
        entry,
        wording: { incident: id, isAwaited: false },
      });
    }),
  );
  await store.close();
  return seqs;
}
