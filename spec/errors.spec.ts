import { expect, it } from 'vitest';
import { messageOf } from '../lib/errors.ts';

const unnamed = new Error('');
unnamed.name = '';

it.each<[string, unknown, string]>([
  ['an error', new Error('two\n lines'), 'two lines'],
  ['an error without a message', new RangeError(''), 'RangeError'],
  ['an error without anything', unnamed, 'unknown error'],
  ['a text', 'plain', 'plain'],
  ['a secret', new Error('GET https://user:hunter2@registry failed'), 'GET https://***@registry failed'],
  ['nothing', undefined, 'undefined'],
  ['what has no text', Object.create(null), 'an error that cannot be shown as text'],
])('%s is shown on one line', (_, error, text) => {
  expect(messageOf(error)).toBe(text);
});
