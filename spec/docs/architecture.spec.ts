import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, readPage, tableRows } from './pages.ts';

describe('the page about the architecture', () => {
  it('says of each folder of lib what it does, and of no other', () => {
    const named = tableRows(readPage('docs/architecture.md'), 'folder').map(({ folder }) => folder);
    const folders = readdirSync(join(ROOT, 'lib'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect([...named].sort()).toEqual(folders.map(({ name }) => `\`lib/${name}\``).sort());
  });
});
