// Makes what is packed: dist/esm and dist/cjs, each with types of its own.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');

rmSync(join(root, 'dist'), { recursive: true, force: true });
compile('dist/esm');
// `bundler`, because `commonjs` output has no resolution of its own that follows the packages' exports. The types have just
// been checked; here, `import.meta` would be an error, which `nameWorker` puts right.
compile(
  'dist/cjs',
  '--noCheck',
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

nameWorker();

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

// A worker runs the ESM build, whichever format has started it: in there, `import()` is what it says.
function nameWorker() {
  const path = join(root, 'dist/cjs/delivery/worker/entry.js');
  const own = '(0, node_url_1.fileURLToPath)(import.meta.url)';
  const esm = "require('node:path').join(__dirname, '../../../esm/delivery/worker/entry.js')";
  const code = readFileSync(path, 'utf8');
  if (!code.includes(own)) throw new Error(`${path} does not name its own file any more`);
  writeFileSync(path, code.replace(own, esm));
}
