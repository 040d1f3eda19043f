import { describe, expect, it, vi } from 'vitest';
import { compileFilter } from '../../lib/loop-safety/filter/filter.ts';
import { InfoRecord } from '../../lib/loop-safety/filter/filter-record.ts';
import { isGuarded } from '../../lib/loop-safety/guard.ts';
import type { TransportEntry } from '../../lib/record/record.ts';
import { RecordFunctions } from '../../lib/record/record-functions.ts';
import { TOPIC_NAME_RULE } from '../../lib/record/topic-name.ts';
import { LEVEL } from '../../lib/util/info.ts';
import { refuse } from '../loop-safety/filter/filter-records.ts';

const ENTRY: TransportEntry = { level: 'info', message: 'text', time: 7, info: {}, origin: undefined };
const BOOM = new Error('boom');
const thrower = (): never => {
  throw BOOM;
};

type OfRecord = 'key' | 'partition' | 'headers';

/** The functions, and all that they warn of. */
function rig() {
  const warnings: unknown[][] = [];
  const functions = new RecordFunctions({
    callbackFailed: (...args) => warnings.push(args),
    invalidReturn: (...args) => warnings.push(args),
  });
  return { functions, warnings };
}

const NO_KEY = 'the record goes without a key';
const NO_PARTITION = 'the record goes to any partition, or to that of its key';
const NO_HEADERS = 'the record goes without headers';
const INVALID = 'the record is dropped as invalid';

it('each is called under the guard, with the entry', () => {
  const { functions, warnings } = rig();
  const seen: unknown[] = [];
  const see =
    <Value>(value: Value) =>
    (entry: TransportEntry): Value => {
      seen.push([entry, isGuarded()]);
      return value;
    };
  expect([
    functions.topic(see('logs'), ENTRY),
    functions.key(see('k'), ENTRY),
    functions.partition(see(3), ENTRY),
    { ...functions.headers(see({ a: 'b' }), ENTRY) },
  ]).toEqual([{ name: 'logs', cause: undefined }, 'k', 3, { a: 'b' }]);
  expect(seen).toEqual([0, 1, 2, 3].map(() => [ENTRY, true]));
  expect(seen.every((each) => (each as unknown[])[0] === ENTRY)).toBe(true);
  expect([isGuarded(), warnings]).toEqual([false, []]);
});

it('what headers returns is read under the guard, too: a getter may log', () => {
  const { functions } = rig();
  const seen: boolean[] = [];
  const given = {
    get span(): string {
      seen.push(isGuarded());
      return '1';
    },
  };
  expect({ ...functions.headers(() => given, ENTRY) }).toEqual({ span: '1' });
  expect(seen).toEqual([true]);
});

it.each<[OfRecord, unknown, string]>([
  ['key', null, NO_KEY],
  ['partition', undefined, NO_PARTITION],
  ['headers', undefined, NO_HEADERS],
])('%s that throws leaves %s, and it is told that %s', (name, value, consequence) => {
  const { functions, warnings } = rig();
  expect(functions[name](thrower, ENTRY)).toBe(value);
  expect(warnings).toEqual([[name, BOOM, consequence]]);
});

it.each<[OfRecord, unknown, string, string]>([
  ['key', 7, 'a string, a Buffer or null', NO_KEY],
  ['key', new Uint8Array(1), 'a string, a Buffer or null', NO_KEY],
  ['key', false, 'a string, a Buffer or null', NO_KEY],
  ['partition', '7', 'a number or undefined', NO_PARTITION],
  ['partition', 7n, 'a number or undefined', NO_PARTITION],
  ['headers', ['a'], 'an object', NO_HEADERS],
  ['headers', 'a', 'an object', NO_HEADERS],
  ['headers', false, 'an object', NO_HEADERS],
])('%s that returns %o leaves none, and it is told that it must be %s', (name, given, expected, then) => {
  const { functions, warnings } = rig();
  expect(functions[name](() => given, ENTRY) ?? undefined).toBeUndefined();
  expect(warnings).toEqual([[name, expected, given, then]]);
});

it.each<[OfRecord, unknown]>([
  ['key', null],
  ['key', undefined],
  ['partition', null],
  ['headers', null],
])('%s that returns %s leaves none, and nothing is told', (name, given) => {
  const { functions, warnings } = rig();
  expect(functions[name](() => given, ENTRY) ?? undefined).toBeUndefined();
  expect(warnings).toEqual([]);
});

it.each([-1, 1.5, Number.NaN])('a partition of %d stays: it is not for this to judge', (partition) => {
  expect(rig().functions.partition(() => partition, ENTRY)).toBe(partition);
});

