import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ReleaseNews, releaseHealthOf } from '../../src/release.ts';
import type { Logger } from '../../src/system/log.ts';
import { type Outcome, Releases, type State } from '../../src/update/releases.ts';
import { temporaryFolder } from '../support/store-samples.ts';

const INSTALLED: Outcome = { at: '2026-11-24T10:00:00Z', result: 'installed', sequence: 7, name: 'autumn' };
const FAILED: Outcome = { ...INSTALLED, result: 'rolled back', reason: 'it fell over' };
const CURRENT = { sequence: 7, name: 'autumn' };
const TRIAL = { sequence: 8, name: 'winter', healthWindowS: 600, invocationBefore: '', boots: 0 };

/** News about a state that a test changes. */
function newsOf(state: State) {
  const logged: string[] = [];
  const log = {
    info: (line: string) => logged.push(`info ${line}`),
    error: (line: string) => logged.push(`error ${line}`),
  } as unknown as Logger;
  const now = { state };
  return { now, logged, news: new ReleaseNews({ state: async () => now.state }, log) };
}

describe('the health of a device', () => {
  test('says nothing of updates where there was never one', () => {
    expect(releaseHealthOf({ highestSequence: 0 })).toBeUndefined();
  });

  test('names the release in use, the trial, and what came of the last one', () => {
    expect(releaseHealthOf({ highestSequence: 7, current: CURRENT, last: INSTALLED })).toEqual({
      ...{ sequence: 7, last: INSTALLED },
    });
    expect(releaseHealthOf({ highestSequence: 8, current: CURRENT, trial: TRIAL, last: INSTALLED })).toEqual({
      ...{ sequence: 7, trial: 8, last: INSTALLED },
    });
    expect(releaseHealthOf({ highestSequence: 7, last: FAILED })).toEqual({ sequence: null, last: FAILED });
  });
});

describe('the log', () => {
  test('says once what came of an update, and as an error when it did not stay', async () => {
    const { now, logged, news } = newsOf({ highestSequence: 0 });
    await news.look();
    now.state = { highestSequence: 8, trial: TRIAL };
    for (let times = 0; times < 3; times++) await news.look();
    now.state = { highestSequence: 8, last: FAILED };
    for (let times = 0; times < 3; times++) await news.look();
    now.state = { highestSequence: 9, current: CURRENT, last: INSTALLED };
    await news.look();
    expect(logged).toEqual([
      'info update 8 (winter) is being tried',
      'error update 7 (autumn) rolled back: it fell over',
      'info update 7 (autumn) installed',
    ]);
  });

  test('says once that nobody can read what came of it, and health goes on', async () => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'state.json'), '{');
    const { logged } = newsOf({ highestSequence: 0 });
    const log = { error: (line: string) => logged.push(line) } as unknown as Logger;
    const news = new ReleaseNews(new Releases({ folder, configurationPath: '' }), log);
    expect([await news.look(), await news.look()]).toEqual([undefined, undefined]);
    expect(logged).toEqual([expect.stringContaining('state.json is damaged')]);
  });
});
