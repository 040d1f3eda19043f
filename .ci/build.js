// Makes what is packed: dist/cjs, with the code in two files, and dist/esm, which exports the same; each with its types. Beside
// it, in both, `platformatic` and `formats`: the subpaths of the package by these names; `register`, the command, and the JSON schema
// of the options.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import { build, transform } from 'esbuild';
import { rolledUpDeclarations } from './declarations.js';
import { PROGRAM_MODULE } from './program-module.js';
import { withShortLocals } from './short-locals.js';
import { kafkajsLicence, packedWorkerProgram } from './worker-program.js';

// Subpaths of the package, each a file of its own in both formats.
const SUBPATHS = ['platformatic', 'formats'];

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = (...path) => join(root, 'dist', ...path);

// Modules of lib/ whose functions stand in one file of its own, lazy.js, in CommonJS for both formats: what they `require` is
// loaded when it is first needed, and at once, also while the process ends. Bundlers and Jest follow such a `require` as they
// follow an `import`. The lines are short: one is shown where `throwError` throws.
const LAZY = {
  'throw-error': `exports.throwError = (error) => {
  Error.captureStackTrace(error);
  throw error;
};`,
  'load-redact': "exports.loadRedact = () => require('@pinojs/redact');",
  'load-kafkajs': "exports.loadKafkajs = () => require('kafkajs');",
  // Not as esbuild would write it: it leaves out the comments, by which bundlers are told to leave the `import` as it is.
  'import-module':
    'exports.importModule = (url) => import(/* webpackIgnore: true */ /* @vite-ignore */ url);',
  [PROGRAM_MODULE]: "exports.packedProgram = () => require('./program-text.js');",
  // Once for each library: its modules keep what the transports share. An application that has Node forget index.js alone, and
  // loads it again, has two, and each takes its own parts: those of the other would throw another `KafkaTransportError`.
  'load-parts': `exports.partsOf = (common) => {
  let parts;
  return () => (parts ??= require('./pipeline.js').withCommon(common));
};`,
};
// What the ES module has the exports of. No `require` of the library by itself, of which Node would look for the names: it would
// look through all of the code (cjs-module-lexer, 20 ms).
const LIBRARY = "exports.loadLibrary = () => require('./index.js');";

// No `lineLimit`: Rollup's indentation of what is CommonJS then breaks texts (rollup 4.68, @rollup/plugin-commonjs 29).
const SMALL = { target: 'node20.19', minifySyntax: true, minifyWhitespace: true };

rmSync(dist(), { recursive: true, force: true });
await bundle();
writeFileSync(dist('cjs/lazy.js'), `'use strict';\n${[...Object.values(LAZY), LIBRARY].join('\n')}\n`);
await writeProgram();
writeFileSync(dist('cjs/package.json'), '{ "type": "commonjs" }\n');
writeEsm();
await writeSubpaths();
await writeRegister();
await writeSchema();
await writeCommand();
writeDeclarations();

/**
 * Two files: what an `import` of the library needs, and the parts of a transport, which are loaded when the first one is made and are
 * given what both of them need. V8 reads all of a file when it is loaded: with a third of the code in the first one, the `import` took
 * twice as long.
 */
async function bundle() {
  const { outputFiles } = await build({
    ...SMALL,
    entryPoints: { index: join(root, 'lib/index.ts'), pipeline: join(root, 'lib/pipeline/parts.ts') },
    outdir: dist('cjs'),
    bundle: true,
    platform: 'node',
    // esbuild splits ES modules only.
    splitting: true,
    format: 'esm',
    chunkNames: 'common',
    packages: 'external',
    logLevel: 'error',
    write: false,
    plugins: [
      {
        name: 'lazy-modules',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path }) => {
            const name = basename(path, '.ts');
            return name in LAZY ? { path: './lazy.js', external: true } : undefined;
          }),
      },
    ],
  });
  mkdirSync(dist('cjs'), { recursive: true });
  const code = {};
  for (const { path, text } of outputFiles) {
    const { code: commonJs } = await transform(withNamesOfCommon(text), { ...SMALL, format: 'cjs' });
    code[basename(path, '.js')] = await withShortLocals(withOwnExports(commonJs));
  }
  writeFileSync(dist('cjs/index.js'), withCommon(code.index, code.common));
  writeFileSync(dist('cjs/pipeline.js'), givenCommon(code.pipeline));
}

/**
 * Reads what is imported from the common module once, into names of the module's own. esbuild would have each use of a name go through
 * two getters, in CommonJS: 0.5 us for each record.
 */
function withNamesOfCommon(code) {
  const [statement, names] = /import ?\{([^}]*)\} ?from ?"\.\/common\.js";/.exec(code) ?? [];
  if (statement === undefined) return code;
  return replacedOnce(code, statement, `const {${names.replaceAll(' as ', ':')}} = __common;`);
}

/**
 * Has a module export what it names itself. esbuild would also take what `Object.prototype` has for its getters (`for (var name in all)`):
 * where somebody has put a text there, for everybody to see, the module could not be loaded.
 */
function withOwnExports(code) {
  return replacedOnce(code, 'for(var name in all)', 'for(var name of Object.keys(all))');
}

/** The library, with what it shares with the pipeline as a module within it. */
function withCommon(index, common) {
  const inner = `const __common=(function(module){var exports=module.exports;${common}\nreturn module.exports})({exports:{}});`;
  const load = "const __loadParts=require('./lazy.js').partsOf(__common);";
  const given = index.replaceAll(/\(0,\w+\.loadParts\)\(\)/g, '__loadParts()');
  if (given.includes('.loadParts'))
    throw new Error('a call of loadParts looks different in what esbuild has made');
  return `'use strict';\n${inner}\n${load}\n${given}`;
}

