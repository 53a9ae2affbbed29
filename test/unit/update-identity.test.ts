import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exampleConfig } from '../../src/config/example.ts';
import { loadConfig } from '../../src/config/load.ts';
import { identityOf } from '../../src/update/identity.ts';
import { folderInMemory } from '../support/memory-folder.ts';

const NOBODY = { site: '', node: '', dataDir: '/var/lib/fieldnote' };

function written(text: string): string {
  const path = join(folderInMemory(), 'fieldnote.yaml');
  writeFileSync(path, text);
  return path;
}

describe('who a device is', () => {
  test('is what the agent reads in the same configuration', () => {
    const path = written(exampleConfig({ site: 'plant', node: 'pump7', serialPath: '/dev/ttyUSB0' }));
    const { site, node, dataDir } = loadConfig(path).config;
    expect(identityOf(path)).toEqual({ site, node, dataDir });
  });

  test('is known although an agent that is newer than the updater has keys of its own', () => {
    const path = written('site: plant\nnode: pump7\ndataDir: /data\nkeyOfTomorrow: [1]\n');
    expect(() => loadConfig(path)).toThrow('keyOfTomorrow');
    expect(identityOf(path)).toEqual({ site: 'plant', node: 'pump7', dataDir: '/data' });
  });

  test.each([
    ...['', '[', '- a list', 'site: 7\nnode: {}', 'site: &a [*a]'],
    `a: &a [x, x]\n${'bcdefghijk'.replaceAll(/./g, (key, at) => `${key}: &${key} [${`*${'abcdefghij'[at]}, `.repeat(99)}]\n`)}`,
  ])('is nobody with %j', (text) => {
    expect(identityOf(written(text))).toEqual(NOBODY);
  });

  test('is nobody without a configuration', () => {
    expect(identityOf(join(folderInMemory(), 'absent.yaml'))).toEqual(NOBODY);
  });
});
