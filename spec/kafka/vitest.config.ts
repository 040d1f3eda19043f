import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** It takes longest, and waits most of the time. The other files run beside it, each with a cluster of its own. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLongest = ({ moduleId }: TestSpecification): boolean =>
      moduleId.endsWith('/faults-of-brokers.spec.ts');
    return [...files.filter(isLongest), ...files.filter((file) => !isLongest(file))];
  }
}

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
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 300_000,
    hookTimeout: 180_000,
    globalSetup: ['spec/support/bundles.ts'],
    setupFiles: ['spec/support/quiet-stderr.ts'],
  },
});
