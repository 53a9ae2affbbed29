import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Native modules and child processes need a process of their own; a worker thread would share their crash.
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
