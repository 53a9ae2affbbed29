import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FACTS, type Facts, madeBundle, SMALL_AGENT, strangerKeys } from '../support/made-update.ts';
import { folderInMemory } from '../support/memory-folder.ts';
import { CONFIGURATION, PACKAGE, UpdateDevice } from '../support/update-device.ts';

const HOUR_MS = 3_600_000;
const NEW_CONFIGURATION = SMALL_AGENT.find(({ path }) => path === 'fieldnote.yaml')?.content ?? '';
const OTHER_CONFIGURATION = 'site: plant\nnode: pump7\n# another\n';

const update = (sequence: number, facts: Facts = {}) => madeBundle({ facts: { sequence, ...facts } });

/** The same with another configuration. */
const configured = (sequence: number, content = OTHER_CONFIGURATION) =>
  madeBundle({
    facts: { sequence },
    files: SMALL_AGENT.map((file) => (file.path === 'fieldnote.yaml' ? { ...file, content } : file)),
  });

async function deviceWith(sequence: number): Promise<UpdateDevice> {
  const device = new UpdateDevice(folderInMemory());
  expect(await device.apply(update(sequence))).toMatchObject({ result: 'installed', sequence });
  return device;
}

describe('an update whose agent runs', () => {
  test('stays', async () => {
    const device = await deviceWith(5);
    expect([device.inUse, device.runs]).toEqual([5, 5]);
    expect(await device.state).toMatchObject({ highestSequence: 5, current: { sequence: 5 } });
    expect((await device.state).trial).toBeUndefined();
    await device.boot();
    expect(device.runs).toBe(5);
  });

  test('is watched for its whole window', async () => {
    const device = new UpdateDevice(folderInMemory());
    const beganMs = device.monotonicMs;
    await device.apply(update(5, { healthWindowS: 3600 }));
    expect(device.monotonicMs - beganMs).toBeGreaterThanOrEqual(HOUR_MS);
  });

  test('brings its configuration, and takes over what it does not bring', async () => {
    const device = await deviceWith(5);
    const files = [{ path: 'fieldnote.yaml', content: OTHER_CONFIGURATION }];
    const facts = { sequence: 6, for: {}, storeSchema: undefined };
    expect(await device.apply(madeBundle({ facts, files }))).toMatchObject({ result: 'installed' });
    expect(device.configuration).toBe(OTHER_CONFIGURATION);
    const release = join(device.releasesFolder, '6');
    for (const { path, content } of SMALL_AGENT.filter(({ path }) => path !== 'fieldnote.yaml'))
      expect(readFileSync(join(release, path), 'utf8')).toBe(content);
    expect(statSync(join(release, 'agent/bin/node')).mode & 0o777).toBe(0o755);
  });

  test('leaves two releases on the disk at most, and nothing half done', async () => {
    const device = await deviceWith(5);
    for (const sequence of [6, 7, 8]) await device.apply(update(sequence));
    const names = readdirSync(device.releasesFolder).sort();
    expect(names).toEqual(['7', '8', 'current', 'incoming', 'state.json']);
    expect(readdirSync(join(device.releasesFolder, 'incoming'))).toEqual([]);
    expect(readdirSync(join(device.folder, 'etc'))).toEqual(['fieldnote.yaml']);
  });
});

