import { expect, it } from 'vitest';
import { isSameData } from '../../../lib/clients/shared/same-data.ts';

const fn = (): void => undefined;
class Instance {
  readonly value = 1;
}
const instance = new Instance();
function circular(): object {
  const own: Record<string, unknown> = {};
  own.own = own;
  return own;
}

it.each<[string, unknown, unknown]>([
  ['texts', 'a', 'a'],
  ['NaN', Number.NaN, Number.NaN],
  ['lists', ['a', ['b']], ['a', ['b']]],
  ['objects, in any order', { a: 1, b: { c: [2] } }, { b: { c: [2] }, a: 1 }],
  ['objects without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ['bytes', Buffer.from('ab'), new Uint8Array([97, 98])],
  ['the very same function', { fn }, { fn }],
  ['the very same instance', { instance }, { instance }],
])('%s are the same', (_what, one, other) => {
  expect(isSameData(one, other)).toBe(true);
});

it.each<[string, unknown, unknown]>([
  ['a text and a number', '1', 1],
  ['lists of different lengths', ['a'], ['a', 'b']],
  ['lists of different lengths, the other way round', ['a', 'b'], ['a']],
  ['lists in another order', ['a', 'b'], ['b', 'a']],
  ['a list and an object', ['a'], { 0: 'a' }],
  ['an object with one more', { a: 1 }, { a: 1, b: 2 }],
  ['an object with one less', { a: 1, b: 2 }, { a: 1 }],
  ['an object with another name', { a: undefined }, { b: undefined }],
  ['bytes', Buffer.from('ab'), Buffer.from('ac')],
  ['functions of the same text', () => 1, () => 1],
  ['instances of a class', new Instance(), new Instance()],
  ['null and an object', null, {}],
  ['what refers to itself: nobody compares without end', circular(), circular()],
])('%s are not', (_what, one, other) => {
  expect(isSameData(one, other)).toBe(false);
});