it.each<[OfRecord | 'topic', string]>([
  ['topic', TOPIC_NAME_RULE],
  ['key', 'a string, a Buffer or null'],
  ['partition', 'a number or undefined'],
  ['headers', 'an object'],
])('%s that is async has its promise looked after, so that a rejection ends no process', (name, expected) => {
  const { functions, warnings } = rig();
  const given = Promise.resolve();
  const then = vi.spyOn(given, 'then');
  functions[name]((() => given) as () => never, ENTRY);
  expect(then.mock.calls).toEqual([[undefined, expect.any(Function)]]);
  expect(warnings).toEqual([[name, expected, given, expect.any(String)]]);
});

describe('a topic', () => {
  it('that is a name is taken as it is', () => {
    expect(rig().functions.topic('no topic!', ENTRY)).toEqual({ name: 'no topic!', cause: undefined });
  });

  it('of a function that throws is none, because of what was thrown', () => {
    const { functions, warnings } = rig();
    expect(functions.topic(thrower, ENTRY)).toEqual({ name: undefined, cause: BOOM });
    expect(warnings).toEqual([['topic', BOOM, INVALID]]);
  });

  it.each(['', '..', 'a topic', 7, undefined, null])(
    'of a function is none where that returns %o',
    (given) => {
      const { functions, warnings } = rig();
      expect(functions.topic(() => given as string, ENTRY)).toEqual({
        name: undefined,
        cause: new Error('the topic function returned no topic name'),
      });
      expect(warnings).toEqual([['topic', TOPIC_NAME_RULE, given, INVALID]]);
    },
  );
});

describe('bytes', () => {
  it('of a key or a header are as they were when the function returned', () => {
    const { functions } = rig();
    const bytes = Buffer.from('now');
    const key = functions.key(() => bytes, ENTRY);
    const headers = functions.headers(() => ({ bytes }), ENTRY);
    bytes.fill(0);
    expect([key, headers?.bytes]).toEqual([Buffer.from('now'), Buffer.from('now')]);
  });

  it.each<[OfRecord, (bytes: Buffer) => unknown, string]>([
    ['key', (bytes) => bytes, NO_KEY],
    ['headers', (bytes) => ({ bytes }), NO_HEADERS],
  ])('of %s that cannot be read are told of, and read under the guard', (name, given, consequence) => {
    const { functions, warnings } = rig();
    const guarded: boolean[] = [];
    const bytes = Object.defineProperty(Buffer.from('x'), 'length', {
      get: () => {
        guarded.push(isGuarded());
        return thrower();
      },
    });
    expect(functions[name](() => given(bytes), ENTRY) ?? undefined).toBeUndefined();
    expect(warnings).toEqual([[name, BOOM, consequence]]);
    expect(guarded).toEqual([true]);
  });
});

describe('headers', () => {
  it.each([
    ['a Map', new Map([['a', 'b']])],
    ['those of a fetch', new Headers({ a: 'b' })],
  ])('in %s were left out without a word', (_, given) => {
    const { functions, warnings } = rig();
    expect({ ...functions.headers(() => given, ENTRY) }).toEqual({ a: 'b' });
    expect(warnings).toEqual([]);
  });

  it('have no prototype, so that any name is one', () => {
    const headers = rig().functions.headers(() => JSON.parse('{"__proto__":"a"}'), ENTRY);
    expect(Object.entries(headers ?? {})).toEqual([['__proto__', 'a']]);
    expect(headers && Object.getPrototypeOf(headers)).toBe(null);
  });

  it('leave out what is undefined, and what is none, which is told', () => {
    const { functions, warnings } = rig();
    const headers = functions.headers(() => ({ a: 'b', none: undefined, number: 1, nothing: null }), ENTRY);
    expect({ ...headers }).toEqual({ a: 'b' });
    const [expected, consequence] = ['strings, Buffers or undefined', 'that header is left out'];
    expect(warnings).toEqual([
      ['headers', expected, 1, consequence],
      ['headers', expected, null, consequence],
    ]);
  });
});

describe('a filter', () => {
  const info = { level: 'info', message: 'paid', [LEVEL]: 'info' };
  const record = new InfoRecord(info, 'info', 2, 'paid', 7, undefined);

  it.each([true, false])('that says %s is asked under the guard', (says) => {
    const { functions, warnings } = rig();
    const guarded: boolean[] = [];
    const filter = compileFilter(() => guarded.push(isGuarded()) > 0 && says, undefined, refuse);
    expect(functions.passes(filter, record)).toBe(says);
    expect([guarded, warnings]).toEqual([[true], []]);
  });

  it('goes by the levels of the logger', () => {
    const filter = compileFilter({ '': 'warn' }, undefined, refuse);
    expect(rig().functions.passes(filter, record, { warn: 1, info: 2 })).toBe(false);
    expect(rig().functions.passes(filter, record, { warn: 3, info: 2 })).toBe(true);
  });

  it('that throws takes the record', () => {
    const { functions, warnings } = rig();
    expect(functions.passes(compileFilter(thrower, undefined, refuse), record)).toBe(true);
    expect(warnings).toEqual([['filter', BOOM, 'the record is taken']]);
  });
});
