import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FIXTURES = ['captured', 'broken-stderr', 'full-stderr'] as const;
type Fixture = (typeof FIXTURES)[number];

export interface Children {
  /** Starts `fixtures/<name>.ts` in a process of its own. */
  start(name: Fixture, ...args: string[]): ChildProcessWithoutNullStreams;
  remove(): Promise<void>;
}

/**
 * Compiles the fixtures. Not tsx: it starts esbuild with the child's own stderr, which puts that back into blocking
 * mode (as does every child process that inherits it), and these specs are about stderr.
 */
export async function compileFixtures(): Promise<Children> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const out = await mkdtemp(join(tmpdir(), 'client-log-'));
  const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc');
  const files = FIXTURES.map((name) => join(root, `spec/client-log/fixtures/${name}.ts`));
  const flags =
    '--ignoreConfig --noCheck --module nodenext --target es2022 --types node --rewriteRelativeImportExtensions';
  await promisify(execFile)(
    process.execPath,
    [tsc, ...files, ...flags.split(' '), '--rootDir', root, '--outDir', out],
    { cwd: root },
  );
  await writeFile(join(out, 'package.json'), '{"type":"module"}');
  return {
    start: (name, ...args) =>
      spawn(process.execPath, [join(out, `spec/client-log/fixtures/${name}.js`), ...args], { stdio: 'pipe' }),
    remove: () => rm(out, { recursive: true, force: true }),
  };
}

/** All that a stream of a child gives until its end. */
export async function textFrom(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) text += String(chunk);
  return text;
}

export async function exitCode(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}
