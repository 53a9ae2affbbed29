import { mkdirSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { readHead } from '../../src/update/head.ts';
import { UpdateReceiver } from '../../src/update-carrier/receiver.ts';
import { makerKeys } from '../support/made-update.ts';
import { bundleOf, offerOf, outgoing, partsOf } from '../support/update-line.ts';
import { startUpdateNode } from '../support/update-node.ts';

/** Offers updates to a device with a small disk, and says what became of them: started by a test on such a disk. */
const [disk = '', ownFolder = ''] = process.argv.slice(2);
const MIB = 1024 * 1024;

/** Where nobody has looked whether there is room, and the disk is full in the middle. */
async function fillDisk() {
  const said: string[] = [];
  const reasons: string[] = [];
  const folder = join(disk, 'incoming');
  const bundle = outgoing(bundleOf(24 * MIB));
  const receiver = new UpdateReceiver({
    ...{ folder, sizeBytesMax: 512 * MIB, isQuiet: () => false },
    clock: { monoMs: () => performance.now(), wallMs: Date.now },
    judge: async (head) => readHead(head, [makerKeys.publicKey]),
    say: ({ state }) => said.push(state),
    on: {
      began: () => undefined,
      partTaken: () => undefined,
      ignored: () => undefined,
      complete: () => undefined,
      refused: (reason) => reasons.push(reason),
    },
  });
  await receiver.offer(offerOf(bundle));
  for (const part of partsOf(bundle)) await receiver.part(part);
  const { bavail, blocks } = statfsSync(disk);
  return { last: said.at(-1), reasons, files: readdirSync(folder), free: bavail / blocks };
}

const full = await fillDisk();
mkdirSync(ownFolder, { recursive: true });
const node = await startUpdateNode({ folder: ownFolder, dataDir: disk });
const { outcome } = await node.send(bundleOf(MIB));
console.log(JSON.stringify({ full, outcome, files: readdirSync(node.incoming) }));
await node.stop();