describe('an update whose agent', () => {
  test.each([
    ['fails', 'it ended with a failure'],
    ['crashes', 'it was started again before it was ready'],
    ['never gets ready', 'it was not ready within'],
    ['crashes later', 'without a restart'],
  ] as const)('%s is rolled back, with its configuration', async (behaviour, reason) => {
    const device = await deviceWith(5);
    device.behaviours.set(6, behaviour);
    const outcome = await device.apply(configured(6));
    expect(outcome).toMatchObject({
      result: 'rolled back',
      sequence: 6,
      reason: expect.stringContaining(reason),
    });
    expect([device.inUse, device.runs, device.configuration]).toEqual([5, 5, NEW_CONFIGURATION]);
    expect(await device.state).toMatchObject({ highestSequence: 6, current: { sequence: 5 }, last: outcome });
    expect(existsSync(join(device.releasesFolder, '6'))).toBe(false);
  });

  test('fails as the first one on a device goes back to the package', async () => {
    const device = new UpdateDevice(folderInMemory());
    device.behaviours.set(5, 'crashes');
    expect(await device.apply(configured(5))).toMatchObject({ result: 'rolled back' });
    expect([device.inUse, device.runs, device.configuration]).toEqual([PACKAGE, PACKAGE, CONFIGURATION]);
  });

  test('crashes after its window stays: so long its maker has asked for', async () => {
    const device = new UpdateDevice(folderInMemory());
    device.crashesLaterAfterMs = 14_500;
    device.behaviours.set(5, 'crashes later');
    expect(await device.apply(update(5))).toMatchObject({ result: 'installed' });
  });

  test('crashes in the last second of its window is rolled back', async () => {
    const device = new UpdateDevice(folderInMemory());
    device.crashesLaterAfterMs = 12_500;
    device.behaviours.set(5, 'crashes later');
    expect(await device.apply(update(5))).toMatchObject({ result: 'rolled back' });
  });

  test('crashes is noticed although the clock of the device is set forward by a year', async () => {
    const device = new UpdateDevice(folderInMemory());
    device.behaviours.set(5, 'crashes later');
    device.whileWaiting = () => {
      device.wallMs += 365 * 24 * HOUR_MS;
    };
    expect(await device.apply(update(5))).toMatchObject({ result: 'rolled back' });
  });

  test('runs stays in its time although the clock is set back by a year', async () => {
    const device = new UpdateDevice(folderInMemory());
    device.whileWaiting = () => {
      device.wallMs -= 365 * 24 * HOUR_MS;
      if (device.monotonicMs > HOUR_MS) throw new Error('it still waits');
    };
    expect(await device.apply(update(5))).toMatchObject({ result: 'installed' });
  });

  test('fails leaves a configuration alone that somebody has changed meanwhile', async () => {
    const device = await deviceWith(5);
    device.behaviours.set(6, 'crashes later');
    device.whileWaiting = () => writeFileSync(device.configurationPath, 'site: mine\n');
    expect(await device.apply(configured(6))).toMatchObject({ result: 'rolled back' });
    expect([device.runs, device.configuration]).toEqual([5, 'site: mine\n']);
  });

  test('fails is rolled back although the configuration was deleted meanwhile', async () => {
    const device = await deviceWith(5);
    device.behaviours.set(6, 'crashes later');
    device.whileWaiting = () => rmSync(device.configurationPath, { force: true });
    expect(await device.apply(configured(6))).toMatchObject({ result: 'rolled back' });
    expect([device.runs, device.configuration]).toEqual([5, NEW_CONFIGURATION]);
  });

  test('cannot be asked about for a moment is not given up for it', async () => {
    const device = new UpdateDevice(folderInMemory());
    const { state } = device.service;
    let calls = 0;
    const refusing = () => ++calls > 1 && calls % 4 === 0;
    device.service = {
      ...device.service,
      state: () => (refusing() ? Promise.reject(new Error('systemctl: timed out')) : state()),
    };
    expect(await device.apply(update(5))).toMatchObject({ result: 'installed' });
  });
});

