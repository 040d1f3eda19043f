// A global set-up of vitest: what specs have worker threads run. These take no TypeScript on Node 20 (tsx leaves them alone
// there), and one file starts in half the time of kafkajs's two hundred. See also `compiled-worker.mjs`.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export async function setup(): Promise<(() => void) | undefined> {
  // Once for all projects.
  if (process.env.SPEC_WORKER_ENTRY !== undefined) return undefined;
  const file = `${ROOT}node_modules/.cache/winston-kafkajs/worker-${process.pid}.mjs`;
  process.env.SPEC_WORKER_ENTRY = file;
  await build({
    entryPoints: [`${ROOT}lib/delivery/worker/entry.ts`],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    // kafkajs is CommonJS.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return () => rmSync(file, { force: true });
}
