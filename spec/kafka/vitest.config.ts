import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['spec/kafka/**/*.spec.ts'],
    // One cluster, one row after the other.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 180_000,
    setupFiles: ['spec/support/quiet-stderr.ts'],
  },
});
