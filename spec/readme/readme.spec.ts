import { describe, expect, it } from 'vitest';
import { OPTION_NAMES, resolveOptions } from '../../lib/options/resolve.ts';
import { DOCS, linksOf, README, tableRows } from '../docs/pages.ts';
import { withOptionsTable } from './options-table.ts';

const MAX_LINES = 250;

const options = tableRows(README, 'option').map(({ option = '', default: value = '' }) => ({
  names: [...option.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  value,
}));

/** What an option is when it is left out, in the form in which it is given. */
function defaults(): Record<string, unknown> {
  const { client, ...resolved } = resolveOptions({ topic: 'app-logs', kafka: { brokers: ['a:9092'] } });
  const { kind, ...own } = client;
  return { ...resolved, ...own, worker: kind === 'worker' };
}

describe('README', () => {
  it('is short enough to be read in one go', () => {
    expect(README.text.split('\n').length).toBeLessThanOrEqual(MAX_LINES);
  });

  // `npx vitest run spec/readme -u` writes it.
  it('has the table of options that lib/options/options-table.ts makes', async () => {
    await expect(withOptionsTable(README.text)).toMatchFileSnapshot('../../README.md');
  });

  it('has every option in its table, once, and no other', () => {
    expect(options.flatMap(({ names }) => names).sort()).toEqual([...OPTION_NAMES].sort());
  });

  // The others are words ("none", "required"), and the level of the client's log, which is a number of kafkajs's when resolved.
  const given = options
    .filter(({ names, value }) => value.startsWith('`') && names[0] !== 'clientLog')
    .map(({ names: [name = ''], value }) => ({ name, value: value.slice(1, -1) }));

  it('gives the defaults of most options as code', () => {
    expect(given.length).toBeGreaterThan(15);
  });

  it.each(given)('says what the default of $name is', ({ name, value }) => {
    const shown: unknown = new Function(`return (${value})`)();
    const isGroup = typeof shown === 'object' && !Array.isArray(shown);
    if (isGroup) expect(defaults()[name]).toMatchObject(shown as object);
    else expect(defaults()[name]).toEqual(shown);
  });

  it('leads to every page of docs, and names the one that is not packed', () => {
    const linked = linksOf(README);
    const others = DOCS.filter(({ path }) => !linked.includes(path)).map(({ path }) => path);
    expect(others).toEqual(['docs/architecture.md']);
    expect(README.text).toContain('`docs/architecture.md` in the repository');
  });
});
