import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, readPage } from './pages.ts';

const page = readPage('docs/operations.md').text;
const errors = readFileSync(join(ROOT, 'lib/errors.ts'), 'utf8');
const alerts = readFileSync(join(ROOT, 'docs/prometheus-alerts.yml'), 'utf8');

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found = '']) => found);

describe('the page for operators', () => {
  it('says of every code what it means and what to do', () => {
    const codes = all(errors, /^ {2}\| '(ERR_\w+)'/gm);
    expect(codes.length).toBeGreaterThan(10);
    expect(all(page, /^### (ERR_\w+)$/gm).sort()).toEqual(codes.sort());
  });

  it('says of every alert what to do', () => {
    const rules = all(alerts, /^ +- alert: (\w+)$/gm);
    expect(rules.length).toBeGreaterThan(3);
    expect(all(page, /^\| `(\w+)` \|/gm).filter((name) => name.startsWith('Log'))).toEqual(rules);
  });
});
