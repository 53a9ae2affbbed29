import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/open.ts';
import { needsCommand } from '../support/needs.ts';
import { canMount, runOnSmallDisk } from '../support/small-disk.ts';
import { expectBalance, temporaryFolder } from '../support/store-samples.ts';

const PROGRAM = join(import.meta.dirname, 'faulty-disk-node.ts');
const ODD = Array.from({ length: 30 }, (_, index) => 2 * index + 1);
const EVEN = ODD.map((revision) => revision + 1);

/** What the program printed: its log, and at last what is in its store. */
function outcomeOf(stdout: string) {
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { revisions, totals } = lines.at(-1);
  return { log: lines.slice(0, -1).map(({ msg }): string => msg), revisions, totals };
}

/** A call under way when the disk failed may have become durable after all; then its report is there twice. */
function expectEach(revisions: readonly number[], expected: readonly number[]): void {
  expect([...new Set(revisions)]).toEqual(expected);
  expect(revisions.length).toBeLessThanOrEqual(expected.length + 3);
}

describe.concurrent('a disk that fails in the middle', { timeout: 180_000 }, () => {
  // Once in each thread, and what is left after it is less.
  test.runIf(needsCommand('strace')).for([
    ['an fsync that fails', 'fsync:error=EIO:when=40', /the thread of the store has ended.*opening it again/],
    ['a write that fails', 'pwrite64:error=EIO:when=200', /opening it again|disk I\/O error/],
    ['a write without room', 'pwrite64:error=ENOSPC:when=200', /no room left; free space on the disk/],
  ] as const)('costs no report: %s', async ([, fault, message], { expect: check, onTestFinished }) => {
    const folder = mkdtempSync(join(tmpdir(), 'fieldnote-faulty-'));
    const traced = ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', 'trace=fsync,pwrite64'];
    const arguments_ = [...traced, '-e', `inject=${fault}`];
    const child = spawn('strace', [...arguments_, process.execPath, PROGRAM, folder]);
    // By the context: these tests run at the same time.
    onTestFinished(() => {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    });
    let stdout = '';
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    const [exitCode] = await once(child, 'close');
    check(exitCode).toBe(0);
    const { log, revisions, totals } = outcomeOf(stdout);
    check(log.join('\n')).toMatch(message);
    const [incident, update] = revisions;
    expectEach(incident, EVEN);
    expectEach(update, ODD);
    check(totals.pending).toBe(incident.length + update.length);
    const database = openDatabase({ dataDir: folder, sizeMaxMiB: 16, bootId: 'boot-a' }, 'epoch-1');
    expectBalance(database);
    database.close();
  });
});

describe.runIf(canMount)('a disk that is read-only', { timeout: 60_000 }, () => {
  test('is named, and what came meanwhile is stored as soon as it can be written', () => {
    const folder = temporaryFolder();
    const { stdout, stderr } = runOnSmallDisk(folder, 'size=16m', PROGRAM, folder, 'read-only');
    expect(stderr).toBe('');
    const { log, revisions, totals } = outcomeOf(stdout);
    expect(log[0]).toContain(`cannot open the store in ${folder}`);
    expect(log[0]).toContain('cannot be read or written; check the disk and the permissions');
    expect(log[0]).toContain('reports wait in memory, trying again in 10 s');
    expect(revisions).toEqual([EVEN, ODD]);
    expect(totals).toMatchObject({ accepted: 60, pending: 60 });
  });
});
