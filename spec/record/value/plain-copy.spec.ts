import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { plainCopyOf } from '../../../lib/record/value/plain-copy.ts';
import type { Info } from '../../../lib/util/info.ts';

/** As a path that has a wildcard for each field makes it: nothing of it is the copy's own. */
const asRedacted = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(asRedacted);
  const clone = Object.create(Object.getPrototypeOf(value));
  for (const name of Object.keys(value)) clone[name] = asRedacted(Reflect.get(value, name));
  return clone;
};

function copied(value: unknown): unknown {
  const { fields, restored } = plainCopyOf({ value } as Info);
  return (restored(asRedacted(fields) as object) as { value: unknown }).value;
}

class Account {
  readonly #name = 'ann';
  readonly fields = { password: 'p' };

  get password(): string {
    return this.fields.password;
  }

  toJSON(): object {
    return { ...this.fields, name: this.#name };
  }
}

class Point {
  readonly x = 1;

  get y(): number {
    return 2;
  }
}

it.each<[string, unknown, unknown]>([
  ['a text', 'text', 'text'],
  ['null', null, null],
  ['a number', 1.5, 1.5],
  ['a list', [1, [2, { a: 3 }]], [1, [2, { a: 3 }]]],
  ['what a toJSON returns', new Account(), { password: 'p', name: 'ann' }],
  ['the own fields of a class', new Point(), { x: 1 }],
  ['a URL', new URL('http://127.0.0.1/a'), 'http://127.0.0.1/a'],
])('has %s as JSON has it', (_name, value, expected) => {
  expect(copied(value)).toEqual(expected);
});

it.each<[string, object]>([
  ['a Buffer', Buffer.from('abc')],
  ['a typed array', new Float64Array([1.5])],
  ['an ArrayBuffer', new ArrayBuffer(8)],
  ['a date', new Date(0)],
  ['a Map', new Map([['a', 1]])],
  ['a Set', new Set([1])],
  ['a pattern', /a/],
  ['a promise', Promise.resolve()],
  ['a boxed text', Object('text')],
])('has %s as it is, whatever is redacted around it', (_name, value) => {
  expect(copied(value)).toBe(value);
  expect((copied({ list: [value] }) as { list: unknown[] }).list[0]).toBe(value);
});

it('has an error as an error, with all that it says', () => {
  const cause = new RangeError('no room');
  const error = Object.assign(new TypeError('disk full', { cause }), { code: 'ENOSPC' });
  const copy = copied(error) as Error & { code: string; cause: Error };
  expect(copy).not.toBe(error);
  expect(copy).toBeInstanceOf(Error);
  const { name, message, stack, code } = copy;
  expect({ name, message, stack, code }).toEqual({
    ...{ name: 'TypeError', message: 'disk full', stack: error.stack, code: 'ENOSPC' },
  });
  expect([copy.cause.name, copy.cause.message]).toEqual(['RangeError', 'no room']);
});

it('has an error of another realm as an error', () => {
  const copy = copied(runInNewContext('new Error("elsewhere")')) as Error;
  expect(copy).toBeInstanceOf(Error);
  expect(copy.message).toBe('elsewhere');
});

it('has all errors of an AggregateError', () => {
  const copy = copied(new AggregateError([new Error('one')], 'all')) as AggregateError;
  expect([copy.message, copy.errors[0].message]).toEqual(['all', 'one']);
});

it('shares no object with fields, at any depth', () => {
  const own = {
    deep: { list: [{ password: 'p' }] },
    error: Object.assign(new Error('e'), { config: { a: 1 } }),
  };
  const copy = copied(own) as typeof own;
  expect(copy).toEqual({ ...own, error: copy.error });
  expect([copy.deep === own.deep, copy.deep.list === own.deep.list]).toEqual([false, false]);
  expect([copy.deep.list[0] === own.deep.list[0], copy.error.config === own.error.config]).toEqual([
    false,
    false,
  ]);
});

it('has what the toJSON of an error returns in place of its fields, as JSON has', () => {
  const error = Object.assign(new Error('refused'), {
    request: { socket: 'a long way' },
    toJSON: () => ({ status: 503, config: { password: 'p' } }),
  });
  const { message, stack, ...fields } = copied(error) as Error & Record<string, unknown>;
  expect([message, stack]).toEqual(['refused', error.stack]);
  expect(fields).toEqual({ name: 'Error', status: 503, config: { password: 'p' } });
});

it('has one copy of an object, however often it is referred to', () => {
  let deep: object = { end: true };
  // As a tree, these were more than memory can hold.
  for (let at = 0; at < 60; at++) deep = { left: deep, right: deep };
  const { left, right } = plainCopyOf(deep as Info).fields as { left: object; right: object };
  expect(left).toBe(right);
});

it('ends in a circle, and where it is too deep', () => {
  const circle: Record<string, unknown> = { n: 1 };
  circle.self = circle;
  expect(copied(circle)).toEqual({ n: 1, self: '[Circular]' });
  let deep: unknown = 'the end';
  for (let at = 0; at < 200; at++) deep = at % 2 === 0 ? { deep } : [deep];
  expect(JSON.stringify(copied(deep))).toMatch(/"\[(Object|Array)\]"/);
});

it('keeps a field that is called __proto__', () => {
  const copy = copied(JSON.parse('{"__proto__":{"a":1}}')) as object;
  expect(Object.getPrototypeOf(plainCopyOf({ copy } as Info).fields)).toBe(Object.prototype);
});

it.each<[string, object]>([
  [
    'a getter',
    {
      get value(): string {
        throw new Error('no');
      },
    },
  ],
  [
    'a toJSON',
    {
      value: {
        toJSON: () => {
          throw new Error('no');
        },
      },
    },
  ],
])('throws what %s throws', (_name, info) => {
  expect(() => plainCopyOf(info as Info)).toThrow('no');
});

it('throws for an info that is written as no object', () => {
  expect(() => plainCopyOf({ toJSON: () => 'text' } as Info)).toThrow('it has no fields');
});
