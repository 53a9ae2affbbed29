import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Tests that need no process of their own: what they start ends with them, and they change nothing that others see. */
const LIGHT = ['test/tidy.test.ts', 'test/unit/**/*.test.ts', 'test/fuzz/**/*.test.ts'];

export default defineConfig({
  test: {
    // Native modules and child processes need a process of their own; a worker thread would share their crash.
    pool: 'forks',
    // Tests of the daemon wait more than they work.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What a test waits for comes when the machine gets to it; a busy one must not look like a fault.
    expect: { poll: { timeout: 10_000 } },
    // Programs that tests start by the hundred need not compile the same sources each time.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'build/compile-cache') },
    projects: [
      // One after the other in the same process: starting one for each would take longer than most of them.
      { extends: true, test: { name: 'light', include: LIGHT, isolate: false } },
      {
        extends: true,
        test: { name: 'heavy', include: ['**/*.test.ts'], exclude: [...LIGHT, '**/node_modules/**'] },
      },
    ],
  },
});
