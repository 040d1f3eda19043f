// The module of lib/clients/worker in whose place the program of the shipping thread is put: by the build, and by the specs for
// vitest, for esbuild and for their child processes. It imports nothing, because each of those processes loads it.
export const PROGRAM_MODULE = 'packed-program';

/** Whether an import is of that module. */
export const isProgramModule = (
  /** @type {string} */ specifier,
  /** @type {string | undefined} */ importer,
) => specifier === `./${PROGRAM_MODULE}.ts` && importer?.includes('/lib/clients/worker/') === true;
