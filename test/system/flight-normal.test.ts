import { join } from 'node:path';
import { expect, describe as group, test } from 'vitest';
import type { Report } from '../../src/values/report.ts';
import { newFolder, runFieldnote, writeConfig } from '../support/daemon.ts';
import { needsShared, sharedPath } from '../support/needs.ts';

const REAL = 'drones/real';

function configOf(dataDir: string) {
  return {
    ...{ site: 'field', node: 'quad', dataDir },
    sources: { fc: { link: { type: 'file', path: '/dev/null' } } },
    assets: {
      drone: {
        vehicle: { source: 'fc', frame: 'quad-x' },
        window: { rateHz: 4, length: '5s', step: '1s' },
        learn: { for: '30s' },
      },
    },
  };
}

group.runIf(needsShared(REAL))('the normal of one good flight', { timeout: 120_000 }, () => {
  test('is learned in its steady phases and judges other flights', async () => {
    await using folder = await newFolder();
    const config = writeConfig(folder.path, configOf(join(folder.path, 'data')));
    const flight = (name: string) => sharedPath(join(REAL, `${name}.BIN`));
    const learned = await runFieldnote('learn', '--from', flight('hover-good-1'), '--config', config);
    // The hover of 70 s, without the ground, the take-off and the landing.
    expect(learned.stdout).toMatch(/^learned the normal of drone from 4\d s/);

    const worst: Record<string, string[]> = {};
    for (const name of ['hover-good-1', 'hover-good-2', 'line-good-1', 'hover-20mm-1', 'line-25mm-1']) {
      const { exitCode, stdout, stderr } = await runFieldnote(
        ...['replay', flight(name), '--config', config, '--json'],
      );
      expect(exitCode, stderr).toBe(0);
      // The model that is active judges; nothing is learned again.
      expect(stderr).not.toContain('learning');
      const reports: Report[] = stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      const opened = reports.filter(({ event }) => event === 'opened');
      worst[name] = opened.map(({ kind, severity }) => `${kind} ${severity}`);
      console.log(`${name}: ${opened.length} incidents ${worst[name].join(', ')}`);
    }
    expect(worst['hover-good-1']).toEqual([]);
    expect(worst['line-good-1']).toEqual([]);
    // One flight is too little to know how flights differ: at most a notice, never a warning.
    expect(worst['hover-good-2']?.filter((one) => one !== 'machine notice')).toEqual([]);
    expect(worst['hover-20mm-1']).toContain('machine notice');
  });
});
