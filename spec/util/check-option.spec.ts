import { describe, expect, it } from 'vitest';
import { KafkaTransportError } from '../../lib/errors.ts';
import {
  flag,
  group,
  hasMethods,
  integer,
  isPlainObject,
  nearestOf,
  oneOf,
  optionalFunction,
  throwIfUnknown,
  throwInvalidOption,
} from '../../lib/util/check-option.ts';

function errorOf(fn: () => unknown): KafkaTransportError {
  try {
    fn();
  } catch (error) {
    if (error instanceof KafkaTransportError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const wordsOf = (fn: () => unknown): string => errorOf(fn).message.replace('winston-kafkajs: ', '');

describe('what is thrown for a bad option', () => {
  it('names the option, what was expected and what was given', () => {
    const error = errorOf(() => throwInvalidOption('batch.lingerMs', 'a number', 'soon'));
    expect(error.message).toBe(
      'winston-kafkajs: option "batch.lingerMs" must be a number; given was \'soon\' (string).',
    );
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', option: 'batch.lingerMs' });
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [[], 'an empty array'],
    [[1], 'an array'],
    [{ a: 1 }, 'an object'],
    [() => 1, 'a function'],
    [10n, '10n (bigint)'],
    ['x'.repeat(200), `'${'x'.repeat(79)} (string)`],
  ])('describes what was given, and shows no inside of an object: %s', (given, words) => {
    expect(wordsOf(() => throwInvalidOption('topic', 'x', given))).toBe(
      `option "topic" must be x; given was ${words}.`,
    );
  });

  it.each(['options', 'kafka.brokers', 'producer', 'headers', 'a.password'])(
    'shows nothing of %s, where a secret may stand',
    (option) => {
      expect(wordsOf(() => throwInvalidOption(option, 'x', 'hunter2'))).toContain(
        'given was of type string.',
      );
    },
  );
});

describe('a name that is not known', () => {
  const NAMES = ['maxRecords', 'maxBytes'];

  it('is refused with the nearest one that is', () => {
    expect(wordsOf(() => throwIfUnknown({ maxByte: 1 }, NAMES, 'buffer'))).toBe(
      'unknown option "buffer.maxByte". Did you mean "buffer.maxBytes"?',
    );
    expect(wordsOf(() => throwIfUnknown({ lingerMs: 1 }, NAMES, undefined, ['batch.lingerMs']))).toBe(
      'unknown option "lingerMs". Did you mean "batch.lingerMs"?',
    );
  });

  it('is refused with all that are where none is near', () => {
    const error = errorOf(() => throwIfUnknown({ colour: 1 }, NAMES));
    expect(error.message).toBe('winston-kafkajs: unknown option "colour". Known are: maxRecords, maxBytes.');
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', option: 'colour' });
  });

  it('counts as absent where it is undefined', () => {
    expect(() => throwIfUnknown({ colour: undefined, maxBytes: 1 }, NAMES)).not.toThrow();
  });
});

describe('the nearest name', () => {
  it.each([
    ['MAXBYTES', 'buffer.maxBytes'],
    ['linger', 'batch.lingerMs'],
    ['tpoic', 'topic'],
    ['tp', undefined],
    ['acks', 'ack'],
    ['abc', 'ack'],
    ['xyz', undefined],
  ])('to %s is %s', (name, path) => {
    expect(nearestOf(name, ['topic', 'ack', 'buffer.maxBytes', 'batch.lingerMs'])).toBe(path);
  });
});

describe('an integer', () => {
  it('is what was given, within its limits, or the default', () => {
    expect([1, 5, undefined].map((given) => integer('n', given, 3, 1, 5))).toEqual([1, 5, 3]);
  });

  it.each([0, 6, 1.5, Number.NaN, null, {}])('is not %s', (given) => {
    expect(wordsOf(() => integer('n', given, 3, 1, 5))).toContain('must be an integer from 1 to 5; given');
  });

  it('is at most what a timer takes', () => {
    expect(integer('n', 2_147_483_647, 0, 0)).toBe(2_147_483_647);
    expect(() => integer('n', 2_147_483_648, 0, 0)).toThrow('from 0 to 2147483647');
  });

  it('is not a string, which is told how to become one', () => {
    expect(wordsOf(() => integer('n', ' 3 ', 3, 1, 5))).toContain(
      'to 5 (Number() makes one of a string); given',
    );
    expect(wordsOf(() => integer('n', 'three', 3, 1, 5))).not.toContain('Number()');
  });
});

it('a flag is true, false or the default, and a string is told how to become one', () => {
  expect([true, false, undefined].map((given) => flag('f', given, true))).toEqual([true, false, true]);
  expect(wordsOf(() => flag('f', 'false', true))).toContain(
    "true or false (compare a string: value === 'true')",
  );
  expect(wordsOf(() => flag('f', 0, true))).toContain('must be true or false; given');
});

it('a function may be left out, and is nothing else', () => {
  expect(() => optionalFunction('f', undefined)).not.toThrow();
  expect(() => optionalFunction('f', () => 1)).not.toThrow();
  expect(() => optionalFunction('f', null)).toThrow('must be a function; given was null');
});

it('one of several values is that, or the default', () => {
  expect([oneOf('v', 'a', ['a', 'b'], 'b'), oneOf('v', undefined, ['a', 'b'], 'b')]).toEqual(['a', 'b']);
  expect(() => oneOf('v', 'c', ['a', 'b'], 'b')).toThrow("must be 'a' or 'b'; given was 'c' (string)");
});

it('a group is an object with known names, or nothing', () => {
  expect(group('g', undefined, ['a'])).toEqual({});
  expect(group('g', { a: 1 }, ['a'])).toEqual({ a: 1 });
  expect(() => group('g', [], ['a', 'b'])).toThrow('must be an object with a, b; given was an empty array');
  expect(() => group('g', { c: 1 }, ['a'])).toThrow('unknown option "g.c"');
});

it.each([
  ['a literal', {}, true],
  ['one without prototype', Object.create(null), true],
  ['an instance of a class', new (class A {})(), false],
  ['an array', [], false],
  ['null', null, false],
])('%s is a plain object: %s %s', (_name, value, isPlain) => {
  expect(isPlainObject(value)).toBe(isPlain);
});

it('what stands for another is told by its methods', () => {
  const given = { send: () => 1, connect: 1 };
  expect(hasMethods(given, 'send')).toBe(true);
  expect(hasMethods(given, 'send', 'connect')).toBe(false);
  expect(hasMethods(null, 'send')).toBe(false);
});

it('an instance of a class was told to be an object where an object was wanted', () => {
  class KafkaSettings {
    brokers = ['localhost:9092'];
  }
  const trap = new Proxy(Object.create({}), {
    getPrototypeOf: () => {
      throw new Error('nobody');
    },
  });
  const givens: [unknown, string][] = [
    [new KafkaSettings(), 'an instance of KafkaSettings'],
    [new (class {})(), 'an instance of a class'],
    [trap, 'an object'],
    [{}, 'an object'],
  ];
  for (const [given, told] of givens) {
    expect(() => throwInvalidOption('kafka', 'a text', given)).toThrow(`must be a text; given was ${told}.`);
  }
});
