import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configSchema } from '../../src/config/schema.ts';
import { runFieldnote } from '../support/daemon.ts';
import { readSources, root } from '../support/source-tree.ts';

const page = readText('docs/models.md');
const index = readText('models/README.md');

describe('docs/models.md', () => {
  const lines = [...page.matchAll(/(?:^ {4}|`)(fieldnote [^`\n#]+)/gm)].map(([, line]) => line?.trim() ?? '');

  test.each([...new Set(lines)])('names a command that exists, with its options: %s', async (line) => {
    const { words, help } = await helpFor(line);
    const [, next = ''] = line.split(`fieldnote ${words}`);
    const isGroup = / \[command\]/.test(help.split('\n')[0] ?? '');
    if (isGroup) expect(next.trim()).toMatch(/^--/);
    for (const [option] of line.matchAll(/--[a-z-]+/g)) expect(help).toContain(option);
  });

  test('names commands at all', () => {
    expect(lines.length).toBeGreaterThan(12);
  });

  test('names scripts of package.json, and a part that the bench has', () => {
    const { scripts } = JSON.parse(readText('package.json'));
    const names = [...page.matchAll(/npm run (\w+)/g)].map(([, name]) => name ?? '');
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !(name in scripts))).toEqual([]);
    const [, part] = /--only (\w+)/.exec(page) ?? [];
    expect(existsSync(join(root, `bench/${part}.ts`))).toBe(true);
  });

  test('names only code that exists, in the file that it names', () => {
    const sources = new Map(readSources(['src']).map((file) => [file.path, file]));
    const mentions = [...page.matchAll(/`(\w+)(?:\(\))?`\s+in\s+`(src\/[\w/.-]+\.ts)`/g)];
    expect(mentions.length).toBeGreaterThan(3);
    const missing = mentions.filter(([, name, path]) => !sources.get(path ?? '')?.names.has(name ?? ''));
    expect(missing.map(([mention]) => mention)).toEqual([]);
  });

  test('names only files that exist', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)/g)].map(([, path]) => join('docs', path ?? ''));
    const named = [...page.matchAll(/\b((?:docs|models|src)\/[\w/-]+(?:\.\w+)?)/g)].map(
      ([, path]) => path ?? '',
    );
    expect(links.length).toBeGreaterThan(5);
    expect([...links, ...named].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('explains every key of model.json', () => {
    const schema = JSON.parse(readText('docs/reference/model.schema.json'));
    const keys = keysOf(schema);
    expect(keys.length).toBeGreaterThan(20);
    expect(keys.filter((key) => !page.includes(`\`${key}\``) && !page.includes(`\`${key}[`))).toEqual([]);
  });

  test('names only keys that the configuration has', () => {
    const reference = readText('docs/reference/configuration.md');
    const keys = [...page.matchAll(/`((?:window|learn|incident|llm|bearings)\.[\w.<>]+)[`:]/g)].map(
      ([, key]) => key,
    );
    expect(keys.length).toBeGreaterThan(5);
    expect(
      keys.filter((key) => !new RegExp(`^\\| \`(assets\\.<key>\\.)?${key}\``, 'm').test(reference)),
    ).toEqual([]);
  });

  test('shows a configuration that is good, with the channels of the examples', () => {
    const [block = ''] = /^ {4}site:.*(?:\n {4}.*)+/m.exec(page) ?? [];
    const { assets } = configSchema.parse(parse(block.replaceAll(/^ {4}/gm, '')));
    const units = Object.entries(assets['pump']?.channels ?? {}).map(([key, { unit }]) => [key, unit]);
    for (const name of ['pytorch.py', 'scikit_learn.py']) {
      const [, channels = ''] = /^CHANNELS.*?(\{.*?\})/m.exec(readText(`docs/examples/${name}`)) ?? [];
      expect(Object.entries(JSON.parse(channels))).toEqual(units);
    }
  });

  test.each(['pytorch.py', 'scikit_learn.py'])('%s is shorter than forty lines', (name) => {
    expect(readText(`docs/examples/${name}`).trimEnd().split('\n').length).toBeLessThan(40);
  });
});

test('models/README.md lists every model that ships, with the size that it has', () => {
  const folders = readdirSync(join(root, 'models')).filter((name) => !name.includes('.'));
  for (const folder of folders) {
    const files = readdirSync(join(root, 'models', folder)).filter((name) => /\.(?:onnx|gguf)$/.test(name));
    expect(existsSync(join(root, 'models', folder, 'README.md'))).toBe(true);
    // A recipe without a model has a card and a line of its own.
    if (files.length === 0) {
      expect(index).toContain(`A recipe without a model is [${folder}](${folder})`);
      continue;
    }
    const bytes = files.map((name) => statSync(join(root, 'models', folder, name)).size);
    const [, size] = new RegExp(`^\\| \\[${folder}\\].*\\| (\\d+) kB, `, 'm').exec(index) ?? [];
    expect(Number(size), folder).toBe(Math.round(Math.max(...bytes) / 1000));
  }
  expect(folders.length).toBeGreaterThan(0);
});

/** The command at the beginning of a line, and its help. */
async function helpFor(line: string): Promise<{ words: string; help: string }> {
  const [, text = ''] = /^fieldnote ((?:[a-z]+ ?)+)/.exec(line) ?? [];
  const words = text.trim().split(' ');
  while (words.length > 0) {
    const { stdout } = await runFieldnote(...words, '--help');
    if (stdout.startsWith(`Usage: fieldnote ${words.join(' ')} `))
      return { words: words.join(' '), help: stdout };
    words.pop();
  }
  throw new Error(`there is no such command: ${line}`);
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Names of all keys of a JSON Schema, at any depth. */
function keysOf({ properties = {}, items = {} }: Schema): string[] {
  const inner = Object.entries(properties).flatMap(([name, schema]) => [name, ...keysOf(schema)]);
  return [...inner, ...(items === undefined || !('properties' in items) ? [] : keysOf(items))];
}

function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
