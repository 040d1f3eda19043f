import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import {
  allOf,
  anyOf,
  compileFilter,
  type FilterRecord,
  fromFunction,
  not,
  type RecordFilter,
} from '../../../lib/loop-safety/filter/filter.ts';
import { NPM, record, refuse } from './filter-records.ts';

function takes(filter: RecordFilter, fields: Partial<FilterRecord> = {}, levels = NPM): boolean {
  return compileFilter(filter, undefined, refuse).test(record(fields), levels);
}

// Ported from loguru's tests/test_add_option_filter.py, with '/' for '.'. Its numbers are levels here: DEBUG (10) debug,
// what is above it (40, 50, 100) error, what is below (0, 5) silly.
describe("loguru's filter tests", () => {
  it.each<[RecordFilter]>([
    [''],
    ['tests'],
    ['tests/test_add_option_filter'],
    [() => true],
    [(r) => r.level === 'debug'],
    [{}],
    [{ '': 'debug' }],
    [{ tests: true }],
    [{ 'tests/test_add_option_filter': 'debug' }],
    [{ '': 'warn', tests: 'silly' }],
    [{ 'tests/test_add_option_filter': 'silly', tests: false }],
    [{ 'tests/test_add_option_filter/foobar': false }],
    [{ 'tests/': false }],
    [{ 'tests/test_add_option_filter/': false }],
  ])('filtered in: %j', (filter) => {
    expect(takes(filter)).toBe(true);
  });

  it.each<[RecordFilter]>([
    ['test'],
    ['testss'],
    ['tests/'],
    ['tests/test_add_option_filter/'],
    ['/'],
    [() => false],
    [(r) => r.level !== 'debug'],
    [{ '': false }],
    [{ '': true, tests: 'error' }],
    [{ 'tests/test_add_option_filter': false }],
    [{ tests: 'warn' }],
    [{ tests: 'silly', 'tests/test_add_option_filter': 'error' }],
    [{ '': 'error', 'tests/test_add_option_filter/foobar': true }],
  ])('filtered out: %j', (filter) => {
    expect(takes(filter)).toBe(false);
  });

  // loguru has a `None` for such a record, which a table can name. Here its module is '', the root.
  it.each<[RecordFilter]>([
    [() => true],
    [{}],
    [{ '': true }],
    [{ '': 'info' }],
    [{ tests: false, '': true }],
    [{ unrelated: 'error' }],
  ])('filtered in, without a module: %j', (filter) => {
    expect(takes(filter, { module: '', level: 'info' })).toBe(true);
  });

  it.each<[RecordFilter]>([['tests'], [''], [() => false], [{ '': false }], [{ '': 'warn', tests: true }]])(
    'filtered out, without a module: %j',
    (filter) => {
      expect(takes(filter, { module: '', level: 'info' })).toBe(false);
    },
  );

  it('tells each level that it names, and where', () => {
    const filter = anyOf({ 'src/db': 'warn', kafkajs: false }, not({ '': 'error' }));
    expect(compileFilter(filter, undefined, refuse).levels).toEqual([
      { path: 'filter.anyOf[0]["src/db"]', level: 'warn' },
      { path: 'filter.anyOf[1].not[""]', level: 'error' },
    ]);
  });

  it('knows the levels of the logger', () => {
    const levels = { high: 0, mine: 1, low: 2 };
    const filter = compileFilter({ tests: 'mine' }, levels, refuse);
    expect(filter.test(record({ level: 'low', severity: 2 }), levels)).toBe(false);
    expect(filter.test(record({ level: 'mine', severity: 1 }), levels)).toBe(true);
    expect(filter.test(record({ level: 'high', severity: 0 }), levels)).toBe(true);
  });
});

describe('a module', () => {
  it.each([
    ['src/db', true],
    ['src/db/pool', true],
    ['src/dbx', false],
    ['src', false],
    ['lib/src/db', false],
    ['', false],
  ])("'src/db' for %j: %s", (module, taken) => {
    expect(takes('src/db', { module })).toBe(taken);
  });
});

