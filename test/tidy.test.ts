import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSources, root, type SourceFile } from './support/source-tree.ts';

/** The steps of the way of a sample, in order. A step may not import another one; src/agent.ts wires them. */
const STEPS = [
  'link',
  'decode',
  'modbus',
  'window',
  'judge',
  'incident',
  'report',
  'store',
  'publish',
  'learn',
];
/** Not on the way but at its other end; the daemon does not know it, and it knows only the values that arrive. */
const OTHER_END = ['collect'];
/** Beside the way: any step may import them, they import no step. */
const BESIDE = ['values', 'system', 'config', 'models', 'isolate'];

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

/** Files that are started, not imported: processes, threads, and the command itself. */
const ENTRY_POINTS = [
  'src/cli/main.ts',
  'demo/main.ts',
  'demo/pump-board.ts',
  'bench/main.ts',
  'docs/generate.ts',
  'eval/main.ts',
];

const product = readSources(['src']);
const all = [...product, ...readSources(['deploy', 'demo', 'bench', 'docs', 'eval', 'test'])];
const byPath = new Map(all.map((file) => [file.path, file]));
const folderOf = (path: string) => dirname(path).split('/')[1] ?? '';

describe('the source tree', () => {
  test('imports point down the way of a sample or to the side, never up and never between two steps', () => {
    const wrong = product.flatMap((file) => {
      const folder = folderOf(file.path);
      const allowed = allowedFor(folder);
      const isRestricted = [...STEPS, ...OTHER_END, ...BESIDE].includes(folder);
      return isRestricted
        ? file.imports
            .filter(({ path }) => !allowed.includes(folderOf(path)))
            .map(({ path }) => `${file.path} → ${path}`)
        : [];
    });
    expect(wrong).toEqual([]);
  });

  test('product code imports no test, demo or bench code', () => {
    const outside = product.flatMap((file) => file.imports.filter(({ path }) => !path.startsWith('src/')));
    expect(outside).toEqual([]);
  });

  test('has no import cycle', () => {
    expect(all.map((file) => cycleFrom(file)).filter((cycle) => cycle !== '')).toEqual([]);
  });

  test('has no file that nothing reaches', () => {
    const reached = new Set<string>();
    const visit = (path: string) => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const { path: next } of byPath.get(path)?.imports ?? []) visit(next);
    };
    for (const path of ENTRY_POINTS) visit(path);
    expect(product.map((file) => file.path).filter((path) => !reached.has(path))).toEqual([]);
  });

  test(`has no file over ${FILE_LINES_MAX} lines and no function over ${FUNCTION_LINES_MAX}`, () => {
    const isTest = (path: string) => path.endsWith('.test.ts');
    const files = all.filter((file) => file.lineCount > FILE_LINES_MAX && !isTest(file.path));
    const functions = all
      .filter((file) => !isTest(file.path))
      .flatMap((file) =>
        file.functions
          .filter(({ lineCount }) => lineCount > FUNCTION_LINES_MAX)
          .map(({ name, lineCount }) => `${file.path} ${name}: ${lineCount} lines`),
      );
    expect([files.map((file) => file.path), functions]).toEqual([[], []]);
  });

  test('has no any, enum, namespace, default export, or note to do something later', () => {
    const forbidden =
      /(?:[:<|&]\s*|\bas )any\b|^\s*(?:export )?(?:const )?enum |^\s*namespace |^export default|\b(?:TODO|FIXME|XXX|HACK)\b/m;
    const self = 'test/tidy.test.ts';
    expect(
      all.filter((file) => file.path !== self && forbidden.test(file.text)).map((file) => file.path),
    ).toEqual([]);
  });

  test('has no barrel: no index file, no file that only passes on', () => {
    expect(
      all.filter((file) => /(?:^|\/)(?:index|utils?|common|misc|helpers?)\.ts$/.test(file.path)),
    ).toEqual([]);
    expect(all.filter((file) => /^export \* from/m.test(file.text)).map((file) => file.path)).toEqual([]);
  });

  test('does not name paths of a developer’s machine', () => {
    expect(
      all.filter((file) => /['"`\s(](?:\/work|\/home|\/root)\//.test(file.text)).map((file) => file.path),
    ).toEqual([]);
  });
});

describe('docs/walkthrough.md', () => {
  test('names only functions that exist, in the file that it names', () => {
    const text = readFileSync(join(root, 'docs/walkthrough.md'), 'utf8');
    const mentions = [
      ...text.matchAll(/`([A-Za-z.]+)\(\)`\s+(?:in|of)\s+\[?`?((?:src|demo)\/[\w/.-]+\.ts)/g),
    ];
    const missing = mentions
      .filter(([, name, path]) => !byPath.get(path ?? '')?.names.has(name ?? ''))
      .map(([, name, path]) => `${name} in ${path}`);
    expect(missing).toEqual([]);
    expect(mentions.length).toBeGreaterThan(15);
  });

  test('mentions no function without its file', () => {
    const text = readFileSync(join(root, 'docs/walkthrough.md'), 'utf8');
    const called = [...text.matchAll(/`([A-Za-z.]+)\(\)`/g)].map(([, name]) => name);
    const known = new Set(all.flatMap((file) => [...file.names]));
    expect(called.filter((name) => !known.has(name ?? ''))).toEqual([]);
  });
});

function allowedFor(folder: string): readonly string[] {
  if (OTHER_END.includes(folder)) return [folder, 'values', 'system'];
  return STEPS.includes(folder) ? [folder, ...BESIDE] : BESIDE;
}

function cycleFrom(start: SourceFile): string {
  const visited = new Set<string>();
  const walk = (path: string, way: readonly string[]): string => {
    if (path === start.path && way.length > 0) return [...way, path].join(' → ');
    if (visited.has(path)) return '';
    visited.add(path);
    const imports = byPath.get(path)?.imports ?? [];
    return imports.map((next) => walk(next.path, [...way, path])).find((cycle) => cycle !== '') ?? '';
  };
  return walk(start.path, []);
}
