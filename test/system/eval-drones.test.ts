import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { DroneFigures } from '../../src/eval/drone-table.ts';
import { newFolder, runFieldnote } from '../support/daemon.ts';
import { needsShared, sharedPath } from '../support/needs.ts';

describe.runIf(needsShared('drones'))('fieldnote eval drones', () => {
  test('reaches the bars, and its rows bear that out', { timeout: 120_000 }, async () => {
    await using folder = await newFolder();
    const out = join(folder.path, 'rows.csv');
    const drones = sharedPath('drones');
    const { exitCode, stdout } = await runFieldnote('eval', 'drones', drones, '--json', '--out', out);
    expect(exitCode).toBe(0);
    const { motors, propellers, goodOnly }: DroneFigures = JSON.parse(stdout);
    console.log(JSON.stringify({ motors: motors.scores, autopilot: motors.autopilot, real: motors.real }));
    for (const { trained, tested, f1, accuracy } of propellers)
      console.log(`${trained} → ${tested}: F1 ${f1.toFixed(3)}, grade ${accuracy.toFixed(3)}`);

    expect(motors.scores).toMatchObject({ flights: 20, found: 20, healthyAlarms: 0 });
    expect(motors.scores.delayMedianS).toBeLessThanOrEqual(0.3);
    expect(motors.scores.delayP90S).toBeLessThanOrEqual(0.5);
    expect(motors.scores.singlesNamed / motors.scores.singles).toBeGreaterThanOrEqual(0.9);
    expect(motors.real).toEqual({ flights: 15, alarms: 0 });
    expect(motors.limits).toEqual({ beforeStop: 0, good: 0, goodFlights: 3 });
    for (const { f1, accuracy, flights } of propellers.slice(0, 2)) {
      expect(f1).toBeGreaterThanOrEqual(0.95);
      expect(accuracy).toBeGreaterThanOrEqual(0.6);
      const good = flights.filter(({ damageMm }) => damageMm === 0);
      expect(good.map(({ alarms }) => alarms)).toEqual(good.map(() => 0));
    }
    expect(goodOnly).toHaveLength(3);
    for (const { trained, grades } of goodOnly) {
      console.log(
        `${trained} alone: ${grades.map((one) => `${one.damageMm} mm ${one.alarms}/${one.windows}`).join(', ')}`,
      );
      expect(grades.find(({ damageMm }) => damageMm === 0)?.alarms).toBe(0);
      for (const { damageMm, windows, alarms } of grades) if (damageMm >= 20) expect(alarms).toBe(windows);
    }

    const rows = readFileSync(out, 'utf8').trim().split('\n').slice(1);
    const propellerRows = rows.filter((row) => row.startsWith('real/')).map((row) => row.split(','));
    const right = propellerRows.filter(([file = '', , , , , label = '']) => {
      return label === `${Number(/-(\d+)mm-/.exec(file)?.[1] ?? 0)} mm`;
    });
    const [first, second] = propellers.map(({ windows, accuracy }) => windows * accuracy);
    expect(right.length).toBeCloseTo((first ?? 0) + (second ?? 0), 6);
  });

  test('the recipe makes a package that the judge takes', { timeout: 120_000 }, async () => {
    await using folder = await newFolder();
    const real = sharedPath('drones/real');
    const flights = readdirSync(real)
      .filter((name) => name.startsWith('hover'))
      .map((name) => `${/-(\d+)mm-/.exec(name)?.[1] ?? 0}=${join(real, name)}`);
    const recipe = join(import.meta.dirname, '../../models/propeller/train.ts');
    const made = join(folder.path, 'propeller');
    await promisify(execFile)(process.execPath, [recipe, '--out', made, ...flights]);
    const checked = await runFieldnote('models', 'check', made);
    expect(checked.stdout).toMatch(/ok\s+trial/);
    expect(checked.exitCode).toBe(0);
  });
});