describe('a table', () => {
  const TABLE = {
    '': 'warn',
    'src/db': 'debug',
    'src/db/pool': false,
    kafkajs: false,
    'kafkajs/src/producer': true,
  };

  it.each([
    ['src/http', 'warn', true],
    ['src/http', 'info', false],
    ['src/db', 'debug', true],
    ['src/db', 'silly', false],
    ['src/db/query', 'debug', true],
    ['src/db/pool', 'error', false],
    ['src/db/pool/idle', 'error', false],
    ['src/dbx', 'info', false],
    ['kafkajs/src/index', 'error', false],
    ['kafkajs/src/producer/batch', 'silly', true],
    ['', 'warn', true],
    ['', 'info', false],
    ['../outside', 'info', false],
    ['/absolute', 'info', false],
  ])('for %s at %s: %s', (module, level, taken) => {
    expect(takes(TABLE, { module, level })).toBe(taken);
  });

  it.each([
    ['emerg', 0, true],
    ['warning', 4, true],
    ['notice', 5, false],
    ['debug', 7, false],
  ])('goes by the numbers of the logger: syslog %s', (level, severity, taken) => {
    const syslog = { emerg: 0, alert: 1, crit: 2, error: 3, warning: 4, notice: 5, info: 6, debug: 7 };
    expect(
      compileFilter({ '': 'warning' }, undefined, refuse).test(record({ level, severity }), syslog),
    ).toBe(taken);
  });

  it('takes a record by a rule whose level the logger does not have', () => {
    expect(takes({ '': 'emerg' }, { level: 'silly' })).toBe(true);
    expect(takes({ '': 'error' }, { level: 'silly' }, Object.create(null))).toBe(true);
  });

  it('takes a record whose severity is not known', () => {
    expect(takes({ '': 'error' }, { severity: Number.NaN })).toBe(true);
  });

  it('is not deceived by the names that every object has', () => {
    const levels = { constructor: 1 };
    expect(takes({}, { module: 'constructor' })).toBe(true);
    expect(takes({ '': false }, { module: '__proto__' })).toBe(false);
    const table = JSON.parse('{"__proto__": false, "constructor": "warn"}') as Record<
      string,
      boolean | string
    >;
    expect(takes(table, { module: '__proto__' })).toBe(false);
    expect(takes(table, { module: '__proto__/x' })).toBe(false);
    expect(takes(table, { module: 'constructor', level: 'info' })).toBe(false);
    expect(takes(table, { module: 'toString' })).toBe(true);
    expect(compileFilter({ '': 'constructor' }, levels, refuse).test(record(), NPM)).toBe(true);
  });

  it('may be without a prototype', () => {
    expect(takes(Object.assign(Object.create(null), { tests: false }) as RecordFilter)).toBe(false);
  });

  it('is read once', () => {
    const table: Record<string, boolean | string> = { tests: false };
    const filter = compileFilter(not(anyOf(table)), undefined, refuse);
    table.tests = true;
    table['tests/test_add_option_filter'] = true;
    expect(filter.test(record(), NPM)).toBe(true);
  });
});

describe('a function', () => {
  it.each([
    [true, true],
    [1, true],
    ['no', true],
    [{}, true],
    [false, false],
    [0, false],
    ['', false],
    [null, false],
    [undefined, false],
  ])('that answers %j: %s', (answer, taken) => {
    expect(takes(() => answer)).toBe(taken);
  });

  it('gets the record', () => {
    const filter = vi.fn(() => true);
    const given = record();
    compileFilter(filter, undefined, refuse).test(given, NPM);
    expect(filter.mock.calls).toEqual([[given]]);
  });

  it('that throws lets it out', () => {
    const error = new Error('mine');
    const throwing = () => {
      throw error;
    };
    expect(() => takes(throwing)).toThrow(error);
    expect(() => takes(not(throwing))).toThrow(error);
    expect(() => takes(anyOf(throwing, () => true))).toThrow(error);
  });

  it('that is async takes the record, and cannot end the process by being rejected', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    try {
      expect(takes(async () => false)).toBe(true);
      expect(takes(() => Promise.reject(new Error('late')))).toBe(true);
      await delay(5);
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });
});

describe('combinations', () => {
  const yes = () => true;
  const no = () => false;

  it.each<[string, RecordFilter, boolean]>([
    ['not yes', not(yes), false],
    ['not no', not(no), true],
    ['not not yes', not(not(yes)), true],
    ['anyOf()', anyOf(), false],
    ['allOf()', allOf(), true],
    ['anyOf(no, yes)', anyOf(no, yes), true],
    ['anyOf(no, no)', anyOf(no, no), false],
    ['allOf(yes, no)', allOf(yes, no), false],
    ['allOf(yes, yes)', allOf(yes, yes), true],
    ['all forms', allOf('tests', { '': 'silly' }, yes, not('src'), not(fromFunction('x'))), true],
    ['fromFunction', fromFunction('other', 'test_filtered'), true],
    ['fromFunction of others', fromFunction('other', 'Test_filtered', ''), false],
    ['fromFunction()', fromFunction(), false],
  ])('%s', (_, filter, taken) => {
    expect(takes(filter)).toBe(taken);
  });

  it('may be made by another copy of the package', async () => {
    vi.resetModules();
    const other = await import('../../../lib/loop-safety/filter/filter.ts');
    expect(other.not).not.toBe(not);
    expect(takes(other.not('tests'))).toBe(false);
  });

  it.each<[string, RecordFilter, boolean]>([
    ['a module', 'tests', true],
    ['a table', { '': 'warn' }, true],
    ['a function', yes, true],
    ['fromFunction', fromFunction('x'), true],
    ['not of one', not(yes), true],
    ['one of many', anyOf(allOf(), yes), true],
    ['none', anyOf(allOf(), anyOf()), false],
  ])('%s needs the call site: %j', (_, filter, needsSite) => {
    expect(compileFilter(filter, undefined, refuse).needsSite).toBe(needsSite);
  });
});
