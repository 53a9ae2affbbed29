import { join } from 'node:path';
import { expect, test } from 'vitest';
import { canMount, runOnSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/store-samples.ts';

test.skipIf(!canMount)(
  'on a full disk it refuses with STORE_FULL, keeps exactly what it accepted, and goes on when there is room',
  () => {
    const folder = temporaryFolder();
    const program = join(import.meta.dirname, 'store-filler.ts');
    const { stdout, stderr } = runOnSmallDisk(folder, 'size=4m', program, folder);
    expect(stderr).toBe('');
    const { accepted, refusal, whenFull, seqs, states } = JSON.parse(stdout);
    expect(refusal).toBe('STORE_FULL');
    expect(accepted).toBeGreaterThan(10);
    expect(whenFull).toMatchObject({ accepted, pending: accepted });
    expect(seqs).toEqual(Array.from({ length: accepted + 1 }, (_, index) => index + 1));
    expect(states).toEqual({ pump: { open: accepted + 1 } });
  },
);
