import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['spec/**/*.spec.ts'],
    // Many specs wait for child processes and deadlines rather than compute: more workers than cores.
    maxWorkers: 3,
    // A slow machine is no failure: specs wait for events, and this only ends one that waits in vain.
    testTimeout: 30_000,
    exclude: ['spec/package/**', 'spec/kafka/**'],
    setupFiles: ['spec/support/quiet-stderr.ts'],
    coverage: {
      provider: 'v8',
      include: ['lib/**/*.ts'],
      thresholds: { lines: 95, branches: 95 },
    },
  },
});
