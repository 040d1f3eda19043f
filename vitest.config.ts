import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['spec/**/*.spec.ts'],
    exclude: ['spec/package/**'],
    coverage: {
      provider: 'v8',
      include: ['lib/**'],
      thresholds: { lines: 95, branches: 95 },
    },
  },
});
