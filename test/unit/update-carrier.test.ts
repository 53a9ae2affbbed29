import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PREFIX_BYTES, SIGNATURE_BYTES } from '../../src/update/bundle.ts';
import { headSizeOf } from '../../src/update/head.ts';
import { OutgoingBundle } from '../../src/update-carrier/outgoing.ts';
import {
  PART_BYTES,
  packPart,
  partCountOf,
  partLengthOf,
  readOffer,
  readState,
  unpackPart,
} from '../../src/update-carrier/protocol.ts';
import { madeBundle, strangerKeys } from '../support/made-update.ts';
import { temporaryFolder } from '../support/store-samples.ts';
import { bundleOf, offerOf, outgoing, partsOf, receiverIn, refusal } from '../support/update-line.ts';

/** Nine parts, the last one short. */
const SIZE_BYTES = 8 * PART_BYTES;
const bytes = bundleOf(SIZE_BYTES);
const bundle = outgoing(bytes);
const parts = partsOf(bundle);
const ARRIVED = '5.update';

const filesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
/** What a device has at the end. */
const arrivedIn = (folder: string) => readFileSync(join(folder, ARRIVED));

describe('a bundle over the broker', () => {
  test('arrives whole, under the name that the updater looks for', async () => {
    const folder = join(temporaryFolder(), 'incoming');
    const { receiver, said, done, offer } = receiverIn({ folder });
    expect(await offer(bundle)).toEqual({
      state: 'receiving',
      transfer: bundle.transfer,
      have: 0,
      again: true,
    });
    for (const part of parts) await receiver.part(part);
    expect(said.at(-1)).toEqual({ state: 'complete', transfer: bundle.transfer });
    expect(done).toEqual(['began 5 at 0', 'complete 5']);
    expect(arrivedIn(folder).equals(bytes)).toBe(true);
    expect(filesIn(folder)).toEqual([ARRIVED]);
    expect(statSync(join(folder, ARRIVED)).mode & 0o077).toBe(0);
  });

  test('of any size arrives, also when its head is larger than a part', async () => {
    const many = Array.from({ length: 1500 }, (_, at) => ({ path: `models/${at}`, content: String(at) }));
    for (const one of [madeBundle({ files: many }), bundleOf(1), bundleOf(PART_BYTES - 800)]) {
      const folder = temporaryFolder();
      const small = outgoing(one);
      const { receiver, offer } = receiverIn({ folder });
      await offer(small);
      for (const part of partsOf(small)) await receiver.part(part);
      expect(arrivedIn(folder).equals(one)).toBe(true);
    }
    expect(headSizeOf(madeBundle({ files: many }))).toBeGreaterThan(2 * PART_BYTES);
  });

  test('arrives whole whatever comes twice, is lost, or comes in another order', async () => {
    const journey = fc.record({
      seed: fc.array(fc.nat({ max: parts.length - 1 }), { maxLength: 60 }),
      restarts: fc.uniqueArray(fc.nat({ max: 59 }), { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(journey, async ({ seed, restarts }) => {
        const folder = temporaryFolder();
        let line = receiverIn({ folder });
        await line.offer(bundle);
        for (const [at, index] of seed.entries()) {
          if (restarts.includes(at)) {
            await line.receiver.stop();
            line = receiverIn({ folder });
            await line.offer(bundle);
          }
          await line.receiver.part(parts[index] ?? Buffer.of());
        }
        const state = await line.offer(bundle);
        const have = state?.state === 'receiving' ? state.have : parts.length;
        for (const part of parts.slice(have)) await line.receiver.part(part);
        expect(arrivedIn(folder).equals(bytes)).toBe(true);
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  test('is asked for again from the part that is missing, once', async () => {
    const { receiver, said, offer } = receiverIn({ folder: temporaryFolder() });
    await offer(bundle);
    for (const part of parts.slice(0, 2)) await receiver.part(part);
    said.length = 0;
    for (const part of parts.slice(3, 6)) await receiver.part(part);
    expect(said).toEqual([{ state: 'receiving', transfer: bundle.transfer, have: 2, again: true }]);
  });

  test('is asked for again when the node has a new connection', async () => {
    const { receiver, said, offer } = receiverIn({ folder: temporaryFolder() });
    receiver.connected();
    expect(said).toEqual([]);
    await offer(bundle);
    for (const part of parts.slice(0, 3)) await receiver.part(part);
    receiver.connected();
    expect(said.at(-1)).toEqual({ state: 'receiving', transfer: bundle.transfer, have: 3, again: true });
  });

  test('is said to be there when it is offered once more', async () => {
    const { receiver, offer } = receiverIn({ folder: temporaryFolder() });
    await offer(bundle);
    for (const part of parts) await receiver.part(part);
    expect(await offer(bundle)).toEqual({ state: 'complete', transfer: bundle.transfer });
  });

  test('goes on behind what an earlier process had on its disk, without its last part', async () => {
    const folder = temporaryFolder();
    const before = receiverIn({ folder });
    await before.offer(bundle);
    for (const part of parts.slice(0, 6)) await before.receiver.part(part);
    await before.receiver.stop();
    const after = receiverIn({ folder });
    expect(await after.offer(bundle)).toMatchObject({ state: 'receiving', have: 5 });
    expect(after.done).toEqual(['began 5 at 5']);
    for (const part of parts.slice(5)) await after.receiver.part(part);
    expect(arrivedIn(folder).equals(bytes)).toBe(true);
  });

  test.each([
    ['empty', 0],
    ['shorter than its head', 100],
    ['one part long', PART_BYTES],
    ['torn in its third part', 2 * PART_BYTES + 77],
  ])('arrives whole when what an earlier process left is %s', async (_, length) => {
    const folder = temporaryFolder();
    const before = receiverIn({ folder });
    await before.offer(bundle);
    for (const part of parts.slice(0, 4)) await before.receiver.part(part);
    await before.receiver.stop();
    truncateSync(join(folder, `${bundle.transfer}.part`), length);
    const after = receiverIn({ folder });
    const state = await after.offer(bundle);
    const have = state?.state === 'receiving' ? state.have : -1;
    expect(have).toBe(Math.max(0, Math.floor((length - 1) / PART_BYTES)));
    for (const part of parts.slice(have)) await after.receiver.part(part);
    expect(arrivedIn(folder).equals(bytes)).toBe(true);
  });

  test('whose last part of an earlier process is rubbish arrives whole', async () => {
    const folder = temporaryFolder();
    const before = receiverIn({ folder });
    await before.offer(bundle);
    for (const part of parts.slice(0, 4)) await before.receiver.part(part);
    await before.receiver.stop();
    const path = join(folder, `${bundle.transfer}.part`);
    const torn = readFileSync(path);
    torn.fill(0, 3 * PART_BYTES);
    writeFileSync(path, torn);
    const after = receiverIn({ folder });
    await after.offer(bundle);
    for (const part of parts.slice(3)) await after.receiver.part(part);
    expect(arrivedIn(folder).equals(bytes)).toBe(true);
  });

  test('waits while the link is needed for something else, and goes on after it', async () => {
    let isQuiet = false;
    const folder = temporaryFolder();
    const { receiver, offer } = receiverIn({ folder, isQuiet: () => isQuiet });
    await offer(bundle);
    for (const part of parts.slice(0, 3)) await receiver.part(part);
    isQuiet = true;
    await receiver.part(parts[3] ?? Buffer.of());
    expect(await offer(bundle)).toMatchObject({ state: 'waiting' });
    isQuiet = false;
    expect(await offer(bundle)).toMatchObject({ state: 'receiving', have: 3 });
    for (const part of parts.slice(3)) await receiver.part(part);
    expect(arrivedIn(folder).equals(bytes)).toBe(true);
  });
});

describe('a hostile sender', () => {
  test('who is trusted by nobody gets nothing onto the disk, not even the beginning', async () => {
    const folder = temporaryFolder();
    const many = Array.from({ length: 1500 }, (_, at) => ({ path: `models/${at}`, content: String(at) }));
    const forged = outgoing(madeBundle({ files: many, privateKey: strangerKeys.privateKey }));
    const { receiver, said, done, offer } = receiverIn({ folder });
    await offer(forged);
    for (const part of partsOf(forged)) {
      expect(filesIn(folder)).toEqual([]);
      await receiver.part(part);
    }
    expect(said.at(-1)).toMatchObject({
      state: 'refused',
      reason: expect.stringMatching(/^none of the 1 keys/),
    });
    expect(done).toEqual([expect.stringMatching(/^refused: none of the 1 keys/)]);
    expect(filesIn(folder)).toEqual([]);
  });

  test('is refused at the offer when the bundle would be too large', async () => {
    const folder = temporaryFolder();
    const { receiver, offer } = receiverIn({ folder, sizeBytesMax: bundle.sizeBytes - 1 });
    expect(await offer(bundle)).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('at most'),
    });
    for (const part of parts) await receiver.part(part);
    expect(filesIn(folder)).toEqual([]);
  });

  test.each([
    ['a byte of the payload is changed', 5, (part: Buffer) => part.fill(1, 2000, 2001)],
    ['a part is empty of sense', 8, (part: Buffer) => part.fill(0, 40)],
  ])('leaves nothing when %s', async (_, at, change) => {
    const folder = temporaryFolder();
    const { receiver, said, offer } = receiverIn({ folder });
    await offer(bundle);
    for (const [index, part] of parts.entries())
      await receiver.part(index === at ? change(Buffer.from(part)) : part);
    expect(said.at(-1)).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('changed or damaged'),
    });
    expect(filesIn(folder)).toEqual([]);
  });

  test('who offers one bundle and sends another leaves nothing', async () => {
    const folder = temporaryFolder();
    const { receiver, said, offer } = receiverIn({ folder });
    const transfer = 'ab'.repeat(32);
    await offer({ transfer, sizeBytes: bundle.sizeBytes });
    await receiver.part(packPart({ transfer, index: 0, bytes: bundle.part(0) }));
    expect(said.at(-1)).toMatchObject({ state: 'refused', reason: 'it is not the bundle that was offered' });
    expect(filesIn(folder)).toEqual([]);
  });

  test('who says another size than the manifest leaves nothing', async () => {
    const folder = temporaryFolder();
    for (const sizeBytes of [bundle.sizeBytes - 1, bundle.sizeBytes + 1, 10 * bundle.sizeBytes]) {
      const { receiver, said, offer } = receiverIn({ folder });
      await offer({ transfer: bundle.transfer, sizeBytes });
      for (const part of parts) await receiver.part(part);
      expect(said.at(-1)).toMatchObject({
        state: 'refused',
        reason: 'it is not the bundle that was offered',
      });
    }
    expect(filesIn(folder)).toEqual([]);
  });

  test.each([
    [
      'of a number that there is not',
      packPart({ transfer: bundle.transfer, index: 9, bytes: Buffer.alloc(PART_BYTES) }),
    ],
    [
      'of the largest number',
      packPart({ transfer: bundle.transfer, index: 2 ** 32 - 1, bytes: Buffer.alloc(PART_BYTES) }),
    ],
    [
      'that is too short',
      packPart({ transfer: bundle.transfer, index: 1, bytes: Buffer.alloc(PART_BYTES - 1) }),
    ],
    ['that is too long', Buffer.concat([parts[1] ?? Buffer.of(), Buffer.of(1)])],
    ['of another bundle', packPart({ transfer: 'cd'.repeat(32), index: 1, bytes: bundle.part(1) })],
    ['that is no part', Buffer.from('rubbish')],
    ['that is empty', Buffer.of()],
  ])('sends a part %s in vain', async (_, part) => {
    const folder = temporaryFolder();
    const { receiver, counted, offer } = receiverIn({ folder });
    await offer(bundle);
    await receiver.part(parts[0] ?? Buffer.of());
    await receiver.part(part);
    expect(counted).toEqual({ taken: 1, ignored: 1 });
    for (const right of parts.slice(1)) await receiver.part(right);
    expect(arrivedIn(folder).equals(bytes)).toBe(true);
  });

  test('who sends parts that nobody has asked for changes nothing', async () => {
    const folder = temporaryFolder();
    const { receiver, said } = receiverIn({ folder });
    for (const part of parts) await receiver.part(part);
    expect(said).toEqual([]);
    expect(filesIn(folder)).toEqual([]);
  });

  test('cannot push a bundle aside that is on its way, and not take from it what it has', async () => {
    const folder = temporaryFolder();
    const { receiver, clock, offer } = receiverIn({ folder });
    const forged = outgoing(bundleOf(10, { privateKey: strangerKeys.privateKey }));
    await offer(bundle);
    for (const part of parts.slice(0, 4)) await receiver.part(part);
    expect(await offer(forged)).toMatchObject({ state: 'waiting', transfer: forged.transfer });
    clock.nowMs += 60_000;
    // It stood still, so another one has its turn; the file of the first stays all the same.
    expect(await offer(forged)).toMatchObject({ state: 'receiving', have: 0 });
    for (const part of partsOf(forged)) await receiver.part(part);
    clock.nowMs += 10_000;
    expect(await offer(bundle)).toMatchObject({ state: 'receiving', have: 3 });
    for (const part of parts.slice(3)) await receiver.part(part);
    expect(arrivedIn(folder).equals(bytes)).toBe(true);
  });

  test('who offers without an end gets few answers, and begins little', async () => {
    const folder = temporaryFolder();
    const { receiver, said, done, clock } = receiverIn({ folder });
    for (let at = 0; at < 50; at++) {
      clock.nowMs += 40;
      const forged = outgoing(bundleOf(1, { privateKey: strangerKeys.privateKey }));
      await receiver.offer(offerOf(forged));
      for (const part of partsOf(forged)) await receiver.part(part);
      forged[Symbol.dispose]();
    }
    expect(done).toHaveLength(1);
    expect(said.length).toBeLessThan(12);
    expect(filesIn(folder)).toEqual([]);
  });

  test('with a right signature on bundle after bundle leaves one file at most', async () => {
    const folder = temporaryFolder();
    const { receiver, clock, offer } = receiverIn({ folder });
    for (let sequence = 6; sequence < 12; sequence++) {
      const one = outgoing(bundleOf(2 * PART_BYTES, { facts: { sequence } }));
      clock.nowMs += 60_000;
      await offer(one);
      for (const part of partsOf(one).slice(0, 2)) await receiver.part(part);
      expect(filesIn(folder)).toHaveLength(1);
    }
  });

  test('is told the reason of the device, and no more than a thousand letters of it', async () => {
    const judge = async () => {
      throw refusal('no '.repeat(1000));
    };
    const { receiver, said, offer } = receiverIn({ folder: temporaryFolder(), judge });
    await offer(bundle);
    await receiver.part(parts[0] ?? Buffer.of());
    const state = said.at(-1);
    expect(state?.state === 'refused' && state.reason.length).toBe(1000);
    expect(readState(Buffer.from(JSON.stringify(state)))).toEqual(state);
  });

  test('never makes it fail, whatever comes', async () => {
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((noise) => Buffer.from(noise)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .record({ transfer: fc.string(), sizeBytes: fc.anything() })
        .map((offer) => Buffer.from(safeJson(offer))),
      fc
        .tuple(fc.nat({ max: parts.length + 1 }), fc.uint8Array({ maxLength: 50 }))
        .map(([index, noise]) => packPart({ transfer: bundle.transfer, index, bytes: Buffer.from(noise) })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), message), { maxLength: 20 }), async (messages) => {
        const folder = temporaryFolder();
        const { receiver, offer } = receiverIn({ folder });
        await offer(bundle);
        await receiver.part(parts[0] ?? Buffer.of());
        for (const [isOffer, payload] of messages)
          await (isOffer ? receiver.offer(payload) : receiver.part(payload));
        expect(await offer(bundle)).toMatchObject({ state: 'receiving', have: 1 });
      }),
      { numRuns: 25, seed: 1 },
    );
  });
});

describe('what a device does not take any more', () => {
  test('goes from its disk when it is offered again', async () => {
    const folder = temporaryFolder();
    const before = receiverIn({ folder });
    await before.offer(bundle);
    for (const part of parts.slice(0, 4)) await before.receiver.part(part);
    await before.receiver.stop();
    const judge = async () => {
      throw refusal('it is too late');
    };
    const after = receiverIn({ folder, judge });
    expect(await after.offer(bundle)).toMatchObject({ state: 'refused', reason: 'it is too late' });
    expect(filesIn(folder)).toEqual([]);
  });

  test('goes from its disk when nobody has gone on with it for a week', async () => {
    const folder = temporaryFolder();
    const daysAgo = (days: number) => Date.now() / 1000 - days * 86_400;
    for (const [name, days] of [
      ['old.part', 8],
      ['young.part', 6],
      ['whole.update', 8],
    ] as const) {
      writeFileSync(join(folder, name), '');
      utimesSync(join(folder, name), daysAgo(days), daysAgo(days));
    }
    await receiverIn({ folder }).receiver.stop();
    expect(filesIn(folder).sort()).toEqual(['whole.update', 'young.part']);
  });
});

describe('the protocol', () => {
  test('gives back a part as it was packed', () => {
    const part = fc.record({
      transfer: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((id) => Buffer.from(id).toString('hex')),
      index: fc.nat({ max: 2 ** 32 - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((one) => Buffer.from(one)),
    });
    fc.assert(
      fc.property(part, (one) => {
        const unpacked = unpackPart(packPart(one));
        expect({ ...unpacked, bytes: unpacked?.bytes.toString('hex') }).toEqual({
          ...one,
          bytes: one.bytes.toString('hex'),
        });
      }),
      { seed: 1 },
    );
  });

  test('cuts a bundle of any size into parts that make it whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 * 1024 * 1024 }), (sizeBytes) => {
        const count = partCountOf({ sizeBytes });
        expect((count - 1) * PART_BYTES + partLengthOf(count - 1, { sizeBytes })).toBe(sizeBytes);
        expect(partLengthOf(count, { sizeBytes })).toBe(0);
      }),
      { seed: 1 },
    );
  });

  test.each([
    ['{"transfer":"x","sizeBytes":1}'],
    [`{"transfer":"${'a'.repeat(64)}","sizeBytes":0}`],
    [`{"transfer":"${'a'.repeat(64)}","sizeBytes":1e12}`],
    [`{"transfer":"${'../'.repeat(22)}","sizeBytes":10}`],
    ['null'],
  ])('knows %s for no offer', (text) => {
    expect(readOffer(Buffer.from(text))).toBeUndefined();
  });
});

describe('a bundle that is to be sent', () => {
  test.each([
    ['is cut off', bytes.subarray(0, -1), 'has not the length'],
    ['is cut off in its head', bytes.subarray(0, 200), 'is no update bundle that can be read'],
    ['is longer than it says', Buffer.concat([bytes, Buffer.of(1)]), 'has not the length'],
    ['is something else', Buffer.from('PK'.repeat(100)), 'this is no update bundle'],
    [
      'holds no manifest',
      Buffer.concat([
        bytes.subarray(0, PREFIX_BYTES - 4),
        Buffer.of(0, 0, 0, 1, 123),
        Buffer.alloc(SIGNATURE_BYTES),
      ]),
      'is no update bundle that can be read',
    ],
  ])('and %s is refused before anything is sent', (_, content, message) => {
    expect(() => outgoing(Buffer.from(content))).toThrow(message);
  });

  test('and is not there is named', () => {
    expect(() => new OutgoingBundle('/nowhere/a.update')).toThrow(/cannot read the bundle: ENOENT.*nowhere/);
  });
});

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
