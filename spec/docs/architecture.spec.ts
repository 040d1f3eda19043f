import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FOLDERS, importRules } from '../../.ci/import-rules.js';
import { ROOT, readPage, tableRows } from './pages.ts';

const NAMES = FOLDERS.map(({ name }) => name);
/** The files of lib that Biome refuses, by these rules, because of the import that is their only line. */
function refused(files: Readonly<Record<string, string>>): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'import-rules-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'lib'));
  writeFileSync(join(directory, 'biome.json'), '{}');
  writeFileSync(join(directory, 'lib/biome.json'), importRules());
  for (const [file, path] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, 'lib', file)), { recursive: true });
    writeFileSync(join(directory, 'lib', file), `import '${path}';\n`);
  }
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const args = [biome, 'lint', '--only=style/noRestrictedImports', '--colors=off', '.'];
  const { stderr } = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8' });
  return Object.keys(files).filter((file) => stderr.includes(`lib/${file}:`));
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

  it('refuse a folder further down, an entry, and a package that is not for all', () => {
    const files = {
      'spool/later-folder.ts': '../accumulator/ledger.ts',
      'winston/entry-of-a-subpath.ts': '../formats/otlp-json.ts',
      'process/entry.ts': '../index.ts',
      'command/not-its-own.ts': '../pipeline/pipeline.ts',
      'sender/package.ts': 'kafkajs',
    };
    expect(refused(files)).toEqual(Object.keys(files));
  });

  it('allow a folder further up, the errors, and what is listed', () => {
    const files = {
      'accumulator/folder.ts': '../spool/segment.ts',
      'spool/errors.ts': '../errors.ts',
      'command/its-entry.ts': '../kafka-transport.ts',
      'clients/package.ts': 'kafkajs',
    };
    expect(refused(files)).toEqual([]);
  });
});
