import { join } from 'node:path';
import { loadConfig } from '../config/load.ts';
import { takeSnapshot } from '../store/snapshot.ts';
import { faultsIn } from '../store/survey.ts';

/** `fieldnote store verify`: works on a copy, so the daemon may run. @returns whether the store is sound */
export async function storeVerify(options: { config: string; json?: boolean }): Promise<boolean> {
  const { config } = loadConfig(options.config);
  const path = join(config.dataDir, 'fieldnote.db');
  using snapshot = await takeSnapshot(path);
  const faults = faultsIn(snapshot, path);
  process.stdout.write(
    `${options.json ? JSON.stringify({ path, faults }, null, 2) : textOf(path, faults)}\n`,
  );
  return faults.length === 0;
}

function textOf(path: string, faults: readonly string[]): string {
  if (faults.length === 0) return `${path} is sound: log, structure, books and every checksum`;
  const advice =
    'Restart the daemon: it puts a file with damaged log, structure or books aside and saves what is readable. ' +
    'Rows with a wrong checksum are left out and counted when their turn comes.';
  return [`${path} is damaged`, ...faults.map((fault) => `  ${fault}`), advice].join('\n');
}
