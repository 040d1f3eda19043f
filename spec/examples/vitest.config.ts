import { defineConfig } from 'vitest/config';

// Apart from the other specs: the examples are installed with what is packed, which takes a registry and half a minute.
export default defineConfig({
  test: {
    include: ['spec/examples/**/*.spec.ts'],
    globalSetup: ['spec/examples/install.ts'],
    // Most of these wait for processes.
    maxWorkers: 3,
    // A slow machine is no failure: specs wait for events, and this only ends one that waits in vain.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
