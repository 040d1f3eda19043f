// `@ts-expect-error` proves nothing in a file that the compiler never sees.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TSC = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc');

async function tsc(...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(process.execPath, [TSC, ...args], { cwd: ROOT })).stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

it('the type specs are among the files that `npm run types` looks at', async () => {
  expect(await tsc('-p', 'tsconfig.json', '--listFilesOnly')).toContain('spec/options/types.test-d.ts');
});

it('what they say must fail does fail, each by itself', async () => {
  const source = await readFile(new URL('./types.test-d.ts', import.meta.url), 'utf8');
  const directory = await mkdtemp(join(tmpdir(), 'types-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const bare = source.replaceAll('@ts-expect-error', '').replaceAll('../../lib/', `${ROOT}lib/`);
  await writeFile(join(directory, 'types.mts'), bare);
  // By an absolute path, because the copy is elsewhere.
  const compilerOptions = { rewriteRelativeImportExtensions: false, allowImportingTsExtensions: true };
  const tsconfig = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['types.mts'] };
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(tsconfig));
  const errors = (await tsc('-p', directory)).split('\n').filter((line) => line.includes('types.mts('));
  expect(errors).toHaveLength(source.split('@ts-expect-error').length - 1);
});
