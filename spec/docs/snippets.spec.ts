import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DOCS, README, ROOT, type Snippet, snippetsOf } from './pages.ts';
import { runSnippet, snippetDirectory } from './run-snippet.ts';

const execute = promisify(execFile);

// Its snippets are files of spec/runners, where the real test runners run them.
const WITH_SPECS_OF_ITS_OWN = 'docs/tests-and-jest.md';

const pages = DOCS.filter(({ path }) => path !== WITH_SPECS_OF_ITS_OWN);
// `js` is run; `ts` is what cannot be run by itself: a handler of a signal, a configuration with a file beside it.
const runnable = pages.flatMap((page) => snippetsOf(page, 'js'));
const compiled = [README, ...pages].flatMap((page) => snippetsOf(page, 'js', 'ts'));

function fileOf({ name, language }: Snippet, at: number): string {
  return `${at}-${name.replaceAll(/\W+/g, '-')}.${language === 'js' ? 'mjs' : 'mts'}`;
}

/** @returns what the compiler has to say, with the snippet that it is about; nothing where they compile */
async function compile(snippets: readonly Snippet[]): Promise<string> {
  const directory = snippetDirectory();
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    // A snippet may name what it does not use.
    compilerOptions: { allowJs: true, checkJs: true, noUnusedLocals: false, noUnusedParameters: false },
    // By their names: a pattern does not match in a directory that begins with a dot.
    files: snippets.map(fileOf),
    include: [],
  };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
  // A module each, whatever it imports.
  for (const [at, snippet] of snippets.entries())
    writeFileSync(join(directory, fileOf(snippet, at)), `${snippet.code}\nexport {};\n`);
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  try {
    await execute(process.execPath, [compiler, '--pretty', 'false', '-p', directory]);
    return '';
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  }
}

describe('README', () => {
  it.each(snippetsOf(README, 'js'))('has a snippet that runs: $name', async ({ code }) => {
    expect((await runSnippet(code)).stderr).toBe('');
  });

  it('shows what its first snippet prints, and what it sends', async () => {
    const { stdout, values } = await runSnippet(snippetsOf(README, 'js')[0]?.code ?? '');
    const sent = snippetsOf(README, 'text')[0]?.code.trim();
    expect(values).toEqual([sent]);
    expect(stdout).toBe(`${sent}\n{"level":"info","message":"for the console only"}\n`);
  });
});

describe('the pages of docs', () => {
  it('have snippets to run and to compile', () => {
    expect(runnable.length).toBeGreaterThan(10);
    expect(compiled.length).toBeGreaterThan(runnable.length);
  });

  it.each(runnable)('have a snippet that runs: $name', async ({ code }) => {
    expect((await runSnippet(code)).stderr).toBe('');
  });

  it('have snippets that compile', async () => {
    expect(await compile(compiled)).toBe('');
  }, 60_000);

  it.each(['js', 'ts'])(
    'are not passed over by the compiler: %s',
    async (language) => {
      const code = "import { KafkaTransport } from 'winston-kafkajs';\nnew KafkaTransport({ topic: 1 });\n";
      expect(await compile([{ name: 'wrong', language, code }])).toContain('TS2322');
    },
    60_000,
  );
});
