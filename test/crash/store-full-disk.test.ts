import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/store-samples.ts';

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

test.skipIf(!canMount)(
  'on a full disk it refuses with STORE_FULL, keeps exactly what it accepted, and goes on when there is room',
  () => {
    const folder = temporaryFolder();
    const script = 'mount -t tmpfs -o size=4m none "$1" && exec "$2" "$3" "$1"';
    const program = join(import.meta.dirname, 'store-filler.ts');
    const arguments_ = ['-rm', 'sh', '-c', script, 'sh', folder, process.execPath, program];
    const { stdout, stderr } = spawnSync('unshare', arguments_, { encoding: 'utf8' });
    expect(stderr).toBe('');
    const { accepted, refusal, whenFull, seqs, states } = JSON.parse(stdout);
    expect(refusal).toBe('STORE_FULL');
    expect(accepted).toBeGreaterThan(10);
    expect(whenFull).toMatchObject({ accepted, pending: accepted });
    expect(seqs).toEqual(Array.from({ length: accepted + 1 }, (_, index) => index + 1));
    expect(states).toEqual({ pump: { open: accepted + 1 } });
  },
);
