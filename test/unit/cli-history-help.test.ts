import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addHistory } from '../../src/cli/history.ts';

test('the help of history says how a time zone is written, and what is meant without one', () => {
  const fieldnote = new Command();
  addHistory(fieldnote, 'fieldnote.yaml');
  const help = fieldnote.commands[0]?.helpInformation().replaceAll(/\s+/g, ' ') ?? '';
  const times = [...help.matchAll(/(2026-11-23\S*) (in UTC|in another zone|in that of|from midnight UTC)/g)];
  expect(times.map(([, time, zone]) => [Date.parse(time ?? ''), zone])).toEqual([
    [Date.UTC(2026, 10, 23, 15), 'in UTC'],
    [Date.UTC(2026, 10, 23, 15), 'in another zone'],
    [new Date(2026, 10, 23, 16).getTime(), 'in that of'],
    [Date.UTC(2026, 10, 23), 'from midnight UTC'],
  ]);
});
