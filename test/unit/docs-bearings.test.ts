import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { root } from '../support/source-tree.ts';

describe('docs/bearings.md', () => {
  const text = readFileSync(join(root, 'docs/bearings.md'), 'utf8');

  test('shows a configuration that is good', () => {
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(text) ?? [];
    const result = parseConfig(example);
    expect('faults' in result ? result.faults : []).toEqual([]);
    expect('config' in result && result.config.assets['pump']?.bearings).toHaveProperty('drive-end');
  });

  test('names exactly the constants that the shipped model takes, and their ranges', () => {
    const { constants, window } = JSON.parse(readFileSync(join(root, 'models/bearing/model.json'), 'utf8'));
    for (const { name } of constants) expect(text).toContain(`\`${name}\``);
    const shaft = constants.find(({ name }: { name: string }) => name === 'shaftHz');
    expect(text).toContain(`${shaft.min * 60} to ${shaft.max * 60} 1/min`);
    expect(text).toContain(`${window.rows} samples`);
  });
});
