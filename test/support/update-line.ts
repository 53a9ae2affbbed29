import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { FieldnoteError } from '../../src/system/errors.ts';
import { readHead } from '../../src/update/head.ts';
import { OutgoingBundle } from '../../src/update-carrier/outgoing.ts';
import { packPart, partCountOf, type TransferState } from '../../src/update-carrier/protocol.ts';
import { UpdateReceiver } from '../../src/update-carrier/receiver.ts';
import { madeBundle, makerKeys } from './made-update.ts';

/** A bundle with so many bytes that no compression makes smaller, for whatever device this is. */
export function bundleOf(sizeBytes: number, made: Parameters<typeof madeBundle>[0] = {}): Buffer {
  const files = [{ path: 'models/noise', content: randomBytes(sizeBytes) }];
  return madeBundle({ files, ...made, facts: { for: {}, storeSchema: MIGRATIONS.length, ...made.facts } });
}

/** The same, to be sent; its file is gone already, and lasts as long as it is open. */
export function outgoing(bytes: Buffer): OutgoingBundle {
  const folder = mkdtempSync(join(tmpdir(), 'fieldnote-test-'));
  try {
    writeFileSync(join(folder, 'a.update'), bytes);
    return new OutgoingBundle(join(folder, 'a.update'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The payloads of its parts, in order. */
export function partsOf(bundle: OutgoingBundle): Buffer[] {
  return Array.from({ length: partCountOf(bundle) }, (_, index) =>
    packPart({ transfer: bundle.transfer, index, bytes: bundle.part(index) }),
  );
}

export function offerOf({ transfer, sizeBytes }: Pick<OutgoingBundle, 'transfer' | 'sizeBytes'>): Buffer {
  return Buffer.from(JSON.stringify({ transfer, sizeBytes }));
}

interface Line {
  readonly folder: string;
  readonly sizeBytesMax?: number;
  readonly isQuiet?: () => boolean;
  readonly judge?: ConstructorParameters<typeof UpdateReceiver>[0]['judge'];
}

/** A receiver that trusts the maker, with a clock that a test turns, and a record of what it says. */
export function receiverIn({ folder, sizeBytesMax = 2 ** 30, isQuiet = () => false, ...line }: Line) {
  const said: TransferState[] = [];
  const done: string[] = [];
  const clock = { nowMs: 0, monoMs: () => clock.nowMs, wallMs: () => Date.now() };
  const counted = { taken: 0, ignored: 0 };
  const receiver = new UpdateReceiver({
    ...{ folder, sizeBytesMax, isQuiet, clock },
    judge: line.judge ?? (async (head) => readHead(head, [makerKeys.publicKey])),
    say: (state) => said.push(state),
    on: {
      began: ({ sequence }, have) => done.push(`began ${sequence} at ${have}`),
      partTaken: () => {
        counted.taken += 1;
      },
      ignored: () => {
        counted.ignored += 1;
      },
      complete: ({ sequence }) => done.push(`complete ${sequence}`),
      refused: (reason) => done.push(`refused: ${reason}`),
    },
  });
  onTestFinished(() => receiver.stop());
  /** Offers as an honest sender does, who lets some time pass. */
  const offer = async (bundle: Pick<OutgoingBundle, 'transfer' | 'sizeBytes'>) => {
    clock.nowMs += 3000;
    await receiver.offer(offerOf(bundle));
    return said.at(-1);
  };
  return { receiver, said, done, clock, counted, offer };
}

export function refusal(message: string): FieldnoteError {
  return new FieldnoteError('UPDATE_REFUSED', message);
}
