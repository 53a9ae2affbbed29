import { defineConfig } from 'vitest/config';

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
  },
});
