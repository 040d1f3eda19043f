import { expect, it } from 'vitest';
import { jsonOf } from '../../../lib/record/value/info-text.ts';

const thrower = (): never => {
  throw new Error('no');
};

/** What is written of a field, beside another one that cannot be read. */
function written(value: unknown): unknown {
  const json = jsonOf({ level: 'info', message: '', value, unreadable: { toJSON: thrower } });
  return (JSON.parse(json ?? '{}') as { value?: unknown }).value;
}

it('writes an info as JSON, with its keys in order, digits of a BigInt, and circles marked', () => {
  const circle: Record<string, unknown> = { n: 10n };
  circle.self = circle;
  expect(jsonOf({ message: 'm', level: 'info', circle })).toBe(
    '{"circle":{"n":"10","self":"[Circular]"},"level":"info","message":"m"}',
  );
});

it('writes all fields but the one that throws', () => {
  const info = {
    level: 'info',
    message: 'm',
    list: [1, { toJSON: thrower }],
    get getter() {
      return thrower();
    },
  };
  expect(jsonOf(info)).toBe(
    '{"getter":"[Unreadable: no]","level":"info","list":[1,"[Unreadable: no]"],"message":"m"}',
  );
});

it('cuts the reason off after a hundred characters', () => {
  const info = {
    level: 'info',
    message: 'm',
    get long() {
      throw new Error('x'.repeat(200));
    },
  };
  expect(jsonOf(info)).toContain(`"[Unreadable: ${'x'.repeat(100)}]"`);
});

it('writes what can be read as JSON has it', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const date = new Date(0);
  expect(written({ date, list: [undefined, 1], none: undefined, fn: () => 1, n: 10n, circle })).toEqual({
    date: date.toJSON(),
    list: [null, 1],
    n: '10',
    circle: { self: '[Circular]' },
  });
});

it.each([
  ['[Object]', (inner: unknown) => ({ inner })],
  ['[Array]', (inner: unknown) => [inner]],
])('writes %s in the place of what is more than a hundred levels deep', (mark, wrap) => {
  const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;
  let deep: unknown = wrap(1);
  for (let level = 0; level < 200; level++) deep = wrap(deep);
  let depth = 0;
  let inner = written(deep);
  for (; isContainer(inner); inner = Object.values(inner)[0]) depth++;
  // The info is the first level.
  expect([depth, inner]).toEqual([99, mark]);
});

it('has no text for what has no field that could be written', () => {
  expect(jsonOf(new Proxy({ level: 'info', message: '' }, { ownKeys: thrower }))).toBeUndefined();
});
