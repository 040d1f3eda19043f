// `npm pack` on a fresh clone made a tarball without code.
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { run } from './consumer.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

it('npm pack on a fresh clone makes the tarball that is made here', async () => {
  const clone = mkdtempSync(join(tmpdir(), 'winston-kafkajs-clone-'));
  onTestFinished(() => rmSync(clone, { recursive: true, force: true }));
  // What git would check out, as it stands here.
  const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  });
  for (const file of stdout
    .trim()
    .split('\n')
    .filter((name) => !name.startsWith('spec/')))
    cpSync(join(ROOT, file), join(clone, file));
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));

  await run('npm', ['pack'], { cwd: clone });

  const here = ['pack', '--ignore-scripts', '--dry-run', '--json'];
  const filesIn = async (cwd: string): Promise<unknown> =>
    JSON.parse((await run('npm', here, { cwd })).stdout)[0].files.map(
      ({ path, size }: { path: string; size: number }) => ({ path, size }),
    );
  const files = await filesIn(clone);
  expect(files).toEqual(await filesIn(ROOT));
  expect(files).toContainEqual({ path: 'dist/esm/index.js', size: expect.any(Number) });
  expect(files).toContainEqual({ path: 'dist/cjs/index.js', size: expect.any(Number) });
});
