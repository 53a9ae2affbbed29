import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';
import { motorArmsDeg, motorOutputs } from '../../src/config/vehicle.ts';
import { FRAMES } from '../../src/values/frame.ts';

function parse(vehicle: unknown) {
  const link = { type: 'serial', path: '/dev/ttyUSB0' };
  const config = { site: 'field', node: 'quad', sources: { fc: { link, protocol: 'mavlink' } } };
  return parseConfig(stringify({ ...config, assets: { drone: { vehicle } } }));
}

function vehicleOf(given: unknown) {
  const result = parse(given);
  if ('faults' in result) throw new Error(JSON.stringify(result.faults));
  const vehicle = result.config.assets['drone']?.vehicle;
  if (vehicle === undefined) throw new Error('the asset lost its vehicle');
  return vehicle;
}

describe('a vehicle', () => {
  test('needs its source only', () => {
    const vehicle = vehicleOf({ source: 'fc' });
    expect(vehicle).toEqual({ source: 'fc', frame: 'quad-x', phases: ['hover', 'cruise'] });
    expect(motorOutputs(vehicle)).toEqual([1, 2, 3, 4]);
  });

  test('may have every frame whose arms are known, and another of which none are', () => {
    for (const [frame, arms] of Object.entries(FRAMES))
      expect(motorArmsDeg(vehicleOf({ source: 'fc', frame }))).toEqual(arms);
    expect(motorArmsDeg(vehicleOf({ source: 'fc', frame: 'other' }))).toEqual([]);
  });

  test.each([
    [{}, 'source = : is missing'],
    [{ source: 'gps' }, 'source = "gps": names no source (sources: fc)'],
    [
      { source: 'fc', frame: 'octa-x' },
      'frame = "octa-x": invalid option: expected one of "quad-x"|"quad-plus"',
    ],
    [{ source: 'fc', motors: [1, 2, 2, 4] }, 'motors = [1,2,2,4]: names an output twice'],
    [{ source: 'fc', motors: [1, 2, 3, 17] }, 'motors.3 = 17: too big: expected number to be <=16'],
    [{ source: 'fc', cells: 0 }, 'cells = 0: too small: expected number to be >=1'],
    [{ source: 'fc', cells: 3.5 }, 'cells = 3.5: '],
    [
      { source: 'fc', phases: ['ground'] },
      'phases.0 = "ground": invalid option: expected one of "hover"|"cruise"',
    ],
    [{ source: 'fc', phases: [] }, 'phases = []: '],
    [{ source: 'fc', motor: [1] }, 'motor = : is not a known key'],
  ])('that says %j is refused with its key and value: %s', (vehicle, expected) => {
    const result = parse(vehicle);
    const faults = 'faults' in result ? result.faults : [];
    expect(faults.map(({ key, value, reason }) => `${key} = ${value}: ${reason}`)).toEqual([
      expect.stringContaining(`assets.drone.vehicle.${expected}`),
    ]);
  });
});