describe('what a device does not take', () => {
  const refusals: [string, Facts, RegExp][] = [
    ['the same update again', { sequence: 5 }, /sequence 5 is not higher than 5/],
    ['an older one', { sequence: 4 }, /sequence 4 is not higher than 5/],
    ['one that is over', { notAfter: '2026-11-24T00:00:00Z' }, /was to be taken until/],
    ['one for another processor', { for: { architecture: 'x64' } }, /is for x64/],
    ['one for another site', { for: { architecture: 'arm64', site: 'other' } }, /for the site other/],
    ['one for another node', { for: { architecture: 'arm64', nodes: ['pump8'] } }, /is for pump8/],
    ['one that writes another store', { storeSchema: 10 }, /another store/],
  ];

  test.each(refusals)('is %s', async (_, facts, reason) => {
    const device = await deviceWith(5);
    const outcome = await device.apply(update(6, facts));
    expect(outcome).toMatchObject({ result: 'refused', reason: expect.stringMatching(reason) });
    expect([device.inUse, device.runs, (await device.state).highestSequence]).toEqual([5, 5, 5]);
  });

  test('is taken when only that is put right', async () => {
    const device = await deviceWith(5);
    const facts: Facts = { for: { architecture: 'arm64', site: 'plant', nodes: ['pump8', 'pump7'] } };
    expect(await device.apply(update(6, facts))).toMatchObject({ result: 'installed' });
  });

  test('is one that failed before, with the same sequence', async () => {
    const device = await deviceWith(5);
    device.behaviours.set(6, 'crashes');
    await device.apply(update(6));
    device.behaviours.delete(6);
    expect(await device.apply(update(6))).toMatchObject({ result: 'refused' });
    expect(await device.apply(update(7))).toMatchObject({ result: 'installed' });
  });

  test('is one that is over by the newest update, where the clock is years behind', async () => {
    const device = new UpdateDevice(folderInMemory());
    device.wallMs = Date.parse('2020-01-01T00:00:00Z');
    await device.apply(update(5, { createdAt: '2026-12-24T00:00:00Z', notAfter: '2027-01-24T00:00:00Z' }));
    const late = { createdAt: '2026-11-01T00:00:00Z', notAfter: '2026-12-01T00:00:00Z' };
    expect(await device.apply(update(6, late))).toMatchObject({ result: 'refused' });
  });

  test('is one that is over, also after an update that was made before the newest one', async () => {
    const device = new UpdateDevice(folderInMemory());
    device.wallMs = Date.parse('2020-01-01T00:00:00Z');
    await device.apply(update(5, { createdAt: '2026-12-24T00:00:00Z', notAfter: '2027-12-24T00:00:00Z' }));
    await device.apply(update(6, { createdAt: '2026-11-02T00:00:00Z', notAfter: '2027-12-24T00:00:00Z' }));
    const late = { createdAt: '2026-11-01T00:00:00Z', notAfter: '2026-12-01T00:00:00Z' };
    expect(await device.apply(update(7, late))).toMatchObject({ result: 'refused' });
  });

  test('is one by a stranger, or cut off, and nothing of them stays', async () => {
    const device = await deviceWith(5);
    const stranger = madeBundle({ facts: { sequence: 6 }, privateKey: strangerKeys.privateKey });
    expect(await device.apply(stranger)).toMatchObject({ result: 'refused' });
    expect(await device.apply(update(6).subarray(0, -1))).toMatchObject({ result: 'refused' });
    expect(readdirSync(device.releasesFolder).sort()).toEqual(['5', 'current', 'incoming', 'state.json']);
  });

  test('is one whose agent refuses the configuration, and nothing of it stays', async () => {
    const device = await deviceWith(5);
    expect(await device.apply(configured(6, 'broken'))).toMatchObject({ result: 'refused' });
    expect([device.runs, device.configuration]).toEqual([5, NEW_CONFIGURATION]);
    expect(readdirSync(device.releasesFolder).sort()).toEqual(['5', 'current', 'incoming', 'state.json']);
    // It was never tried: put right, it may have the same number.
    expect(await device.apply(configured(6))).toMatchObject({ result: 'installed' });
  });

  test('is a folder that is named like a bundle, and it does not wait there for ever', async () => {
    const device = await deviceWith(5);
    const path = join(device.releasesFolder, 'incoming', 'odd.update');
    mkdirSync(join(path, 'below'), { recursive: true });
    expect(await device.updater().apply(path)).toMatchObject({ result: 'refused' });
    const names = readdirSync(join(device.releasesFolder, 'incoming'));
    expect(names.filter((name) => name.endsWith('.update'))).toEqual([]);
  });

  test('is one that cannot be put in place, and the next start does not try it', async () => {
    const device = await deviceWith(5);
    // Nothing can replace a folder.
    rmSync(device.configurationPath);
    mkdirSync(join(device.configurationPath, 'in the way'), { recursive: true });
    await device.apply(configured(6)).catch(() => undefined);
    rmSync(device.configurationPath, { recursive: true });
    writeFileSync(device.configurationPath, CONFIGURATION);
    expect((await device.state).trial).toBeUndefined();
    await device.boot();
    expect([device.runs, (await device.state).last?.result]).not.toContain(6);
    expect(device.runs).toBe(5);
  });
});

