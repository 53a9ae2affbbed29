import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationMs } from '../../src/config/duration.ts';
import { exampleConfig } from '../../src/config/example.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { FieldnoteError } from '../../src/system/errors.ts';

const MINIMAL = `
site: plant
node: pi
sources: { mcu: { link: { type: serial, path: /dev/ttyUSB0 } } }
assets: { pump: { channels: { vib: { from: mcu.vib, unit: g } } } }
`;

function faultsOf(text: string): string[] {
  const result = parseConfig(text);
  return 'faults' in result ? result.faults.map(({ line, key, reason }) => `${line} ${key}: ${reason}`) : [];
}

function configOf(text: string) {
  const result = parseConfig(text);
  if ('faults' in result) throw new Error(JSON.stringify(result.faults));
  return result.config;
}

describe('a good configuration', () => {
  test('needs only site, node, a source and an asset; the rest has defaults', () => {
    const config = configOf(MINIMAL);
    expect(config.sources['mcu']?.link).toMatchObject({ baudRate: 115_200, parity: 'none', stopBits: 1 });
    expect(config.sources['mcu']?.silenceTimeout).toBe(30_000);
    expect(config.assets['pump']?.learn.for).toBe(600_000);
    expect(config.mqtt).toBeUndefined();
  });

  test('is what `fieldnote init` writes', () => {
    const text = exampleConfig({ site: 'plant-7', node: 'skid-1', serialPath: '/dev/serial/by-id/usb-x' });
    expect(configOf(text).sources['mcu']?.link).toMatchObject({ path: '/dev/serial/by-id/usb-x' });
    const withBroker = text.replace(/^#(mqtt:| {2}\w+:)/gm, '$1');
    expect(configOf(withBroker).mqtt).toMatchObject({
      url: 'mqtts://broker.example:8883',
      ackTimeout: 20_000,
    });
  });

  test('has a hash that changes with any byte of the file', () => {
    const dir = mkdtempSync(join(tmpdir(), 'fieldnote-config-'));
    const hashes = [MINIMAL, `${MINIMAL}\n`].map((text, index) => {
      const path = join(dir, `${index}.yaml`);
      writeFileSync(path, text);
      return loadConfig(path).sha256;
    });
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(hashes[0]).not.toBe(hashes[1]);
  });
});

describe('a bad configuration', () => {
  test('is refused with every fault at once, each with its line, key and reason', () => {
    const faults = faultsOf(`
site: Plant 7
node: p1
sources:
  mcu:
    link: { type: serial, path: ttyUSB0, baudRate: 12 }
    silenceTimeout: 5
    speed: 4
assets:
  pump1:
    channels:
      v: { from: other.x, unit: g }
      w: { unit: g }
    window: { length: 1s }
frob: 1
`);
    expect(faults).toEqual([
      '2 site: must be 1 to 64 of a-z 0-9 _ - and start with a letter or digit',
      '6 sources.mcu.link.path: must be a device, best by identity: /dev/serial/by-id/…',
      '6 sources.mcu.link.baudRate: too small: expected number to be >=50',
      expect.stringContaining('7 sources.mcu.silenceTimeout: must be a duration from 1s to 1d'),
      '8 sources.mcu.speed: is not a known key',
      '12 assets.pump1.channels.v.from: names no source (sources: mcu)',
      '13 assets.pump1.channels.w.from: is missing',
      '14 assets.pump1.window.length: with rateHz 1 makes 1 rows a window; 2 to 4500 are allowed',
      '15 frob: is not a known key',
    ]);
  });

  test.each([
    ['an empty file', '', '1 site: is missing'],
    ['a list', '- a\n- b', '1 : '],
    ['broken YAML', 'site: [a\nnode: b', ': is not YAML here'],
    ['a key twice', 'site: a\nsite: b', 'is not YAML here: Map keys must be unique'],
    [
      'a password in the broker address',
      `${MINIMAL}mqtt: { url: "mqtt://me:secret@host" }`,
      'without user or password',
    ],
    ['a topic character in the node', MINIMAL.replace('node: pi', 'node: "a/b"'), '3 node: must be 1 to 64'],
    ['a relative data folder', `${MINIMAL}dataDir: data`, 'dataDir'],
    [
      'learning shorter than four windows',
      MINIMAL.replace('{ channels', '{ learn: { for: 59s }, channels'),
      'assets.pump.learn.for: must be at least 4 times window.length (15 s)',
    ],
    [
      'learning more than memory holds',
      MINIMAL.replace('{ channels', '{ window: { rateHz: 1000 }, learn: { for: 1d }, channels'),
      'makes 86400000 values to keep',
    ],
    [
      'no channel',
      MINIMAL.replace('{ vib: { from: mcu.vib, unit: g } }', '{}'),
      'needs at least one channel',
    ],
    ['__proto__ as a key', `${MINIMAL}__proto__: { site: x }`, '__proto__'],
  ])('%s is named as what it is', (_, text, expected) => {
    expect(faultsOf(text).join('\n')).toContain(expected);
  });

  test('that unfolds aliases without end is refused in bounded memory', () => {
    const levels = Array.from(
      { length: 30 },
      (_, k) => `l${k}: &l${k} [${'*l'.concat(String(k - 1))}, *l${k - 1}]`,
    );
    const text = ['l0: &l0 [x, x]', ...levels.slice(1)].join('\n');
    expect(faultsOf(text).length).toBeGreaterThan(0);
  });

  test('never throws anything but faults, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), (text) => {
        const result = parseConfig(text);
        expect('faults' in result && result.faults.length > 0).toBe(true);
      }),
    );
  });

  test('that cannot be read says what to do', () => {
    const load = () => loadConfig('/nonexistent/fieldnote.yaml');
    expect(load).toThrow(FieldnoteError);
    expect(load).toThrow(/cannot read the configuration \/nonexistent\/fieldnote.yaml.*fieldnote init/);
  });
});

describe('a duration', () => {
  test('is a number and a unit', () => {
    expect(['500ms', '2.5s', '10min', '2h', '1 d'].map(durationMs)).toEqual([
      500, 2500, 600_000, 7_200_000, 86_400_000,
    ]);
  });

  test('is nothing else', () => {
    expect(['', '5', 's', '-1s', '1e3s', '1m', '1s '].map(durationMs)).toEqual(Array(7).fill(undefined));
  });
});
