// The bundlers that applications are built with, each as its documentation has it for Node.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build as esbuild } from 'esbuild';
import { rollup } from 'rollup';
import { build as viteBuild } from 'vite';
import webpack from 'webpack';
import { run } from './consumer.ts';

export interface Job {
  /** The application: in ESM, and the same in CommonJS. */
  esm: string;
  cjs: string;
  /** Packages that are not to be in the bundle. */
  external: readonly string[];
  /** Modules in the place of others: for Rollup. */
  alias?: Readonly<Record<string, string>>;
  /** An empty directory. */
  to: string;
}

/** Bundles the application, and gives the file to start and the bundler's warnings. */
export type Bundler = (job: Job) => Promise<{ file: string; warnings: string[] }>;

// What esbuild's and Rollup's users put there: what is CommonJS inside `require`s parts of Node.
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const withEsbuild =
  (format: 'esm' | 'cjs', entry: 'esm' | 'cjs'): Bundler =>
  async ({ external, to, ...job }) => {
    const file = join(to, format === 'esm' ? 'app.mjs' : 'app.cjs');
    const { warnings } = await esbuild({
      entryPoints: [job[entry]],
      outfile: file,
      bundle: true,
      platform: 'node',
      format,
      external: [...external],
      logLevel: 'silent',
      ...(format === 'esm' && { banner: { js: REQUIRE } }),
    });
    return { file, warnings: warnings.map(({ text }) => text) };
  };

const withRollup: Bundler = async ({ esm, external, alias = {}, to }) => {
  const file = join(to, 'app.mjs');
  const warnings: string[] = [];
  const bundle = await rollup({
    input: esm,
    external: [...external],
    plugins: [
      {
        name: 'alias',
        resolveId(source, importer) {
          const other = alias[source];
          return other === undefined ? null : this.resolve(other, importer);
        },
      },
      nodeResolve({ preferBuiltins: true, exportConditions: ['node'] }),
      (commonjs as unknown as typeof commonjs.default)(),
      (json as unknown as typeof json.default)(),
    ],
    // winston and what it needs import in circles.
    onwarn: ({ code = '', message }) => void (code !== 'CIRCULAR_DEPENDENCY' && warnings.push(message)),
  });
  await bundle.write({ file, format: 'es', inlineDynamicImports: true });
  await bundle.close();
  return { file, warnings };
};

const withWebpack =
  (format: 'esm' | 'cjs'): Bundler =>
  async ({ esm, external, to }) => {
    const name = format === 'esm' ? 'app.mjs' : 'app.cjs';
    const compiler = webpack({
      mode: 'production',
      target: 'node',
      context: dirname(esm),
      entry: esm,
      output: { path: to, filename: name, ...(format === 'esm' && { module: true, chunkFormat: 'module' }) },
      ...(format === 'esm' && { experiments: { outputModule: true } }),
      externals: Object.fromEntries(
        external.map((packageName) => [
          packageName,
          `${format === 'esm' ? 'module' : 'commonjs'} ${packageName}`,
        ]),
      ),
      optimization: { minimize: false },
    });
    const stats = await new Promise<webpack.Stats>((resolve, reject) =>
      compiler.run((error, result) => (result === undefined ? reject(error) : resolve(result))),
    );
    await new Promise((resolve) => compiler.close(resolve));
    const { errors = [], warnings = [] } = stats.toJson({ errors: true, warnings: true });
    if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
    return { file: join(to, name), warnings: warnings.map(({ message }) => message) };
  };

const NCC = fileURLToPath(import.meta.resolve('@vercel/ncc/dist/ncc/cli.js'));

/** From its command line, in the application's directory: there it finds no TypeScript but its own. */
const withNcc =
  (entry: 'esm' | 'cjs'): Bundler =>
  async ({ external, to, ...job }) => {
    const flags = ['--no-cache', '--out', to, ...external.flatMap((name) => ['--external', name])];
    await run(process.execPath, [NCC, 'build', job[entry], ...flags], { cwd: dirname(job.esm) });
    const name = readdirSync(to).find((file) => /^index\.[cm]?js$/.test(file));
    return { file: join(to, String(name)), warnings: [] };
  };

const withVite: Bundler = async ({ esm, external, to }) => {
  await viteBuild({
    root: dirname(esm),
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true, external: [...external] },
    build: { ssr: esm, outDir: to, rollupOptions: { output: { entryFileNames: 'app.mjs' } } },
  });
  return { file: join(to, 'app.mjs'), warnings: [] };
};

export const BUNDLERS: Readonly<Record<string, Bundler>> = {
  'esbuild to ESM': withEsbuild('esm', 'esm'),
  'esbuild to CommonJS': withEsbuild('cjs', 'esm'),
  'esbuild to CommonJS, from require': withEsbuild('cjs', 'cjs'),
  Rollup: withRollup,
  'webpack to CommonJS': withWebpack('cjs'),
  'webpack to ESM': withWebpack('esm'),
  'ncc from import': withNcc('esm'),
  'ncc from require': withNcc('cjs'),
  'Vite SSR': withVite,
};
