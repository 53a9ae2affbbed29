import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';

const GEOMETRY = { balls: 9, ballDiameterMm: 7.94, pitchDiameterMm: 39.04 };
const BEARING = { from: 'mcu.shaker.z', shaft: { rpm: 1800 }, geometry: GEOMETRY };

function parse(bearings: unknown, channels: unknown = { speed: { from: 'mcu.speed', unit: '1/min' } }) {
  return parseConfig(
    stringify({
      site: 'plant',
      node: 'pi',
      sources: { mcu: { link: { type: 'serial', path: '/dev/ttyUSB0' } } },
      assets: { pump: { ...(channels === null ? { source: 'mcu' } : { channels }), bearings } },
    }),
  );
}

function faultsOf(...given: Parameters<typeof parse>): string[] {
  const result = parse(...given);
  return 'faults' in result ? result.faults.map(({ key, reason }) => `${key}: ${reason}`) : [];
}

describe('the bearings of an asset', () => {
  test('need a waveform, a speed and a geometry; the rest has defaults', () => {
    const result = parse({ 'drive-end': BEARING });
    if ('faults' in result) throw new Error(JSON.stringify(result.faults));
    expect(result.config.assets['pump']?.bearings).toEqual({
      'drive-end': { ...BEARING, geometry: { ...GEOMETRY, contactAngleDeg: 0 }, bursts: 5 },
    });
  });

  test('may take the speed from a channel, also of a device that describes itself', () => {
    const bearings = { de: { ...BEARING, shaft: { channel: 'speed' } } };
    expect(faultsOf(bearings)).toEqual([]);
    expect(faultsOf(bearings, null)).toEqual([]);
  });

  test.each([
    ['no speed', { shaft: {} }, 'shaft: needs either rpm or channel'],
    ['two speeds', { shaft: { rpm: 1, channel: 'speed' } }, 'shaft: needs either rpm or channel'],
    [
      'the speed of a channel that is none',
      { shaft: { channel: 'vib' } },
      'shaft.channel: names no channel of the asset (channels: speed)',
    ],
    ['a standing shaft', { shaft: { rpm: 0 } }, 'shaft.rpm:'],
    ['an unknown source', { from: 'plc.z' }, 'from: names no source (sources: mcu)'],
    ['no waveform', { from: 'mcu' }, 'from: must be <source>.<waveform in the data>'],
    ['two balls', { geometry: { ...GEOMETRY, balls: 2 } }, 'geometry.balls:'],
    [
      'balls larger than their circle',
      { geometry: { ...GEOMETRY, ballDiameterMm: 40 } },
      'geometry: has balls that are larger than their circle',
    ],
    ['an angle over 90°', { geometry: { ...GEOMETRY, contactAngleDeg: 91 } }, 'geometry.contactAngleDeg:'],
    ['no burst at all', { bursts: 0 }, 'bursts:'],
    ['more bursts than are kept', { bursts: 101 }, 'bursts:'],
    ['a model that is no full path', { model: 'models/mine' }, 'model:'],
    ['a key that there is not', { speed: 3 }, 'speed'],
  ])('refuse %s', (_, wrong, message) => {
    const faults = faultsOf({ 'drive-end': { ...BEARING, ...wrong } });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`assets.pump.bearings.drive-end`);
    expect(faults[0]).toContain(message);
  });

  test('are at most 16', () => {
    const bearings = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`b${index}`, BEARING]));
    expect(faultsOf(bearings(16))).toEqual([]);
    expect(faultsOf(bearings(17))).toEqual([
      'assets.pump.bearings: has more than 16 bearings: split the asset',
    ]);
  });
});
