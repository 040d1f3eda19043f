import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyValue, keyValues } from '../../lib/formats/otlp-values.ts';

/** What proto3's JSON mapping has an AnyValue stand for. */
function read(any: Record<string, unknown>): unknown {
  const [kind, value] = Object.entries(any)[0] ?? [];
  if (kind === undefined) return null;
  if (kind === 'intValue' || kind === 'doubleValue') return Number(value);
  if (kind === 'arrayValue') return (value as { values: Record<string, unknown>[] }).values.map(read);
  if (kind === 'kvlistValue') {
    const { values } = value as { values: { key: string; value: Record<string, unknown> }[] };
    return values.map(({ key, value: one }) => [key, read(one)]);
  }
  return value;
}

/** The same of JSON: its objects as lists of names and values. */
function listed(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(listed);
  if (typeof json !== 'object' || json === null) return json;
  return Object.entries(json).map(([name, value]) => [name, listed(value)]);
}

function nested(depth: number): unknown {
  return depth === 0 ? 'bottom' : { at: nested(depth - 1) };
}

function fail(): never {
  throw new Error('not today');
}

const UNREADABLE = { stringValue: '[Unreadable: not today]' };

describe('anyValue', () => {
  it('says what JSON says, of all that JSON has a form for', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, noUnicodeString: false, stringUnit: 'grapheme' }), (value) => {
        // JSON has no negative zero either.
        const json: unknown = JSON.parse(JSON.stringify(value));
        expect(read(anyValue(json))).toEqual(listed(json));
      }),
    );
  });

  it('has one field at most, of those that AnyValue has', () => {
    const fields = /^((string|bool|int|double|array|kvlist|bytes)Value)?$/;
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }), (value) => {
        expect(Object.keys(anyValue(value)).join()).toMatch(fields);
      }),
    );
  });

  it.each<[string, unknown, object]>([
    ['a whole number', 42, { intValue: '42' }],
    ['negative zero', -0, { intValue: '0' }],
    ['the largest number that is exact', Number.MAX_SAFE_INTEGER, { intValue: '9007199254740991' }],
    ['a number beyond', 2 ** 53, { doubleValue: 2 ** 53 }],
    ['a fraction', 0.5, { doubleValue: 0.5 }],
    ['NaN', Number.NaN, { doubleValue: 'NaN' }],
    ['infinity', Number.POSITIVE_INFINITY, { doubleValue: 'Infinity' }],
    ['negative infinity', Number.NEGATIVE_INFINITY, { doubleValue: '-Infinity' }],
    ['the largest of 64 bits', 2n ** 63n - 1n, { intValue: '9223372036854775807' }],
    ['one more', 2n ** 63n, { stringValue: '9223372036854775808' }],
    ['the least of 64 bits', -(2n ** 63n), { intValue: '-9223372036854775808' }],
    ['one less', -(2n ** 63n) - 1n, { stringValue: '-9223372036854775809' }],
    ['false', false, { boolValue: false }],
    ['an empty text', '', { stringValue: '' }],
    ['null', null, {}],
    ['undefined', undefined, {}],
    ['a function', () => 1, {}],
    ['a symbol', Symbol('s'), {}],
    ['bytes', Uint8Array.of(104, 105), { bytesValue: 'aGk=' }],
    ['a part of some bytes', new Uint8Array([1, 104, 105, 2]).subarray(1, 3), { bytesValue: 'aGk=' }],
    ['a date', new Date(0), { stringValue: '1970-01-01T00:00:00.000Z' }],
    ['a date that is none', new Date(Number.NaN), {}],
    ['an empty list', [], { arrayValue: { values: [] } }],
    ['half of a surrogate pair', 'cut \ud83d', { stringValue: 'cut \ufffd' }],
    ['a whole pair', '\ud83d\ude00', { stringValue: '\ud83d\ude00' }],
    // biome-ignore lint/suspicious/noSparseArray: that is what it is about
    ['a hole in a list', [1, , 2], { arrayValue: { values: [{ intValue: '1' }, {}, { intValue: '2' }] } }],
  ])('writes %s', (_, value, written) => {
    expect(anyValue(value)).toStrictEqual(written);
  });

  it('follows toJSON, also where that gives the object itself or another that has one', () => {
    const self = {
      a: 1,
      toJSON() {
        return this;
      },
    };
    expect(read(anyValue(self))).toEqual([['a', 1]]);
    expect(read(anyValue({ toJSON: () => ({ toJSON: () => 'in the end' }) }))).toBe('in the end');
    const circle: object = { toJSON: () => ({ circle }) };
    expect(read(anyValue(circle))).toEqual([['circle', '[Circular]']]);
  });

  it('writes an error with its name, message, stack and cause, and what it has besides', () => {
    const cause = new RangeError('below');
    const error = Object.assign(new TypeError('above', { cause }), { code: 'E1', stack: 'at x' });
    cause.stack = 'at y';
    expect(read(anyValue(error))).toEqual([
      ['name', 'TypeError'],
      ['message', 'above'],
      ['stack', 'at x'],
      [
        'cause',
        [
          ['name', 'RangeError'],
          ['message', 'below'],
          ['stack', 'at y'],
        ],
      ],
      ['code', 'E1'],
    ]);
  });

  it('writes an error that is its own cause', () => {
    const error = Object.assign(new Error('round'), { stack: '' });
    error.cause = error;
    expect(read(anyValue(error))).toContainEqual(['cause', '[Circular]']);
  });

  it('writes an error of another realm as one', async () => {
    const { runInNewContext } = await import('node:vm');
    expect(read(anyValue(runInNewContext("new Error('elsewhere')")))).toContainEqual([
      'message',
      'elsewhere',
    ]);
  });

  it('marks a circle, and not what only comes twice', () => {
    const shared = { x: 1 };
    expect(read(anyValue({ a: shared, b: [shared] }))).toEqual([
      ['a', [['x', 1]]],
      ['b', [[['x', 1]]]],
    ]);
    const list: unknown[] = [];
    list.push({ list });
    expect(read(anyValue(list))).toEqual([[['list', '[Circular]']]]);
  });

  it('writes sixteen levels, and the next as text', () => {
    expect(JSON.stringify(anyValue(nested(16)))).toContain('"bottom"');
    expect(JSON.stringify(anyValue(nested(17)))).not.toContain('"bottom"');
    expect(JSON.stringify(anyValue(nested(17)))).toContain('"[Object]"');
  });

  it.each<[string, () => object]>([
    ['a toJSON', () => ({ toJSON: fail })],
    ['a proxy', () => new Proxy({}, { ownKeys: fail })],
    [
      'a list',
      () =>
        Object.defineProperty([1], 0, {
          get: fail,
        }),
    ],
    [
      'an error',
      () =>
        Object.defineProperty(new Error('x'), 'message', {
          get: fail,
        }),
    ],
  ])('says of %s that throws why, and writes the rest', (_, make) => {
    expect(keyValues({ before: 1, odd: make(), after: 2 })).toEqual([
      { key: 'before', value: { intValue: '1' } },
      { key: 'odd', value: UNREADABLE },
      { key: 'after', value: { intValue: '2' } },
    ]);
  });
});

describe('keyValues', () => {
  it('leaves out what JSON leaves out', () => {
    const object = { a: undefined, b: () => 1, c: Symbol('c'), d: null, [Symbol('e')]: 1 };
    expect(keyValues(object)).toEqual([{ key: 'd', value: {} }]);
  });

  it('has names that are UTF-8', () => {
    expect(keyValues({ 'half \udc00': 1 })).toEqual([{ key: 'half \ufffd', value: { intValue: '1' } }]);
  });

  it('says of a getter that throws why, and writes the rest', () => {
    const object = {
      before: 1,
      get odd() {
        return fail();
      },
      after: 2,
    };
    expect(keyValues(object)).toEqual([
      { key: 'before', value: { intValue: '1' } },
      { key: 'odd', value: UNREADABLE },
      { key: 'after', value: { intValue: '2' } },
    ]);
  });
});
