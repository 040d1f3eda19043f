// Bundles of what specs run outside of their own process or thread. A worker thread takes no TypeScript on Node 20 (tsx
// leaves it alone there), one file starts in half the time of kafkajs's two hundred, and a program without a loader in a
// quarter of the time.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { isProgramModule } from '../../.ci/program-module.js';
import { packedWorkerProgram } from '../../.ci/worker-program.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OPTIONS: BuildOptions = { bundle: true, platform: 'node', format: 'esm', logLevel: 'error' };

/** A global set-up of vitest: makes the program of shipping threads, and the place for all other bundles. */
export async function setup(): Promise<(() => void) | undefined> {
  // Once for all projects.
  if (process.env.SPEC_BUNDLES !== undefined) return undefined;
  // In there, so that they find the packages.
  const directory = `${ROOT}spec/.bundles-${process.pid}`;
  const file = `${directory}/program.mjs`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, `export const packedProgram = () => '${await packedWorkerProgram()}';\n`);
  Object.assign(process.env, { SPEC_BUNDLES: directory, SPEC_WORKER_PROGRAM: file });
  return () => rmSync(directory, { recursive: true, force: true });
}

/** Puts the program into the place of lib/clients/worker/packed-program.ts, as the build does. */
export const builtProgram: Plugin = {
  name: 'built-program',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ path: specifier, importer }) => {
      const path = process.env.SPEC_WORKER_PROGRAM;
      return isProgramModule(specifier, importer) && path !== undefined ? { path } : undefined;
    }),
};

type Format = 'esm' | 'cjs';

const made = new Map<string, Promise<string>>();

/** The path of a program's bundle, made when it is first asked for; nothing in a run without vitest. */
export async function bundleOf(program: URL, format: Format = 'esm'): Promise<string | undefined> {
  const directory = process.env.SPEC_BUNDLES;
  if (directory === undefined) return undefined;
  const name = `${format} ${program.href}`;
  const outfile = `${directory}/${process.pid}-${made.size}.${format === 'esm' ? 'mjs' : 'cjs'}`;
  const path = made.get(name) ?? bundle(program, format, outfile);
  made.set(name, path);
  return await path;
}

async function bundle(program: URL, format: Format, outfile: string): Promise<string> {
  const entryPoints = [fileURLToPath(program)];
  await build({ ...OPTIONS, format, entryPoints, outfile, packages: 'external', plugins: [builtProgram] });
  return outfile;
}
