import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BundleManifest } from '../../src/carry/bundle.ts';
import { gapsToCarry } from '../../src/carry/carried-gaps.ts';
import { gapsIn } from '../../src/carry/read-bundle.ts';
import type { GapRow } from '../../src/store/gaps.ts';
import { stamp } from '../support/store-reports.ts';
import { temporaryFolder } from '../support/store-samples.ts';

const manifest = { site: 'plant', node: 'pump7' } as BundleManifest;
const epoch = 'a1b2c3d4e5f60718';

/** As many as a store keeps; every third one names reports, the others are about samples. */
const KEPT: readonly GapRow[] = Array.from({ length: 1000 }, (_, index) => ({
  id: index + 1,
  ...(index % 3 === 0
    ? { reason: 'evicted', lane: 'update', fromSeq: index + 1, toSeq: index + 1 }
    : { reason: 'samples', lane: null, fromSeq: null, toSeq: null }),
  ...{ detail: 'é'.repeat(256), count: 1, at: stamp, epoch },
})) as GapRow[];

/** What a reader finds in a bundle whose gaps.json holds this. */
async function carried(content: unknown) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'gaps.json'), `${JSON.stringify(content)}\n`);
  return gapsIn(folder, manifest);
}

describe('the records of losses in a bundle', () => {
  test('are as many as a reader takes, those that name reports first and the newest first', async () => {
    const read = await carried({ epoch, gaps: gapsToCarry(KEPT) });
    const named = KEPT.filter(({ lane }) => lane !== null);
    expect(read.filter(({ lane }) => lane !== null).map(({ id }) => id)).toEqual(named.map(({ id }) => id));
    expect(read.length).toBeLessThan(KEPT.length);
    expect(read.map(({ id }) => id)).toEqual(read.map(({ id }) => id).toSorted((a, b) => a - b));
    const others = KEPT.filter(({ lane }) => lane === null);
    expect(read.filter(({ lane }) => lane === null).map(({ id }) => id)).toEqual(
      others.slice(named.length - read.length).map(({ id }) => id),
    );
  });

  test('are all there when they fit', async () => {
    expect(await carried({ epoch, gaps: gapsToCarry(KEPT.slice(0, 100)) })).toHaveLength(100);
  });

  test.each([
    ['too many bytes', { epoch, gaps: KEPT }],
    ['no records', { epoch, gaps: 'none' }],
  ])('make the bundle invalid when they are %s', async (_name, content) => {
    await expect(carried(content)).rejects.toThrow('gaps.json does not hold records of losses');
  });
});
