// Makes what is packed: dist/cjs, with all of the code in one file, and dist/esm, which exports the same; each with its types.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { rolledUpDeclarations } from './declarations.js';
import { kafkajsLicence, packedWorkerProgram } from './worker-program.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = (...path) => join(root, 'dist', ...path);

// Modules that stay files of their own, in CommonJS for both formats: what they `require` is loaded when it is first needed,
// and at once, also while the process ends. Bundlers and Jest follow such a `require` as they follow an `import`.
const LAZY = {
  'load-kafkajs': "exports.loadKafkajs = () => require('kafkajs');",
  // Not as esbuild would write it: it leaves out the comments, by which bundlers are told to leave the `import` as it is.
  'import-module':
    'exports.importModule = (url) => import(/* webpackIgnore: true */ /* @vite-ignore */ url);',
  program: "exports.packedProgram = () => require('./program-text.js');",
};

rmSync(dist(), { recursive: true, force: true });
await bundle();
for (const [name, code] of Object.entries(LAZY))
  writeFileSync(dist('cjs', `${name}.js`), `'use strict';\n${code}\n`);
await writeProgram();
writeFileSync(dist('cjs/package.json'), '{ "type": "commonjs" }\n');
writeEsm();
writeDeclarations();

async function bundle() {
  await build({
    entryPoints: [join(root, 'lib/index.ts')],
    outfile: dist('cjs/index.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    packages: 'external',
    // The names stay: they are what a stack in a `warn` shows. No `lineLimit`: Rollup's indentation of what is CommonJS then
    // breaks texts (rollup 4.68, @rollup/plugin-commonjs 29).
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'error',
    plugins: [
      {
        name: 'lazy-modules',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\.\/.*\.ts$/ }, ({ path }) => {
            const name = path.slice('./'.length, -'.ts'.length);
            return name in LAZY ? { path: `./${name}.js`, external: true } : undefined;
          }),
      },
    ],
  });
}

/**
 * One copy of the code for both formats: half the size, and an application that has both has one `KafkaTransport`. The module
 * between them has no names that Node could look for: it would look through all of the code (cjs-module-lexer, 20 ms).
 */
function writeEsm() {
  writeFileSync(dist('cjs/library.js'), "'use strict';\nexports.library = require('./index.js');\n");
  const names = Object.keys(createRequire(import.meta.url)(dist('cjs/index.js'))).sort();
  mkdirSync(dist('esm'));
  writeFileSync(
    dist('esm/index.js'),
    `import { library } from '../cjs/library.js';\n\nexport const { ${names.join(', ')} } = library;\n`,
  );
}

async function writeProgram() {
  const licence = kafkajsLicence().replaceAll(/^/gm, '// ').replaceAll(/ +$/gm, '');
  const about = `// Made by .ci/worker-program.js: Brotli, in base64. There is a copy of this in it:\n//\n${licence}\n`;
  writeFileSync(dist('cjs/program-text.js'), `${about}module.exports = '${await packedWorkerProgram()}';\n`);
}

function writeDeclarations() {
  const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-types-'));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['-p', join(root, 'lib/tsconfig.json'), '--outDir', directory];
  execFileSync(process.execPath, [tsc, ...options], { stdio: 'inherit' });
  const types = rolledUpDeclarations(directory);
  rmSync(directory, { recursive: true });
  writeFileSync(dist('esm/index.d.ts'), types);
  // winston-transport's types say `export =`. A default import of that is an error for users of CommonJS who have not set
  // `esModuleInterop`; this form is right for all.
  const required = types.replace(
    /^import type (\w+) from 'winston-transport';$/m,
    "import $1 = require('winston-transport');",
  );
  writeFileSync(dist('cjs/index.d.ts'), required);
}