describe('a power cut', () => {
  test('in the window begins the window anew, and the agent that runs stays', async () => {
    const device = await deviceWith(5);
    device.cutAfter = 8;
    expect(await device.apply(update(6))).toBe('cut');
    expect(device.runs).toBe(6);
    await device.boot();
    expect([device.runs, device.monotonicMs >= 10_000]).toEqual([6, true]);
    expect(await device.state).toMatchObject({ current: { sequence: 6 }, last: { result: 'installed' } });
  });

  test('in the window, and again in the next, goes back', async () => {
    const device = await deviceWith(5);
    device.cutAfter = 8;
    expect(await device.apply(configured(6))).toBe('cut');
    await device.boot(5);
    expect([device.runs, (await device.state).trial?.boots]).toEqual([6, 1]);
    await device.boot();
    expect([device.runs, device.configuration]).toEqual([5, NEW_CONFIGURATION]);
    expect(await device.state).toMatchObject({ last: { result: 'rolled back' }, current: { sequence: 5 } });
  });

  test('before the agent of the update was ever started leads to a trial, not to trust', async () => {
    const device = await deviceWith(5);
    device.behaviours.set(6, 'crashes');
    device.cutAfter = 1;
    expect(await device.apply(configured(6))).toBe('cut');
    await device.boot();
    expect([device.runs, device.configuration]).toEqual([5, NEW_CONFIGURATION]);
  });

  test('leaves no bundle behind that would be refused as one that was here already', async () => {
    const device = await deviceWith(5);
    device.cutAfter = 8;
    expect(await device.apply(update(6))).toBe('cut');
    expect(readdirSync(join(device.releasesFolder, 'incoming'))).toEqual([]);
  });

  test('at any moment that the updater waits leads to an agent that runs, with its own configuration', async () => {
    for (const behaviour of ['runs', 'crashes', 'crashes later', 'fails'] as const)
      for (const nth of [1, 2, 4, 5, 7, 9, 12, 14, 16]) {
        const device = await deviceWith(5);
        device.behaviours.set(6, behaviour);
        device.cutAfter = nth;
        await device.apply(configured(6));
        await device.boot();
        const expected = behaviour === 'runs' ? [6, OTHER_CONFIGURATION] : [5, NEW_CONFIGURATION];
        expect([behaviour, nth, device.runs, device.configuration]).toEqual([behaviour, nth, ...expected]);
        expect((await device.state).trial).toBeUndefined();
      }
  });
});

