import { expect, test } from 'vitest';
import type { Sample } from '../../src/values/sample.ts';
import { UnmatchedValues } from '../../src/window/unmatched.ts';

const unmatched = new UnmatchedValues({
  pump: { channels: { vib: { from: 'mcu.vib', unit: 'g' } } },
  fan: { channels: { temp: { from: 'mcu.oil.temp', unit: '°C' } } },
});

function sampleOf(source: string, ...names: string[]): Sample {
  return { kind: 'sample', source, monoMs: 0, deviceMs: undefined, names, values: names.map(() => 1) };
}

test('counts no value that some asset uses', () => {
  expect(unmatched.countIn(sampleOf('mcu', 'vib', 'oil.temp'))).toBe(0);
});

test('counts the values that no asset uses, each time', () => {
  const sample = sampleOf('mcu', 'vib', 'hum', 'batt');
  expect(unmatched.countIn(sample) + unmatched.countIn(sample)).toBe(4);
});

test('counts no value that is used beside the assets', () => {
  expect(new UnmatchedValues({}, ['fc.armed']).countIn(sampleOf('fc', 'armed', 'mode'))).toBe(1);
});

test('counts a known name of another source', () => {
  expect(unmatched.countIn(sampleOf('plc', 'vib'))).toBe(1);
});
