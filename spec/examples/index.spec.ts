import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linksOf, ROOT, readPage, tableRows } from '../docs/pages.ts';
import { commandsOf } from './example.ts';

const folders = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
  .map(({ name }) => name);
const rows = tableRows(readPage('examples/README.md'), 'recipe');
const specs = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.spec.ts') && name !== 'index.spec.ts')
  .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
  .join('\n');

describe('the page about the examples', () => {
  it('has each example, and no other', () => {
    expect(rows.map(({ recipe }) => recipe).sort()).toEqual(
      folders.map((name) => `[${name}](${name})`).sort(),
    );
  });

  it.each(folders)('has the command of the example’s own page: %s', (name) => {
    const { command } = rows.find(({ recipe }) => recipe === `[${name}](${name})`) ?? {};
    expect(command).toBe(`\`${commandsOf(readPage(`examples/${name}/README.md`).text).join(' && ')}\``);
  });

  it.each(folders)('has examples only that are run here: %s', (name) => {
    expect(specs).toContain(`'${name}'`);
  });

  it.each(['.', ...folders])('has links that lead somewhere: %s', (name) => {
    const page = readPage(join('examples', name, 'README.md'));
    const missing = linksOf(page).filter((link) => !existsSync(join(ROOT, dirname(page.path), link)));
    expect(missing).toEqual([]);
  });
});
