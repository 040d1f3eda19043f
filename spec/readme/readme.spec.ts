import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OPTION_NAMES } from '../../lib/resolve-options.ts';
import { NODE_OPTIONS } from '../support/child-process.ts';
import { startCluster, TOPIC } from '../support/harness.ts';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const library = fileURLToPath(new URL('../../lib/index.ts', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

const snippets = blocks('js');

describe('README', () => {
  it.each(snippets.map((code, at) => [at + 1, code]))('has a snippet %i that runs', async (_at, code) => {
    const { stderr } = await runSnippet(code);
    expect(stderr).toBe('');
  });

  it('shows what its first snippet prints, and what it sends', async () => {
    const { stdout, values } = await runSnippet(snippets[0] ?? '');
    const sent = blocks('text')[0]?.trim();
    expect(values).toEqual([sent]);
    expect(stdout).toBe(`${sent}\n{"level":"info","message":"for the console only"}\n`);
  });

  it('names every option in its table', () => {
    const table = readme.slice(readme.indexOf('## Options'), readme.indexOf('### Methods'));
    const missing = OPTION_NAMES.filter((name) => !table.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });

  it('backs its guarantees with specs that are there', () => {
    const tables = [...readme.matchAll(/^\|.*\| shown by, in `spec\/` \|\n\|[-| ]*\n((?:\|.*\n)+)/gm)];
    expect(tables.length).toBe(2);
    const rows = tables.flatMap(([, table = '']) => table.trim().split('\n'));
    for (const row of rows) {
      const names = [...(row.split('|').at(-2) ?? '').matchAll(/`(.*?)`/g)].map(([, name]) => name);
      expect({ row, isBacked: names.length > 0 }).toEqual({ row, isBacked: true });
      for (const name of names) expect(existsSync(join(root, `spec/${name}.spec.ts`)), name).toBe(true);
    }
  });
});

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, code]) => code ?? '',
  );
}

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
