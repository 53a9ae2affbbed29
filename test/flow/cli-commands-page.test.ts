import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runFieldnote } from '../support/daemon.ts';

/** First cells of the table: `fieldnote learn --from healthy.csv` → ['learn', '--from', 'healthy.csv']. */
function commandsOfPage(): string[][] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/commands.md'), 'utf8');
  return [...page.matchAll(/^\| `fieldnote ([^`]+)` \|/gm)].map(([, line = '']) => line.split(' '));
}

/** Commands that a help lists, without `help` itself. */
function listedIn(help: string): string[] {
  const list = help.split(/^Commands:\n/m)[1]?.split('\n\n')[0] ?? '';
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
}

describe.concurrent('docs/commands.md', { timeout: 60_000 }, () => {
  test('names every command of --help, and no other', async () => {
    const inPage = (group: string) => {
      const lines = commandsOfPage().filter(([first]) => group === '' || first === group);
      const names = lines.map((words) => words[group === '' ? 0 : 1] ?? '');
      return [...new Set(names.filter((name) => !name.startsWith('--')))].sort();
    };
    for (const group of ['', 'models', 'learn', 'store', 'update', 'eval', 'modbus']) {
      const { stdout } = await runFieldnote(...(group === '' ? [] : [group]), '--help');
      expect(listedIn(stdout).sort()).toEqual(inPage(group));
    }
  });

  test('names only options that the command has', async () => {
    const withOptions = commandsOfPage().filter((words) => words.some((word) => word.startsWith('--')));
    expect(withOptions.length).toBeGreaterThan(3);
    for (const words of withOptions) {
      const option = words.findIndex((word) => word.startsWith('--'));
      const command = words.slice(0, option).filter((word) => /^[a-z-]+$/.test(word));
      const { stdout } = await runFieldnote(...command, '--help');
      expect(stdout).toContain(`  ${words[option]} `);
    }
  });

  test('each group shows an example', async () => {
    for (const group of ['models', 'learn', 'store', 'update']) {
      const { stdout } = await runFieldnote(group, '--help');
      expect(stdout).toMatch(/^Examples?:\n {2}\$ fieldnote /m);
    }
  });
});
