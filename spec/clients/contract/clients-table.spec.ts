import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withClientsTable } from './clients-table.ts';

const PAGE = new URL('../../../docs/clients.md', import.meta.url);

// `npx vitest run --project clients spec/clients/contract/clients-table -u` writes it.
it('docs/clients.md has the table of what the suite holds each client to', async () => {
  await expect(withClientsTable(readFileSync(PAGE, 'utf8'))).toMatchFileSnapshot('../../../docs/clients.md');
});
