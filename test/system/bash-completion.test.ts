import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commandPages } from '../../deploy/deb/commands.ts';
import { bashCompletion } from '../../deploy/deb/completion.ts';
import { program } from '../../src/cli/main.ts';
import { newFolder } from '../support/daemon.ts';
import { needsCommand } from '../support/needs.ts';

/** What bash is told to do with the line so far: complete it, or put everything that is possible into it. */
const [TAB, ALL] = ['\t', '\u001b*'];

describe.runIf(needsCommand('bash'))('in a bash, the command', () => {
  let folder = '';

  beforeAll(async () => {
    const { path, [Symbol.asyncDispose]: remove } = await newFolder();
    folder = path;
    // A folder with the name of a command must not change how the command is completed.
    for (const name of ['models', 'sites']) mkdirSync(join(folder, name));
    for (const name of ['site.yaml', 'my pump.yaml', 'sites/north.yaml'])
      writeFileSync(join(folder, name), '');
    const completion = bashCompletion(commandPages(program()));
    writeFileSync(join(folder, '.bashrc'), `${completion}\nfieldnote() { printf '<%s>' "$@"; }\n`);
    return () => remove();
  });

  /** Types a line and gives the arguments that the command gets. */
  function typed(line: string): string[] {
    const args = ['--noprofile', '--rcfile', '.bashrc', '-i'];
    const env = { ...process.env, HOME: folder, PS1: '' };
    const { stdout } = spawnSync('bash', args, {
      ...{ cwd: folder, env, input: `fieldnote ${line}\nexit\n`, encoding: 'utf8' },
    });
    return [...stdout.matchAll(/<([^>]*)>/g)].map(([, word = '']) => word);
  }

  test.each([
    ['a command', `mode${TAB}`, ['models']],
    ['a command of a command', `store exp${TAB}/media/usb`, ['store', 'export', '/media/usb']],
    ['an option after a dash', `check --con${TAB}site.yaml`, ['check', '--connect', 'site.yaml']],
    ['a file where an argument stands', `check site.${TAB}`, ['check', 'site.yaml']],
    ['a file with a space in its name', `check my${TAB}`, ['check', 'my pump.yaml']],
    ['a file in a folder', `check sites/${TAB}`, ['check', 'sites/north.yaml']],
    ['a folder where a package is wanted', `models activate mo${TAB}`, ['models', 'activate', 'models/']],
    ['a file after an option', `run --config site.${TAB}`, ['run', '--config', 'site.yaml']],
    ['a file after an equals sign', `run --config=site.${TAB}`, ['run', '--config=site.yaml']],
    [
      'options of a command that is named like a value before',
      `learn --asset status --fr${TAB}x`,
      ['learn', '--asset', 'status', '--from', 'x'],
    ],
    ['options where nothing else can stand', `run ${ALL}`, ['run', '--config', '--help']],
    ['no file where a command stands', `sit${TAB}`, ['sit']],
  ])('completes %s', (_, line, args) => {
    expect(typed(line)).toEqual(args);
  });

  test('lists what there is, in every group', () => {
    const groups = commandPages(program()).filter(({ names }) => names.length > 0);
    expect(groups.length).toBeGreaterThan(4);
    for (const { name, names } of groups) {
      const before = name.split(' ').slice(1);
      expect(typed([...before, ALL].join(' '))).toEqual([...before, ...names.toSorted()]);
    }
  });
});
