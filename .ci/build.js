// Makes what is packed: dist/esm and dist/cjs, each with types of its own.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kafkajsLicence, packedWorkerProgram } from './worker-program.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');

rmSync(join(root, 'dist'), { recursive: true, force: true });
compile('dist/esm');
// `bundler`, because `commonjs` output has no resolution of its own that follows the packages' exports.
compile(
  'dist/cjs',
  '--module',
  'commonjs',
  '--moduleResolution',
  'bundler',
  '--verbatimModuleSyntax',
  'false',
);
writeFileSync(join(root, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');
for (const file of readdirSync(join(root, 'dist/cjs'), { recursive: true, encoding: 'utf8' })) {
  if (file.endsWith('.d.ts')) useRequire(join(root, 'dist/cjs', file));
}
await writeWorkerModules();

function compile(outDir, ...options) {
  const target = ['-p', join(root, 'lib/tsconfig.json'), '--outDir', join(root, outDir)];
  execFileSync(process.execPath, [tsc, ...target, ...options], { stdio: 'inherit' });
}

// winston-transport's types say `export =`. A default import of that is an error for users of CommonJS who have
// not set `esModuleInterop`; this form is right for all.
function useRequire(path) {
  const types = readFileSync(path, 'utf8');
  const fixed = types.replace(
    /^import (type )?(\w+) from 'winston-transport';$/m,
    "import $2 = require('winston-transport');",
  );
  if (fixed !== types) writeFileSync(path, fixed);
}

// The program of the shipping thread, once for both formats. In CommonJS, because that can be loaded when it is first needed
// and at once, also while the process ends; bundlers follow such a `require` as they follow an `import`.
async function writeWorkerModules() {
  const at = (format, file) => join(root, 'dist', format, 'clients/worker', file);
  const licence = kafkajsLicence().replaceAll(/^/gm, '// ').replaceAll(/ +$/gm, '');
  const about = `// Made by .ci/worker-program.js: Brotli, in base64. There is a copy of this in it:\n//\n${licence}\n`;
  writeFileSync(at('cjs', 'program-text.js'), `${about}module.exports = '${await packedWorkerProgram()}';\n`);
  const load = "exports.packedProgram = () => require('./program-text.js');";
  writeFileSync(at('cjs', 'program.js'), `'use strict';\n${load}\n`);
  // Not as TypeScript writes it: for CommonJS it makes a `require` of it, and for both it hides the comments from bundlers.
  const importModule = '(url) => import(/* webpackIgnore: true */ /* @vite-ignore */ url)';
  writeFileSync(at('cjs', 'import-module.js'), `'use strict';\nexports.importModule = ${importModule};\n`);
  writeFileSync(at('esm', 'import-module.js'), `export const importModule = ${importModule};\n`);
  const path = '../../../cjs/clients/worker/program.js';
  writeFileSync(at('esm', 'program.js'), `export { packedProgram } from '${path}';\n`);
}
