import { describe, expect, it } from 'vitest';
import {
  cut,
  formatLine,
  headline,
  onOneLine,
  ownText,
  readEntry,
  takesNoMore,
  textOf,
} from '../../lib/client-log/line.ts';
import { entry } from './entry.ts';

const logEntry = (log: object): object => entry('WARN', 'a message', log);

describe('onOneLine', () => {
  it.each([
    ['a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['\u001b[31mred\u0007', '\\u001b[31mred\\u0007'],
    ['a\u2028b\u0085c\u202ed', 'a\\u2028b\\u0085c\\u202ed'],
    ['grüße 日本 🎈', 'grüße 日本 🎈'],
  ])('%j becomes %j', (text, expected) => {
    expect(onOneLine(text)).toBe(expected);
  });
});

describe('textOf', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  it.each([
    ['a text', 'a text', 'a text'],
    ['null', null, 'null'],
    ['a BigInt', 10n, '10'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an error', new Error('broken'), 'broken'],
    ['a circular object', circular, '[object Object]'],
    ['an object without prototype', Object.create(null), '(unreadable)'],
    [
      'a throwing toString',
      {
        toString: () => {
          throw new Error('no');
        },
      },
      '(unreadable)',
    ],
  ])('reads %s', (_name, value, expected) => {
    expect(textOf(value)).toBe(expected);
  });
});

it('cut marks where it has cut', () => {
  expect(cut('abcdef', 6)).toBe('abcdef');
  expect(cut('abcdefg', 6)).toBe('abcde…');
});

describe('an entry of kafkajs', () => {
  it('is a line with the broker and the client first, and the stack last where it is wanted', () => {
    const given = logEntry({ a: 1, stack: 'at x', clientId: 'c', b: true, broker: 'k:9092' });
    expect(Object.entries(readEntry(given, true).extras)).toEqual([
      ['broker', 'k:9092'],
      ['clientId', 'c'],
      ['a', 1],
      ['b', true],
      ['stack', 'at x'],
    ]);
    expect(readEntry(given, false).extras).not.toHaveProperty('stack');
  });

  it('has no secrets, no objects, and its error once', () => {
    const extras = {
      password: 'p',
      assignment: { a: 1 },
      nothing: null,
      error: 'it broke',
      token: 't',
      n: 10n,
    };
    expect(readEntry(logEntry({ ...extras, message: 'Connection error: it broke' }), false)).toMatchObject({
      message: 'Connection error: it broke',
      extras: { n: '10' },
    });
    expect(readEntry(logEntry({ ...extras, message: 'Connection error' }), false).extras).toEqual({
      error: 'it broke',
      n: '10',
    });
  });

  it('has twenty extras at most', () => {
    const extras = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`n${at}`, at]));
    expect(Object.keys(readEntry(logEntry(extras), false).extras)).toEqual(Object.keys(extras).slice(0, 20));
  });

  it('has everything short', () => {
    const long = 'x'.repeat(5_000);
    const given = { ...logEntry({ message: long, [long]: long, stack: long }), namespace: long };
    const { message, namespace, extras } = readEntry(given, true);
    expect([message.length, namespace.length]).toEqual([800, 60]);
    expect(Object.entries(extras).map(([name, value]) => [name.length, String(value).length])).toEqual([
      [60, 200],
      [5, 1_000],
    ]);
  });

  it('is read up to its 4,000th character', () => {
    const messageOf = (letters: number): string =>
      readEntry(logEntry({ message: `password=${'x'.repeat(letters)} seen` }), false).message;
    expect(messageOf(3_986)).toBe('password=*** seen');
    expect(messageOf(3_987)).toBe('password=*** see');
    expect(messageOf(5_000)).toBe('password=***');
  });

  it('is read where nothing in it can be', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    for (const given of [hostile, { log: hostile }, undefined, null, 'text']) {
      expect(readEntry(given, true)).toMatchObject({ namespace: '', message: '(no message)', extras: {} });
    }
  });
});

describe('a line for people', () => {
  it('has the time, the level, the text, the extras and what is added', () => {
    const text = headline({ namespace: 'Connection', message: 'it broke' });
    expect(text).toBe('[kafkajs/Connection] it broke');
    expect(headline({ namespace: '', message: 'it broke' })).toBe('[kafkajs] it broke');
    expect(
      formatLine(0, 'warn', text, { broker: 'k:9092', 'a b': 'two words', e: '', n: 1 }, ' (3 times)'),
    ).toBe(
      '1970-01-01T00:00:00.000Z WARN [kafkajs/Connection] it broke broker=k:9092 a_b="two words" e="" n=1 (3 times)',
    );
  });

  it('is a thousand characters long at most, and what is added', () => {
    const line = formatLine(0, 'info', 'x'.repeat(2_000), {}, ' (3 times)');
    expect(line).toHaveLength(1_010);
    expect(line.slice(-12)).toBe('x… (3 times)');
  });
});

it('a text of this package is made safe like that of a client', () => {
  expect(ownText(new Error('password=hunter2\n2'))).toBe('password=***\\n2');
  expect(ownText('x'.repeat(2_000))).toHaveLength(1_000);
});

it.each([
  ['a stream that has ended', { writable: false }, true],
  ['a stream that was destroyed', { destroyed: true }, true],
  ['a stream that goes on', { writable: true, destroyed: false }, false],
  ['an object that is no stream', {}, false],
])('%s takes no more: %j %s', (_name, logger, isOver) => {
  expect(takesNoMore(logger)).toBe(isOver);
});
