import { describe, expect, it } from 'vitest';
import { readPage } from './pages.ts';

const page = readPage('.github/CONTRIBUTING.md').text;
const { scripts } = JSON.parse(readPage('package.json').text) as { scripts: Record<string, string> };

// npm itself runs these.
const BY_NPM = ['prepack', 'prepare', 'prepublishOnly', 'version'];

describe('the page for contributors', () => {
  it('names every script of package.json', () => {
    const calls = Object.keys(scripts).map((name) => (name === 'test' ? 'npm test' : `npm run ${name}`));
    const missing = calls.filter((call) => !new RegExp(`${call}(?![\\w:])`).test(page));
    expect(missing.filter((call) => !BY_NPM.includes(call.replace('npm run ', '')))).toEqual([]);
  });

  it('names no script that is not there', () => {
    const named = [...page.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
