import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readProfile, shippedProfiles } from '../../src/modbus/read-profile.ts';
import { blocksOf, placedChannels, requestOf, valuesOf } from '../../src/modbus/registers.ts';

function written(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'fieldnote-profile-')), 'own.yaml');
  writeFileSync(path, text);
  return path;
}

const HEAD = 'title: mine\nsource: my manual\nchecked: device\n';

describe('the Modbus profiles that ship', () => {
  test('are of a meter, a drive, a vibration and a pressure transmitter, a generator and a PLC', () => {
    expect(shippedProfiles()).toEqual([
      'abb-acs355',
      'banner-qm30vt2',
      'dse-gencomm',
      'eastron-sdm',
      'keller-x-line',
      'plc-holding-block',
      'schneider-iem3000',
    ]);
  });

  test.each(shippedProfiles())(
    '%s is valid, names its source, and asks for no more than its device allows',
    (name) => {
      const profile = readProfile(name);
      expect(profile.source.length).toBeGreaterThan(20);
      for (const block of blocksOf(placedChannels(profile), profile)) {
        expect(requestOf(block, 1)).toMatchObject({ count: block.count });
        expect(block.count).toBeLessThanOrEqual(profile.registersMax);
      }
    },
  );

  test('eastron-sdm reads what the manual gives as an example: 230.2 V', () => {
    const profile = readProfile('eastron-sdm');
    const [block] = blocksOf(placedChannels(profile, ['voltage']), profile);
    if (block === undefined) throw new Error('no block');
    expect(valuesOf(block, Uint8Array.of(0x43, 0x66, 0x33, 0x33))[0]?.value).toBeCloseTo(230.2, 3);
  });

  test('dse-gencomm tells a sensor that is missing from a value', () => {
    const profile = readProfile('dse-gencomm');
    const [block] = blocksOf(placedChannels(profile, ['coolantTemperature']), profile);
    if (block === undefined) throw new Error('no block');
    expect(valuesOf(block, Uint8Array.of(0x7f, 0xfc))[0]?.isRefused).toBe(true);
    expect(valuesOf(block, Uint8Array.of(0xff, 0xf6))[0]).toMatchObject({ value: -10, isRefused: false });
  });
});

describe('a profile of one’s own', () => {
  test('is read by its path', () => {
    const path = written(`${HEAD}channels:\n  level: { register: 7, scale: 0.5, unit: m }\n`);
    expect(readProfile(path).channels['level']).toMatchObject({ register: 7, scale: 0.5, type: 'uint16' });
  });

  test.each([
    ['channels:\n  level: { register: 70000 }', /channels\.level\.register/],
    ['channels:\n  level: { register: 65535, type: float32 }', /leaves no room for float32/],
    ['channels:\n  level: { register: 1, type: bit }', /is for coils and discrete inputs/],
    ['table: coil\nchannels:\n  level: { register: 1 }', /must be bit in this table/],
    ['channels:\n  level: { register: 1, bits: [4, 2] }', /must be \[lowest, highest\]/],
    ['channels:\n  level: { register: 1, bits: [0, 16] }', /does not fit uint16/],
    ['table: input\nchannels:\n  level: { register: 1, write: [0, 1] }', /can only be read/],
    ['channels:\n  level: { register: 1, factor: 2 }', /Unrecognized key/],
    ['channels: {}', /needs at least one channel/],
    ['channels: [', /Cannot use Modbus profile/],
  ])('with a fault is refused, and the fault is named: %s', (text, fault) => {
    expect(() => readProfile(written(`${HEAD}${text}\n`))).toThrow(fault);
  });

  test('that is not there is named together with those that ship', () => {
    expect(() => readProfile('eastron')).toThrow(/no such profile; those that ship are .*eastron-sdm/);
    expect(() => readProfile('./nowhere.yaml')).toThrow(/nowhere\.yaml/);
  });

  test('is read up to a limit', () => {
    expect(() => readProfile(written(`${HEAD}# ${'x'.repeat(300_000)}\n`))).toThrow(/262144 are allowed/);
  });
});