/**
 * The pipeline, as a function of what it shares with the rest. With a `require` of that it would get a second copy, where Jest
 * has forgotten the first one since (`resetModules`): with another `KafkaTransportError`, and the timers that are faked by then.
 * In brackets, so that V8 reads it once: other functions it reads when they are declared, and again when they are called.
 */
function givenCommon(code) {
  const body = replacedOnce(code, 'module.exports=', 'const __pipeline=');
  return `'use strict';\nexports.withCommon=(function(__common){${body}\nreturn __pipeline});\n`;
}

function replacedOnce(text, from, to) {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`"${from}" is ${parts.length - 1} times in what esbuild has made`);
  return parts.join(to);
}

/** One copy of the code for both formats: half the size, and an application that has both has one `KafkaTransport`. */
function writeEsm() {
  const names = Object.keys(createRequire(import.meta.url)(dist('cjs/index.js'))).sort();
  mkdirSync(dist('esm'));
  writeFileSync(
    dist('esm/index.js'),
    `import { loadLibrary } from '../cjs/lazy.js';\n\nexport const { ${names.join(', ')} } = loadLibrary();\n`,
  );
}

/** Functions without state, so each format has its own; they import what bundlers would otherwise put into every bundle. */
async function writeSubpaths() {
  for (const name of SUBPATHS) for (const format of ['cjs', 'esm']) await writeSubpath(name, format);
}

async function writeSubpath(name, format) {
  const { outputFiles } = await build({
    ...SMALL,
    entryPoints: [join(root, `lib/${name}.ts`)],
    bundle: true,
    platform: 'node',
    format,
    packages: 'external',
    logLevel: 'error',
    write: false,
  });
  const [{ text }] = outputFiles;
  writeFileSync(dist(format, `${name}.js`), format === 'cjs' ? withOwnExports(text) : text);
}

/**
 * `winston-kafkajs/register`: one file for both formats, because it exports nothing. The library is loaded when the class is
 * first asked for.
 */
async function writeRegister() {
  const library = './index.js';
  await build({
    ...SMALL,
    entryPoints: [join(root, 'lib/register.ts')],
    outfile: dist('cjs/register.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    external: [library],
    logLevel: 'error',
    plugins: [
      {
        name: 'lazy-library',
        setup: ({ onResolve, onLoad }) => {
          // In a namespace, apart from `"type": "module"`: esbuild takes it for CommonJS, and reads the getter at the first use.
          onResolve({ filter: /\/kafka-transport\.ts$/ }, () => ({ path: library, namespace: 'lazy' }));
          onLoad({ filter: /.*/, namespace: 'lazy' }, () => ({
            contents: `module.exports = { get KafkaTransport() { return require('${library}').KafkaTransport; } };`,
            resolveDir: dist('cjs'),
          }));
        },
      },
    ],
  });
}

/** The JSON schema of the options, from their table. */
async function writeSchema() {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'lib/options/schema.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    logLevel: 'error',
    write: false,
  });
  const module = { exports: {} };
  const load = compileFunction(outputFiles[0].text, ['module', 'exports', 'require']);
  load(module, module.exports, createRequire(join(root, 'lib/options/schema.ts')));
  writeFileSync(dist('options.schema.json'), `${JSON.stringify(module.exports.optionsSchema())}\n`);
}

/** The program of `npx winston-kafkajs`, a file of its own, which nothing imports. The transport it takes from the library. */
async function writeCommand() {
  const library = {
    name: 'library',
    setup: ({ onResolve }) => {
      onResolve({ filter: /\/kafka-transport\.ts$/ }, () => ({ path: './index.js', external: true }));
      onResolve({ filter: /\/(load-kafkajs|import-module|throw-error)\.ts$/ }, () => {
        return { path: './lazy.js', external: true };
      });
    },
  };
  await build({
    // Names, too: no stack of it is shown.
    target: SMALL.target,
    minify: true,
    entryPoints: [join(root, 'lib/command.ts')],
    outfile: dist('cjs/command.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    logLevel: 'error',
    banner: { js: '#!/usr/bin/env node' },
    footer: { js: "module.exports.runCommand(require('../../package.json').version);" },
    plugins: [library],
  });
  chmodSync(dist('cjs/command.js'), 0o755);
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
  // `tsc` indents by four blanks.
  const typesOf = (name) =>
    rolledUpDeclarations(directory, name).replace(/^( {4})+/gm, (blanks) => blanks.slice(blanks.length / 2));
  const types = typesOf('index');
  for (const name of SUBPATHS) writeFileSync(dist('cjs', `${name}.d.ts`), typesOf(name));
  // Only what it adds to winston's types: it exports nothing.
  const added = readFileSync(join(directory, 'register.d.ts'), 'utf8');
  const [imported, asType] = [
    "import { KafkaTransport } from './kafka-transport.ts'",
    "import type { KafkaTransport } from './index.js'",
  ];
  writeFileSync(dist('cjs/register.d.ts'), replacedOnce(added, imported, asType));
  rmSync(directory, { recursive: true });
  // winston-transport's types say `export =`. A default import of that is an error for users of CommonJS who have not set
  // `esModuleInterop`; this form is right for all.
  const required = types.replace(
    /^import type (\w+) from 'winston-transport';$/m,
    "import $1 = require('winston-transport');",
  );
  writeFileSync(dist('cjs/index.d.ts'), required);
  for (const name of ['index', ...SUBPATHS])
    writeFileSync(dist('esm', `${name}.d.ts`), `export * from '../cjs/${name}.js';\n`);
}
