import { describe, expect, it } from 'vitest';
import {
  choiceOf,
  flagOf,
  groupOf,
  integerOf,
  kept,
  Option,
  optional,
  optionalGroup,
  unchecked,
} from '../../lib/options/option-kinds.ts';

const isText = (given: unknown): boolean => typeof given === 'string';

describe('an option', () => {
  it('has its row of the README', () => {
    const option = flagOf(true).means('what it does', 'a word');
    expect(option).toMatchObject({ meaning: 'what it does', word: 'a word', fallback: true, names: [] });
  });

  it('that is kept is what was given, and has to be right', () => {
    expect(kept(isText, 'a text').check('o', 'x', {})).toBe('x');
    expect(() => kept(isText, 'a text').check('o', undefined, {})).toThrow(
      'option "o" must be a text; given was undefined',
    );
  });

  it('that is optional may be left out', () => {
    expect(optional(isText, 'a text').check('o', undefined, {})).toBeUndefined();
    expect(() => optional(isText, 'a text').check('o', 1, {})).toThrow(
      'option "o" must be a text; given was 1',
    );
  });

  it('that is not checked is what was given, and knows its names', () => {
    const option = unchecked(['a']);
    expect([option.check('o', 7, {}), option.names]).toEqual([7, ['a']]);
  });

  it('has its default where it is left out', () => {
    expect(flagOf(true).check('o', undefined, {})).toBe(true);
    expect(choiceOf(['a', 'b'], 'b').check('o', undefined, {})).toBe('b');
    const integer = integerOf(3, 1, 5);
    expect([integer.check('o', undefined, {}), integer.fallback]).toEqual([3, 3]);
    expect(() => integer.check('o', 0, {})).toThrow('an integer from 1 to 5');
    expect(() => integer.check('o', 6, {})).toThrow('an integer from 1 to 5');
  });
});

describe('a group of options', () => {
  const seen: unknown[] = [];
  const members = {
    size: integerOf(3, 1),
    mode: new Option<string>((path, given, beside) => {
      seen.push(path, beside);
      return given === undefined ? 'none' : String(given);
    }),
  };

  it('has the defaults of its members, each of which sees what stands beside it', () => {
    const group = groupOf(members);
    expect(group.names).toEqual(['size', 'mode']);
    // Of a member that has one.
    expect(group.fallback).toStrictEqual({ size: 3 });
    expect(group.check('g', undefined, {})).toEqual({ size: 3, mode: 'none' });
    seen.length = 0;
    expect(group.check('g', { size: 5 }, {})).toEqual({ size: 5, mode: 'none' });
    expect(seen).toEqual(['g.mode', { size: 5 }]);
  });

  it('is refused by the path of what is wrong in it', () => {
    expect(() => groupOf(members).check('g', { size: 0 }, {})).toThrow('option "g.size" must be');
    expect(() => groupOf(members).check('g', { sise: 1 }, {})).toThrow(
      'unknown option "g.sise". Did you mean "g.size"?',
    );
    expect(() => groupOf(members).check('g', 7, {})).toThrow('option "g" must be an object with size, mode');
  });

  it('that is optional is nothing where it is left out', () => {
    const group = optionalGroup(members);
    expect([group.check('g', undefined, {}), group.fallback]).toEqual([undefined, undefined]);
    expect(group.check('g', {}, {})).toEqual({ size: 3, mode: 'none' });
    expect(group.names).toEqual(['size', 'mode']);
  });
});
