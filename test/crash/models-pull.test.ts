import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { newFolder } from '../support/daemon.ts';
import { silentAfter, startModelServer, whole } from '../support/model-server.ts';

const PULLER = join(import.meta.dirname, 'models-puller.ts');
const BYTES = Buffer.alloc(8_000_000, 'some model');
const MODEL = {
  name: 'small-1',
  sizeBytes: BYTES.length,
  sha256: createHash('sha256').update(BYTES).digest('hex'),
};

test('a kill -9 in the middle leaves a part, which the next try goes on with', async () => {
  await using folder = await newFolder();
  await using server = await startModelServer(silentAfter(BYTES, 5_000_000), whole(BYTES));
  const path = join(folder.path, 'small-1.gguf');
  const pull = () =>
    spawn(process.execPath, [PULLER, server.url, folder.path, JSON.stringify(MODEL)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const killed = pull();
  await once(killed.stdout, 'data');
  killed.kill('SIGKILL');
  await once(killed, 'close');
  expect(existsSync(path)).toBe(false);
  expect(readdirSync(folder.path)).toEqual(['small-1.gguf.part']);

  const again = pull();
  again.stdout.resume();
  await once(again, 'close');
  expect(readFileSync(path).equals(BYTES)).toBe(true);
  expect(server.wanted[1]).toBeGreaterThan(0);
});

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

test.skipIf(!canMount)('a disk that gets full meanwhile gets back what the model took of it', async () => {
  await using folder = await newFolder();
  await using server = await startModelServer(whole(BYTES));
  const script = 'mount -t tmpfs -o size=80m none "$1" && "$2" "$3" "$4" "$1" "$5" fill; echo; ls "$1"';
  const words = [folder.path, process.execPath, PULLER, server.url, JSON.stringify(MODEL)];
  const child = spawn('unshare', ['-rm', 'sh', '-c', script, 'sh', ...words]);
  const [said = '', ...files] = (await text(child.stdout)).trim().split('\n');
  expect(said).toMatch(/^cannot write .*small-1\.gguf\.part: the disk is full; what came of it was removed$/);
  expect(files.filter((name) => !name.startsWith('other-'))).toEqual([]);
  expect(files.length).toBeGreaterThan(0);
});
