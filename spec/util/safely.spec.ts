import { describe, expect, it } from 'vitest';
import { fieldOf, namesIn } from '../../lib/util/safely.ts';

const throws = (): never => {
  throw new Error('no');
};

describe('fieldOf and namesIn', () => {
  it.each<[string, unknown]>([
    ['an object', { a: 1 }],
    ['a function', Object.assign(() => undefined, { a: 1 })],
  ])('read %s', (_, source) => {
    expect([fieldOf(source, 'a'), fieldOf(source, 'b'), namesIn(source)]).toEqual([1, undefined, ['a']]);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'text'],
    ['what throws', new Proxy({}, { get: throws, ownKeys: throws })],
  ])('find nothing in %s', (_, source) => {
    expect([fieldOf(source, 'length'), namesIn(source)]).toEqual([undefined, []]);
  });

  it('read a field by its symbol', () => {
    const name = Symbol('name');
    expect(fieldOf({ [name]: 1 }, name)).toBe(1);
  });
});