describe('an updater that ended in the middle while the device went on', () => {
  test('before the restart does not take the old agent for the new one', async () => {
    const device = await deviceWith(5);
    device.behaviours.set(6, 'crashes');
    device.cutAfter = 1;
    expect(await device.apply(configured(6))).toBe('cut');
    expect([device.inUse, device.runs]).toEqual([6, 5]);
    await device.updater().endTrial();
    expect([device.runs, device.inUse]).toEqual([5, 5]);
    expect(await device.state).toMatchObject({ last: { result: 'rolled back' } });
  });

  test('on the way back goes on with it', async () => {
    const device = await deviceWith(5);
    device.cutAfter = 8;
    expect(await device.apply(configured(6))).toBe('cut');
    const state = await device.state;
    const failed = { ...state, trial: { ...state.trial, failure: 'it was ill' } };
    writeFileSync(join(device.releasesFolder, 'state.json'), JSON.stringify(failed));
    await device.updater().endTrial();
    expect([device.inUse, device.runs, device.configuration]).toEqual([5, 5, NEW_CONFIGURATION]);
    expect(await device.state).toMatchObject({ last: { result: 'rolled back', reason: 'it was ill' } });
  });

  test('lets no other update begin before', async () => {
    const device = await deviceWith(5);
    device.cutAfter = 8;
    expect(await device.apply(configured(6))).toBe('cut');
    expect(await device.apply(update(7))).toMatchObject({ result: 'refused' });
    const { trial, highestSequence } = await device.state;
    expect([trial?.sequence, highestSequence, device.inUse]).toEqual([6, 6, 6]);
    await device.updater().endTrial();
    expect((await device.state).current?.sequence).toBe(6);
  });
});

describe('whatever comes in whatever order', () => {
  test('the agent that runs is the package or an update that has proved itself', async () => {
    const step = fc.record({
      sequence: fc.integer({ min: 1, max: 8 }),
      behaviour: fc.constantFrom('runs', 'crashes', 'crashes later', 'fails'),
      damage: fc.constantFrom('none', 'none', 'cut', 'stranger', 'late', 'elsewhere'),
      cutAt: fc.option(fc.integer({ min: 1, max: 15 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        const device = new UpdateDevice(folderInMemory());
        let proved = PACKAGE;
        let highest = 0;
        for (const { sequence, behaviour, damage, cutAt } of steps) {
          const isTaken = damage === 'none' && sequence > highest;
          if (isTaken) device.behaviours.set(sequence, behaviour);
          device.cutAfter = cutAt ?? Number.POSITIVE_INFINITY;
          const facts: Facts = {
            sequence,
            ...(damage === 'late' && { notAfter: '2026-11-02T00:00:00Z' }),
            ...(damage === 'elsewhere' && { for: { architecture: 'arm64' as const, nodes: ['pump8'] } }),
          };
          const { privateKey } = strangerKeys;
          const bundle = madeBundle({ facts, ...(damage === 'stranger' && { privateKey }) });
          await device.apply(damage === 'cut' ? bundle.subarray(0, -3) : bundle);
          await device.boot();
          if (isTaken) highest = sequence;
          if (isTaken && behaviour === 'runs') proved = sequence;
          expect(device.runs).toBe(proved);
          const { highestSequence, trial } = await device.state;
          expect([highestSequence, trial]).toEqual([highest, undefined]);
        }
      }),
      { numRuns: 40, seed: 1 },
    );
  });
});

describe('the state of updates', () => {
  test('that is damaged is said, and the agent in use stays', async () => {
    const device = await deviceWith(5);
    writeFileSync(join(device.releasesFolder, 'state.json'), '{');
    await expect(device.apply(update(6))).rejects.toMatchObject({ code: 'UPDATE_FAILED' });
    await device.boot().catch(() => undefined);
    expect(device.inUse).toBe(5);
  });

  test('that was moved away lets the same update come again without a moment without agent', async () => {
    const device = await deviceWith(5);
    rmSync(join(device.releasesFolder, 'state.json'));
    expect(await device.apply(update(5))).toMatchObject({ sequence: FACTS.sequence });
    await device.boot();
    expect(readFileSync(join(device.releasesFolder, 'current/agent/dist/cli/main.js'), 'utf8')).toContain(
      'new',
    );
  });
});
