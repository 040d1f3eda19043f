// The API reference in docs/api, from the TSDoc of lib. Fails on a warning: an export without documentation, a link that leads
// nowhere. TypeDoc 0.28 wants TypeScript 6 at most, and the project has 7: so both are installed in a temporary directory.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-api-'));

try {
  writeFileSync(join(directory, 'package.json'), '{ "private": true }');
  const packages = ['typedoc@0.28.20', 'typescript@6.0.3'];
  execFileSync('npm', ['install', '--no-audit', '--no-fund', ...packages], {
    cwd: directory,
    stdio: 'inherit',
  });
  const tsconfig = join(directory, 'tsconfig.json');
  const types = join(root, 'node_modules/@types');
  writeFileSync(
    tsconfig,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      include: [join(root, 'lib/**/*.ts')],
      compilerOptions: { typeRoots: [types] },
    }),
  );
  const program = join(directory, 'node_modules/typedoc/bin/typedoc');
  const args = ['--options', join(root, '.ci/typedoc.json'), '--tsconfig', tsconfig];
  execFileSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' });
} catch (error) {
  // They have said why.
  process.exitCode = error.status || 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
