import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from '../support/source-tree.ts';

const NOTES = join(root, 'test/vectors/house-style.jsonl');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldnote-notes-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function check(path: string) {
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'models/writer/check.ts'), path], {
    encoding: 'utf8',
  });
  return { status, lines: stdout.trim().split('\n') };
}

test('notes that the verifier can read are good to train with', () => {
  expect(check(NOTES)).toEqual({ status: 0, lines: ['the verifier reads all 5 notes'] });
});

test('a note with words that it cannot read is named, with the place, and so is what is no note', () => {
  const notes = readFileSync(NOTES, 'utf8').replace('No known cause.', 'Somebody dropped a spanner.');
  const path = join(folder, 'mine.jsonl');
  writeFileSync(path, `${notes}{"prompt": 7}\n`);
  const { status, lines } = check(path);
  expect(status).toBe(1);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/mine\.jsonl:1 .*somebody dropped a spanner/);
  expect(lines[1]).toBe(`${path}:6 is no {"prompt": "…", "text": "…"}`);
});
