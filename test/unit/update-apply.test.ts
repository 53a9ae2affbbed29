import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { updateApply } from '../../src/cli/update-apply.ts';
import { madeBundle } from '../support/made-update.ts';
import { folderInMemory } from '../support/memory-folder.ts';
import { UpdateDevice } from '../support/update-device.ts';

/** A device whose updater takes what waits when it is told to, and what `update apply` says there. */
function setUp() {
  const device = new UpdateDevice(folderInMemory());
  const incoming = join(device.releasesFolder, 'incoming');
  const lines: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });
  const give = (sequence: number, name: string) => {
    writeFileSync(join(device.folder, name), madeBundle({ facts: { sequence } }));
    return updateApply(join(device.folder, name), device.releasesFolder);
  };
  const take = async (name: string) => {
    await expect.poll(() => existsSync(join(incoming, name))).toBe(true);
    return device.updater().apply(join(incoming, name));
  };
  return { device, incoming, lines, give, take };
}

describe('fieldnote update apply', () => {
  test('says what came of a bundle, and ends with 1 when it did not stay', async () => {
    const { device, lines, give, take } = setUp();
    await Promise.all([give(5, 'a.update'), take('a.update')]);
    expect([lines.at(-1), process.exitCode]).toEqual(['update 5 (better bearings) installed\n', undefined]);
    device.behaviours.set(6, 'crashes');
    await Promise.all([give(6, 'b.update'), take('b.update')]);
    expect(lines.at(-1)).toMatch(/^update 6 \(better bearings\) rolled back: it /);
    expect(process.exitCode).toBe(1);
  });

  test('does not take the outcome of another one for its own', async () => {
    const { lines, give, take } = setUp();
    const second = give(6, 'b.update');
    await Promise.all([give(5, 'a.update'), take('a.update')]);
    expect(lines).toEqual(['update 5 (better bearings) installed\n']);
    await Promise.all([second, take('b.update')]);
    expect(lines.at(-1)).toBe('update 6 (better bearings) installed\n');
  });

  test('gives it a name under which it is taken', async () => {
    const { give, take } = setUp();
    await Promise.all([give(5, '.hidden'), take('hidden.update')]);
  });

  test('names what cannot be read, and leaves nothing', async () => {
    const { device, incoming } = setUp();
    const missing = join(device.folder, 'missing.update');
    await expect(updateApply(missing, device.releasesFolder)).rejects.toMatchObject({
      ...{ code: 'BAD_ARGUMENT', message: expect.stringContaining('missing.update cannot be given') },
    });
    expect(readdirSync(incoming)).toEqual([]);
  });
});
