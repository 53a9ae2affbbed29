import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { generatedFiles } from '../../docs/generate.ts';

const reference = join(import.meta.dirname, '../../docs/reference');

test.each(Object.entries(generatedFiles()))(
  'docs/reference/%s is what the source says (npm run generate)',
  (name, text) => {
    expect(readFileSync(join(reference, name), 'utf8')).toBe(text);
  },
);

test('every configuration key is explained', () => {
  const page = generatedFiles()['configuration.md'] ?? '';
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter((row) => / \| {2}\|$/.test(row) || / \| \(type: \w+\) \|$/.test(row))).toEqual([]);
});

test('the AsyncAPI document names only messages and channels that it has', () => {
  const text = generatedFiles()['asyncapi.yaml'] ?? '';
  const document = parse(text);
  const targets = [...text.matchAll(/\$ref: "?#\/([\w/]+)"?/g)].map(([, path]) => path ?? '');
  expect(targets.length).toBeGreaterThan(5);
  for (const path of targets) {
    const target = path.split('/').reduce((node, key) => node?.[key], document);
    expect(target, path).toBeDefined();
  }
  const files = [...text.matchAll(/\$ref: "?([\w.]+\.json)"?/g)].map(([, name]) => name ?? '');
  expect(readdirSync(reference)).toEqual(expect.arrayContaining(files));
});
