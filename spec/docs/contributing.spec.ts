import { describe, expect, it } from 'vitest';
import { textOf } from '../readme/pages.ts';

const page = textOf('.github/CONTRIBUTING.md');
const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
// Run by npm itself.
const BY_NPM = ['prepack', 'prepare', 'prepublishOnly', 'version'];

describe('the page for contributors', () => {
  it('names every script of package.json', () => {
    const called = (name: string): string => (name === 'test' ? 'npm test' : `npm run ${name}`);
    const missing = Object.keys(scripts).filter((name) => !page.includes(called(name)));
    expect(missing.filter((name) => !BY_NPM.includes(name))).toEqual([]);
  });

  it('names no script that is not there', () => {
    const named = [...page.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? '');
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
