import { defineConfig } from 'vitest/config';

// Apart from the other specs: these install what is packed, which takes a registry and a minute.
export default defineConfig({
  test: {
    include: ['spec/package/**/*.spec.ts'],
    // Most of these wait for processes.
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
