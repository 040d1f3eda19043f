import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FOLDERS, importRules } from '../../.ci/import-rules.js';
import { ROOT, readPage, tableRows } from './pages.ts';

const NAMES = FOLDERS.map(({ name }) => name);
const BIOME = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');

/** What `npm run lint` says of a file of lib with this line. */
function lint(file: string, line: string): string {
  const args = [BIOME, 'lint', '--only=style/noRestrictedImports', `--stdin-file-path=lib/${file}`];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, input: line, encoding: 'utf8' });
  return stdout + stderr;
}

describe('the page about the architecture', () => {
  it('says of each folder of lib what it does, and of no other, in the order of the layers', () => {
    const named = tableRows(readPage('docs/architecture.md'), 'folder').map(({ folder }) => folder);
    expect(named).toEqual(NAMES.map((name) => `\`lib/${name}\``));
  });
});

describe('the rules about imports', () => {
  it('name each folder of lib, and no other', () => {
    const folders = readdirSync(join(ROOT, 'lib'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect([...NAMES].sort()).toEqual(folders.map(({ name }) => name).sort());
  });

  it('are in lib/biome.json; if this fails: node .ci/import-rules.js', () => {
    expect(readFileSync(join(ROOT, 'lib/biome.json'), 'utf8')).toBe(importRules());
  });

  it.each([
    ['spool/any.ts', '../accumulator/ledger.ts'],
    ['command/any.ts', '../pipeline.ts'],
    ['winston/any.ts', '../formats/otlp-json.ts'],
    ['sender/any.ts', 'kafkajs'],
  ])('refuse to %s: %s', (file, path) => {
    expect(lint(file, `import '${path}';`)).toContain('Imports go one way: see docs/architecture.md.');
  });

  it.each([
    ['accumulator/any.ts', '../spool/segment.ts'],
    ['command/any.ts', '../kafka-transport.ts'],
    ['spool/any.ts', '../errors.ts'],
    ['clients/any.ts', 'kafkajs'],
  ])('allow to %s: %s', (file, path) => {
    expect(lint(file, `import '${path}';`)).not.toContain('Imports go one way');
  });
});
