import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OPTION_NAMES } from '../../lib/resolve-options.ts';
import { NODE_OPTIONS } from '../support/child-process.ts';
import { startCluster, TOPIC } from '../support/harness.ts';
import { anchorsOf, blocksOf, linksOf, PAGES, pathsIn, root, textOf } from './pages.ts';

const execute = promisify(execFile);
const library = fileURLToPath(new URL('../../lib/index.ts', import.meta.url));
const readme = textOf('README.md');

// Its examples are tests, which need their runner: spec/runners/recipes.spec.ts runs them.
const RUN_ELSEWHERE = 'docs/tests-and-jest.md';
const snippets = PAGES.filter((page) => page !== RUN_ELSEWHERE).flatMap((page) =>
  blocksOf(textOf(page), 'js').map((code, at) => [page, at + 1, code] as const),
);

// What the npm package holds beside the code.
const MAY_BE_LINKED = /^(?:README\.md|CHANGELOG\.md|LICENSE|docs\/[\w-]+\.(?:md|json|yml))$/;

describe('README and docs', () => {
  it.each(snippets)('%s has a snippet %i that runs', async (_page, _at, code) => {
    const { stderr } = await runSnippet(code);
    expect(stderr).toBe('');
  });

  it.each(PAGES)('%s links to files and headings that exist and are in the package', (page) => {
    const wrong = linksOf(textOf(page))
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? page : normalize(join(dirname(page), path));
        if (!MAY_BE_LINKED.test(target) || !existsSync(join(root, target))) return true;
        return anchor !== undefined && !anchorsOf(textOf(target)).includes(anchor);
      });
    expect(wrong).toEqual([]);
  });

  it.each([...PAGES, '.github/CONTRIBUTING.md'])('%s names files that exist', (page) => {
    expect(pathsIn(textOf(page)).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('backs each guarantee with a spec', () => {
    const page = textOf('docs/delivery-guarantees.md');
    const tables = [...page.matchAll(/^\|.*\| shown by \|\n\|[-| ]*\n((?:\|.*\n)+)/gm)];
    expect(tables.length).toBe(2);
    const rows = tables.flatMap(([, table = '']) => table.trim().split('\n'));
    const unbacked = rows.filter((row) => {
      const names = pathsIn(row.split('|').at(-2) ?? '');
      return names.length === 0 || names.some((name) => !/^spec\/.*\.spec\.ts$/.test(name));
    });
    expect(unbacked).toEqual([]);
  });
});

describe('README', () => {
  it('has at most 250 lines', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(250);
  });

  it('links to every page of docs', () => {
    const linked = linksOf(readme).map((link) => link.split('#')[0]);
    expect(PAGES.filter((page) => page !== 'README.md' && !linked.includes(page))).toEqual([]);
  });

  it('shows what its first snippet prints, and what it sends', async () => {
    const { stdout, values } = await runSnippet(blocksOf(readme, 'js')[0] ?? '');
    const sent = blocksOf(readme, 'text')[0]?.trim();
    expect(values).toEqual([sent]);
    expect(stdout).toBe(`${sent}\n{"level":"info","message":"for the console only"}\n`);
  });

  it('names every option in its table', () => {
    const table = readme.slice(readme.indexOf('## Options'), readme.indexOf('## Methods'));
    const missing = OPTION_NAMES.filter((name) => !table.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });
});

/** Runs a snippet as it stands, but for where the library and the broker are. */
async function runSnippet(code: string): Promise<{ stdout: string; stderr: string; values: string[] }> {
  const cluster = await startCluster({ autoCreate: true });
  const directory = mkdtempSync(join(root, 'spec/readme/.snippet-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'snippet.mts');
  const adapted = code
    .replaceAll("'winston-kafkajs'", JSON.stringify(library))
    .replaceAll('localhost:9092', cluster.addresses[0] ?? '');
  writeFileSync(file, adapted);
  const { stdout, stderr } = await execute(process.execPath, [...NODE_OPTIONS, file], { cwd: directory });
  return { stdout, stderr, values: cluster.values(TOPIC) };
}
