import { importModule } from './import-module.ts';

/** What a module exports as default; as `module.exports` or `exports.default`, too. */
export async function importDefault(url: string): Promise<unknown> {
  const { default: exported } = await importModule(url);
  return (exported as { default?: unknown } | null | undefined)?.default ?? exported;
}
