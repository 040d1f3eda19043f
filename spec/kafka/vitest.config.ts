import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['spec/kafka/**/*.spec.ts'],
    // They need listeners and versions that only our own brokers have.
    exclude:
      process.env.KAFKA_BROKERS === undefined
        ? []
        : ['security', 'rolling-upgrade', 'platformatic', 'check'].map(
            (name) => `spec/kafka/${name}.spec.ts`,
          ),
    // One cluster, one row after the other.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 180_000,
    globalSetup: ['spec/support/bundles.ts'],
    setupFiles: ['spec/support/quiet-stderr.ts'],
  },
});
