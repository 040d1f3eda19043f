// Bundles of what specs run outside of their own process or thread. A worker thread takes no TypeScript on Node 20 (tsx
// leaves it alone there), one file starts in half the time of kafkajs's two hundred, and a program without a loader in a
// quarter of the time.
import { rmSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTRY = `${ROOT}lib/delivery/worker/entry.ts`;
const OPTIONS: BuildOptions = { bundle: true, platform: 'node', format: 'esm', logLevel: 'error' };

/** A global set-up of vitest: makes what worker threads run, and the place for all other bundles. */
export async function setup(): Promise<(() => void) | undefined> {
  // Once for all projects.
  if (process.env.SPEC_BUNDLES !== undefined) return undefined;
  // In there, so that they find the packages.
  const directory = `${ROOT}spec/.bundles-${process.pid}`;
  const file = `${directory}/worker.mjs`;
  // kafkajs is CommonJS.
  const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  await build({ ...OPTIONS, entryPoints: [ENTRY], outfile: file, banner: { js } });
  Object.assign(process.env, { SPEC_BUNDLES: directory, SPEC_WORKER_ENTRY: file });
  return () => rmSync(directory, { recursive: true, force: true });
}

/** Of `entry.ts`, which tells where it is, the main thread has to have the file that the worker runs. */
const compiledWorker: Plugin = {
  name: 'compiled-worker',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/entry\.ts$/ }, ({ importer }) =>
      importer.includes('/lib/delivery/worker/')
        ? { path: pathToFileURL(process.env.SPEC_WORKER_ENTRY ?? ENTRY).href, external: true }
        : undefined,
    ),
};

const made = new Map<string, Promise<string>>();

/** The path of a program's bundle, made when it is first asked for; nothing in a run without vitest. */
export async function bundleOf(program: URL): Promise<string | undefined> {
  const directory = process.env.SPEC_BUNDLES;
  if (directory === undefined) return undefined;
  const path = made.get(program.href) ?? bundle(program, `${directory}/${process.pid}-${made.size}.mjs`);
  made.set(program.href, path);
  return await path;
}

async function bundle(program: URL, outfile: string): Promise<string> {
  const entryPoints = [fileURLToPath(program)];
  await build({ ...OPTIONS, entryPoints, outfile, packages: 'external', plugins: [compiledWorker] });
  return outfile;
}
