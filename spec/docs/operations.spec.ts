import { describe, expect, it } from 'vitest';
import { proseOf, textOf } from '../readme/pages.ts';

describe('the page on operations', () => {
  const sections = proseOf(textOf('docs/operations.md'))
    .split(/^### (?=ERR_)/m)
    .slice(1);

  it('has a section for each code', () => {
    const codes = [...textOf('lib/errors.ts').matchAll(/^ {2}\| '(ERR_\w+)'/gm)].map(
      ([, code]) => code ?? '',
    );
    expect(codes.length).toBeGreaterThan(5);
    expect(sections.map((section) => /^\w+/.exec(section)?.[0]).sort()).toEqual(codes.sort());
  });

  it.each(sections.map((section) => [/^\w+/.exec(section)?.[0], section]))(
    'says what to do about %s',
    (_code, section) => {
      expect(section).toMatch(/\*\*What to do:\*\*|\| what to do \|/);
    },
  );
});
