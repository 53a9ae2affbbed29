import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Store } from './store/store.ts';
import type { StoreKeeper } from './store-keeper.ts';
import { replaceDurably } from './system/durable-file.ts';
import { messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import { LANES } from './values/lane.ts';
import { type Receipt, receiptSchema } from './values/receipt.ts';

/**
 * Receipts that came by stick, on their way to the store, which only the daemon can open: `fieldnote store export` has
 * checked them and lays them into a folder, and the daemon takes them from there.
 */

const FILES_MAX = 64;

export async function leaveReceipts(
  dataDir: string,
  bundle: string,
  receipts: readonly Receipt[],
): Promise<void> {
  await mkdir(folderIn(dataDir), { recursive: true });
  await replaceDurably(join(folderIn(dataDir), `${bundle}.json`), JSON.stringify(receipts));
}

/**
 * Deletes what the receipts confirm from the store, and the receipts when that is durable.
 * @throws FieldnoteError STORE_FULL or STORE_DEAD: the receipts stay for another time
 */
export async function takeReceipts(
  dataDir: string,
  { keeper, log }: { keeper: Pick<StoreKeeper, 'store'>; log: Logger },
): Promise<void> {
  const { store } = keeper;
  if (store === undefined) return;
  const names = await readdir(folderIn(dataDir)).catch(() => [] as string[]);
  for (const name of names.filter((one) => one.endsWith('.json')).slice(0, FILES_MAX)) {
    const path = join(folderIn(dataDir), name);
    const receipts = await readReceipts(path);
    if (typeof receipts === 'string') log.error(`${path} is no receipt and is ignored: ${receipts}`);
    else log.info(`${await confirm(store, receipts)} reports came to their collector by stick`);
    await rm(path, { force: true });
  }
}

async function confirm(store: Store, receipts: readonly Receipt[]): Promise<number> {
  let confirmed = 0;
  for (const { epoch, lane: name, ranges } of receipts) {
    const lane = LANES.find((one) => one === name);
    if (lane === undefined) continue;
    for (const [from, to] of ranges) {
      let count = -1;
      for (; count !== 0; confirmed += count)
        count = await store.markDeliveredRange({ epoch, lane, from, to });
    }
  }
  return confirmed;
}

/** The receipts in a file, or why there are none. */
async function readReceipts(path: string): Promise<readonly Receipt[] | string> {
  try {
    return z.array(receiptSchema).parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    return messageOf(error);
  }
}

function folderIn(dataDir: string): string {
  return join(dataDir, 'receipts');
}
