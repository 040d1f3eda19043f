import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The rows take longest, and wait most of the time. The other files run beside them, each with a cluster of its own. */
class RowsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isRows = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith('/rows.spec.ts');
    return [...files.filter(isRows), ...files.filter((file) => !isRows(file))];
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
    sequence: { sequencer: RowsFirst },
    testTimeout: 300_000,
    hookTimeout: 180_000,
    globalSetup: ['spec/support/bundles.ts'],
    setupFiles: ['spec/support/quiet-stderr.ts'],
  },
});
