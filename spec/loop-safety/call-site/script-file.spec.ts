import { execFile } from 'node:child_process';
import { mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallSite } from '../../../lib/loop-safety/call-site/call-site.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const require = createRequire(import.meta.url);
const fixtures = join(root, 'spec/loop-safety/call-site/fixtures');
const MODULE = 'spec/loop-safety/call-site/fixtures/program';

/** Has what a URL percent-encodes, and a plain path does not. */
let out: string;

beforeAll(async () => {
  out = await realpath(await mkdtemp(join(tmpdir(), 'call site #1 ')));
  await symlink(join(root, 'node_modules'), join(out, 'node_modules'));
  await Promise.all([
    compile('module', ['program.ts', 'top-level.mts'], '--module nodenext'),
    compile('commonjs', ['program.ts'], '--module commonjs --moduleResolution bundler'),
  ]);
}, 60_000);

afterAll(() => rm(out, { recursive: true, force: true }));

async function compile(type: string, files: readonly string[], flags: string): Promise<void> {
  const tsc = join(require.resolve('typescript/package.json'), '../bin/tsc');
  const common =
    '--ignoreConfig --noCheck --target es2022 --types node --rewriteRelativeImportExtensions --esModuleInterop --sourceMap';
  const sources = files.map((file) => join(fixtures, file));
  const args = [
    tsc,
    ...sources,
    ...`${common} ${flags}`.split(' '),
    '--rootDir',
    root,
    '--outDir',
    join(out, type),
  ];
  await run(process.execPath, args, { cwd: root });
  await writeFile(join(out, type, 'package.json'), JSON.stringify({ type }));
}

/** What the program prints: the sites of its records. */
async function sitesIn(cwd: string, ...args: string[]): Promise<CallSite[]> {
  const { stdout } = await run(process.execPath, args, { cwd, env: { ...process.env, NODE_OPTIONS: '' } });
  return JSON.parse(stdout) as CallSite[];
}

/** Where in the fixture's source each message is logged. */
async function placesInSource(...messages: string[]): Promise<{ line: number; column: number }[]> {
  const lines = (await readFile(join(fixtures, 'program.ts'), 'utf8')).split('\n');
  return messages.map((message) => {
    const index = lines.findIndex((text) => text.includes(`('${message}'`));
    return { line: index + 1, column: (lines[index] ?? '').search(/(info|warn)\(/) + 1 };
  });
}

describe.each(['module', 'commonjs'])('a compiled program, type %s', (type) => {
  it('is seen as compiled without source maps', async () => {
    const sites = await sitesIn(join(out, type), join(out, type, `${MODULE}.js`));
    expect(sites.map((site) => site.function)).toEqual(['<module>', 'take', 'later', '<anonymous>']);
    for (const site of sites) {
      expect(site).toMatchObject({ module: MODULE, file: join(out, type, `${MODULE}.js`) });
    }
  });

  it('is seen as written with --enable-source-maps', async () => {
    const sites = await sitesIn(root, '--enable-source-maps', join(out, type, `${MODULE}.js`));
    expect(sites.map((site) => site.function)).toEqual(['<module>', 'take', 'later', '<anonymous>']);
    const file = join(root, `${MODULE}.ts`);
    const places = await placesInSource('at the top level', 'in a method', 'after an await', 'in a callback');
    expect(sites.map(({ function: _, ...place }) => place)).toEqual(
      places.map((place) => ({ module: MODULE, file, ...place })),
    );
  });
});

it('is seen as written where it is loaded again under another name', async () => {
  const url = `${pathToFileURL(join(out, 'module', `${MODULE}.js`)).href}?2`;
  const sites = await sitesIn(root, '--enable-source-maps', '-e', `import(${JSON.stringify(url)})`);
  expect(sites.map(({ file }) => file)).toEqual(Array(4).fill(join(root, `${MODULE}.ts`)));
});

it('is seen as written by tsx', async () => {
  const tsx = require.resolve('tsx');
  const sites = await sitesIn(root, '--import', tsx, join(root, `${MODULE}.ts`));
  const places = await placesInSource('at the top level', 'in a method', 'after an await', 'in a callback');
  expect(sites.map((site) => site.function)).toEqual(['<module>', 'take', 'later', '<anonymous>']);
  expect(sites.map((site) => site.line)).toEqual(places.map((place) => place.line));
  expect(sites[0]).toMatchObject({ module: MODULE, file: join(root, `${MODULE}.ts`) });
});

it('has its path from the root as its module where the working directory has been deleted', async () => {
  const program = join(out, 'commonjs', `${MODULE}.js`);
  const code = `
    const gone = require('node:fs').mkdtempSync(${JSON.stringify(join(out, 'gone-'))});
    process.chdir(gone);
    require('node:fs').rmdirSync(gone);
    require(${JSON.stringify(program)});
  `;
  const [first] = await sitesIn(root, '-e', code);
  expect(first).toMatchObject({ module: join(out, 'commonjs', MODULE).slice(1), file: program });
});

it('is <module> at the top level of ESM, after an await too', async () => {
  const sites = await sitesIn(join(out, 'module'), 'spec/loop-safety/call-site/fixtures/top-level.mjs');
  expect(sites.map((site) => site.function)).toEqual([
    '<module>',
    '<module>',
    '<module>',
    '<anonymous>',
    'named',
  ]);
  expect(sites[0]?.module).toBe('spec/loop-safety/call-site/fixtures/top-level');
});
