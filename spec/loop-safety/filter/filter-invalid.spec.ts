import { describe, expect, it, vi } from 'vitest';
import {
  allOf,
  anyOf,
  compileFilter,
  fromFunction,
  not,
  type RecordFilter,
} from '../../../lib/loop-safety/filter/filter.ts';
import { Refused, refuse } from './filter-records.ts';

class Settings {
  tests = true;
}

function problemOf(filter: unknown, levels?: Record<string, number>): Refused['problem'] | undefined {
  try {
    compileFilter(filter as RecordFilter, levels, refuse);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.problem;
    throw error;
  }
}

// As RecordFilter: what a caller without TypeScript may give.
const wrong = (value: unknown) => value as RecordFilter;

describe('a filter that is none', () => {
  it.each([
    [-1],
    [3.4],
    [null],
    [undefined],
    [true],
    [Symbol('s')],
    [10n],
    [['tests']],
    [new Date()],
    [new Map([['tests', true]])],
    [new Set(['tests'])],
    [/tests/],
    [new Settings()],
    [Object.create({ tests: true })],
    [Promise.resolve(true)],
  ])('%s', (filter) => {
    expect(problemOf(filter)).toEqual({
      path: 'filter',
      expected: 'a function, a module, an object from module to level, or a combination of these',
      given: filter,
    });
  });
});

describe('a module that no record can have', () => {
  it.each<[RecordFilter, string, string]>([
    ['./src/db', 'filter', './src/db'],
    ['src\\db', 'filter', 'src\\db'],
    [{ 'src/db': true, './src': 'warn' }, 'filter["./src"]', './src'],
    [not(anyOf('src', './db')), 'filter.not.anyOf[1]', './db'],
  ])('%j', (filter, path, given) => {
    const expected = 'a module as record.module has it, such as "src/db"';
    expect(problemOf(filter)).toEqual({ path, expected, given });
  });

  it.each(['../outside', '/absolute', 'node:net', '.hidden/db', 'a.b/c', 'tests/'])(
    'but one can have %j',
    (module) => {
      expect(problemOf(module)).toBeUndefined();
      expect(problemOf({ [module]: true })).toBeUndefined();
    },
  );
});

describe('a table that is none', () => {
  it.each([
    [{ foo: null }, 'filter["foo"]', null],
    [{ foo: 2.5 }, 'filter["foo"]', 2.5],
    [{ foo: undefined }, 'filter["foo"]', undefined],
    [{ foo: ['warn'] }, 'filter["foo"]', ['warn']],
    [{ a: 'debug', b: {} }, 'filter["b"]', {}],
    [{ tests: -1 }, 'filter["tests"]', -1],
    [{ tests: () => true }, 'filter["tests"]', expect.any(Function)],
    [{ foo: 'UNKNOWN_LEVEL' }, 'filter["foo"]', 'UNKNOWN_LEVEL'],
    [{ 'tests/test_add_option_filter': '' }, 'filter["tests/test_add_option_filter"]', ''],
    [{ 'src/db': 'WARN' }, 'filter["src/db"]', 'WARN'],
    [{ '': 'constructor' }, 'filter[""]', 'constructor'],
    [JSON.parse('{"__proto__": "loud"}'), 'filter["__proto__"]', 'loud'],
    [{ 'a"b': 'loud' }, 'filter["a\\"b"]', 'loud'],
  ])('%j at %s', (table, path, given) => {
    expect(problemOf(table)).toMatchObject({ path, given });
  });

  it('is told what there is', () => {
    expect(problemOf({ foo: 'loud' })?.expected).toBe(
      'true, false or the name of a level (error, warn, info, http, verbose, debug, silly, emerg, alert, crit, warning, notice, help, data, prompt, input)',
    );
    expect(problemOf({ foo: 'error' }, { high: 0, low: 1 })?.expected).toBe(
      'true, false or the name of a level (high, low)',
    );
  });

  it.each([
    ['wran', 'warn'],
    ['INFO', 'info'],
    ['criticl', 'crit'],
  ])('is told the nearest of them: %s, %s', (level, nearest) => {
    expect(problemOf({ foo: level })?.expected).toMatch(
      new RegExp(`\\(error, .*\\); did you mean "${nearest}"\\?$`),
    );
  });

  it.each(['http', 'silly', 'emerg', 'notice', 'prompt', 'input'])('may use %s', (level) => {
    expect(problemOf({ foo: level })).toBeUndefined();
  });
});

describe('a combination of what is none', () => {
  it.each<[RecordFilter, string]>([
    [not(wrong(1)), 'filter.not'],
    [anyOf('a', { x: wrong(1) as string }), 'filter.anyOf[1]["x"]'],
    [allOf({ ok: true }, { 'src/db': 'loud' }), 'filter.allOf[1]["src/db"]'],
    [allOf('a', not(anyOf('b', wrong(null)))), 'filter.allOf[1].not.anyOf[1]'],
    [allOf(wrong(undefined)), 'filter.allOf[0]'],
    [anyOf(wrong(['a'])), 'filter.anyOf[0]'],
    [fromFunction('a', 1 as unknown as string), 'filter.fromFunction[1]'],
    [not(fromFunction(undefined as unknown as string)), 'filter.not.fromFunction[0]'],
  ])('%# at %s', (filter, path) => {
    expect(problemOf(filter)?.path).toBe(path);
  });

  it('calls no function while it checks', () => {
    const filter = vi.fn();
    compileFilter(not(anyOf(filter, allOf(filter))), undefined, refuse);
    expect(filter).not.toHaveBeenCalled();
  });
});
