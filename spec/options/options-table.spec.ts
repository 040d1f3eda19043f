import { resolve } from 'node:path';
import { inspect } from 'node:util';
import * as zlib from 'node:zlib';
import { CompressionTypes, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import winston from 'winston';
import { allOf, fromFunction, not } from '../../lib/index.ts';
import { resolveOptions } from '../../lib/options/resolve.ts';
import { ENOUGH, expectTaken, refused } from './refused.ts';

const noop = (): void => undefined;
const producer = { connect: async () => 0, send: async () => 0, disconnect: async () => 0 };
const console4 = { error: noop, warn: noop, info: noop, debug: noop };
class Config {}

interface Row {
  /** As a path; the values are put there. */
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
  /** Part of what the error says was expected. */
  readonly expected: string;
}

const integerFrom = (least: number, more: Partial<Row> = {}): Row => ({
  good: [least, 1_000, 2_147_483_647],
  bad: [least - 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, 2 ** 53, 5n, Symbol('5'), {}],
  expected: `an integer from ${least} to`,
  ...more,
});
const FLAG: Row = { good: [true, false], bad: ['true', 0, 1, null, {}], expected: 'true or false' };
const FUNCTION: Row = { good: [noop, async () => 0], bad: ['id', 5, {}, null], expected: 'a function' };
const group = (names: string): Row => ({
  good: [{}],
  bad: [5, 'x', null, [], noop, new Config()],
  expected: `an object with ${names}`,
});

const TABLE: Record<string, Row> = {
  topic: {
    good: ['a', 'app-logs', 'A.b_c-9', 'x'.repeat(249), () => 'a'],
    bad: ['', '.', '..', 'two words', 'ä', 'a/b', 'x'.repeat(250), 5, null, undefined, {}, []],
    expected:
      'a topic name: 1 to 249 of the characters a-z, A-Z, 0-9, ".", "_" and "-"; or a function that returns one',
  },
  kafka: {
    good: [
      { brokers: () => ['a:1'] },
      { brokers: ['a:1', 'b:2'] },
      Object.assign(Object.create(null), { brokers: ['a:1'] }),
    ],
    bad: [5, 'a:1', [], null, new Config()],
    expected: "kafkajs's KafkaConfig",
  },
  'kafka.brokers': {
    good: [['a:1'], 'a:1', async () => ['a:1']],
    bad: [[], [''], [5], 'a', '', null, undefined, {}],
    expected: '"host:port" (several: in a list, or in one string with commas between them), or a function',
  },
  'kafka.logCreator': { ...FUNCTION, good: [() => noop] },
  'kafka.socketFactory': FUNCTION,
  key: FUNCTION,
  headers: FUNCTION,
  acks: { good: [-1, 1], bad: [2, '1', 'all', null, true], expected: '-1 or 1' },
  compression: {
    good: [CompressionTypes.None, CompressionTypes.GZIP, 'none', 'gzip'],
    bad: [5, 'GZIP', 'brotli', '1', null, {}],
    expected: "'none' or 'gzip' or 'snappy' or 'lz4' or 'zstd', or one of kafkajs's CompressionTypes",
  },
  batch: group('maxRecords, maxBytes, lingerMs'),
  'batch.maxRecords': integerFrom(1),
  'batch.maxBytes': integerFrom(1),
  'batch.lingerMs': integerFrom(0),
  buffer: group('maxRecords, maxBytes, overflow'),
  'buffer.maxRecords': integerFrom(1),
  'buffer.maxBytes': integerFrom(1, { good: [1, 2 ** 40], bad: [0, 1.5, '5', null, 2 ** 53] }),
  'buffer.overflow': {
    good: ['drop-oldest', 'drop-newest', 'drop-lowest'],
    bad: ['block', '', 5, null],
    expected: "'drop-oldest' or 'drop-newest' or 'drop-lowest'",
  },
  retry: group('initialMs, maxMs, maxAgeMs'),
  'retry.initialMs': integerFrom(1),
  'retry.maxMs': integerFrom(1),
  'retry.maxAgeMs': integerFrom(1),
  requestTimeoutMs: integerFrom(1),
  closeTimeoutMs: integerFrom(0),
  signals: {
    good: [false, [], ['SIGTERM'], ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']],
    bad: [true, 'SIGTERM', 15, null, {}, new Set(['SIGTERM'])],
    expected: 'false or a list of names of signals',
  },
  idleTimeoutMs: integerFrom(1),
  clientLog: group('level, logger'),
  'clientLog.level': {
    good: ['nothing', 'error', 'warn', 'info', 'debug'],
    bad: ['silly', 'WARN', 4, null],
    expected: "'warn'",
  },
  'clientLog.logger': {
    good: [console4, console],
    bad: [{}, { ...console4, debug: 5 }, noop, 'console', null],
    expected: 'an object with error, warn, info and debug',
  },
  fallback: {
    good: [noop, new winston.transports.Console()],
    bad: [{}, 'file', 5, null, { log: 5 }],
    expected: 'a winston transport (not a logger) or a function',
  },
  dropNotice: FLAG,
  recordId: FLAG,
  loopDetection: FLAG,
  loopHeader: FLAG,
  idempotent: FLAG,
  callSite: FLAG,
  traceContext: FLAG,
  levels: {
    good: [{ loud: 0, quiet: 1 }],
    bad: [{ loud: '0' }, ['loud'], 'npm', null, 5],
    expected: 'an object of level names and numbers',
  },
  filter: {
    good: [
      () => true,
      'src/db',
      { '': 'warn', kafkajs: false, a: true },
      not('a'),
      allOf('a', fromFunction('b')),
    ],
    bad: [5, null, [], true],
    expected: 'a function, a module, an object from module to level, or a combination of these',
  },
  level: { good: ['error', 'whatever the logger has'], bad: [5, null, {}], expected: 'the name of a level' },
  format: { good: [winston.format.json()], bad: [noop, {}, 'json', null], expected: 'a winston format' },
  silent: FLAG,
  handleExceptions: FLAG,
  handleRejections: FLAG,
};

/** The least that is needed, and a value at a path. */
function withValue(path: string, value: unknown): Record<string, unknown> {
  const [name = '', inner] = path.split('.');
  if (inner === undefined) return { ...ENOUGH, [name]: value };
  const outer = (ENOUGH as unknown as Record<string, object>)[name];
  return { ...ENOUGH, [name]: { ...outer, [inner]: value } };
}

/** For the name of the spec. */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  const text = inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

const REQUIRED = ['topic', 'kafka.brokers'];

describe.each(Object.entries(TABLE))('%s', (path, { good, bad, expected }) => {
  it.each(good.map((value) => [shown(value), value]))('may be %s', (_, value) => {
    expectTaken(withValue(path, value));
  });

  it.each(bad.map((value) => [shown(value), value]))(
    'must not be %s: the error names option, expectation and value',
    (_, value) => {
      const { message, option } = refused(withValue(path, value));
      expect(option).toBe(path);
      expect(message).toMatch(
        new RegExp(`^winston-kafkajs: option "${path.replace('.', '\\.')}" must be .+; given was .+\\.$`),
      );
      expect(message).toContain(expected);
    },
  );

  if (!REQUIRED.includes(path) && path !== 'kafka') {
    it('may be undefined, which is absent', () => {
      expectTaken(withValue(path, undefined));
    });
  }
});

describe('what comes from the environment as a string', () => {
  const number = 'an integer from 1 to 2147483647';
  const EMPTY = ' (of a variable that may be empty: value || undefined)';
  it.each<[string, unknown, string]>([
    ['batch.maxRecords', '500', `${number} (Number() makes one of a string); given was '500' (string).`],
    ['batch.maxRecords', '', `${number}${EMPTY}; given was '' (string).`],
    [
      'batch.lingerMs',
      ' -5 ',
      `${number.replace('1', '0')} (Number() makes one of a string); given was ' -5 ' (string).`,
    ],
    ['retry.maxAgeMs', '60000', `${number} (Number() makes one of a string); given was '60000' (string).`],
    ['requestTimeoutMs', '10s', `${number}; given was '10s' (string).`],
    // What `Number(process.env.NOT_THERE)` is.
    ['requestTimeoutMs', Number.NaN, `${number}; given was NaN (number).`],
    ['worker', 'true', "true or false (compare a string: value === 'true'); given was 'true' (string)."],
    ['silent', 'false', "true or false (compare a string: value === 'true'); given was 'false' (string)."],
    ['dropNotice', '', "true or false (compare a string: value === 'true'); given was '' (string)."],
    ['acks', '-1', "-1 or 1 (Number() makes one of a string); given was '-1' (string)."],
    ['acks', '', `-1 or 1${EMPTY}; given was '' (string).`],
    ['acks', 'all', "-1 or 1; given was 'all' (string)."],
    [
      'compression',
      '1',
      "'none' or 'gzip' or 'snappy' or 'lz4' or 'zstd', or one of kafkajs's CompressionTypes (Number() makes one of a string); given was '1' (string).",
    ],
    [
      'signals',
      'SIGTERM,SIGINT',
      "false or a list of names of signals, such as ['SIGTERM', 'SIGINT'] (of a string with commas: value.split(',')); given was 'SIGTERM,SIGINT' (string).",
    ],
    [
      'buffer.overflow',
      '',
      `'drop-oldest' or 'drop-newest' or 'drop-lowest'${EMPTY}; given was '' (string).`,
    ],
  ])('%s: %j is refused, with what to do', (path, value, words) => {
    expect(refused(withValue(path, value)).message).toBe(
      `winston-kafkajs: option "${path}" must be ${words}`,
    );
  });

  it('an empty level is none, as in winston: the transport goes by its logger', () => {
    expectTaken({ ...ENOUGH, level: '' });
  });
});

describe('what the error says was given', () => {
  it.each([
    [-5, '-5 (number)'],
    [5n, '5n (bigint)'],
    ['five', "'five' (string)"],
    [null, 'null'],
    [{ a: 1 }, 'an object'],
    [[1], 'an array'],
    [noop, 'a function'],
    [Symbol('s'), 'Symbol(s) (symbol)'],
  ])('for %o', (value, text) => {
    expect(refused({ ...ENOUGH, closeTimeoutMs: value }).message).toMatch(
      new RegExp(`given was ${text.replace(/[()]/g, '\\$&')}\\.$`),
    );
  });

  const SECRET = 'hunter2';
  const secrets: Record<string, unknown> = {
    'the options as a URL': `kafka://user:${SECRET}@host`,
    'kafka as a URL': { topic: 'logs', kafka: `kafka://user:${SECRET}@host` },
    'a broker list in one string': { topic: 'logs', kafka: { brokers: `user:${SECRET}@host:1` } },
    'no brokers beside a password': {
      topic: 'logs',
      kafka: { sasl: { mechanism: 'plain', username: 'u', password: SECRET } },
    },
    'headers as an object': { ...ENOUGH, headers: { authorization: `Bearer ${SECRET}` } },
    'headers as a string': { ...ENOUGH, headers: `authorization: ${SECRET}` },
    'a producer with a token': { topic: 'logs', producer: { token: SECRET } },
    'a fallback with a token': { ...ENOUGH, fallback: { token: SECRET } },
    'a logger with a token': { ...ENOUGH, clientLog: { logger: { token: SECRET } } },
    'a buffer with a password': { ...ENOUGH, buffer: { password: SECRET } },
    'an unknown password': { ...ENOUGH, password: SECRET },
    'an array': [SECRET],
  };

  it.each(Object.entries(secrets))('never has a secret in it: %s', (_, options) => {
    const error = refused(options);
    expect(error.message).not.toContain(SECRET);
    expect(JSON.stringify({ ...error })).not.toContain(SECRET);
    expect(error.cause).toBeUndefined();
  });
});

describe('idempotent', () => {
  it('is refused with acks 1', () => {
    expect(refused({ ...ENOUGH, idempotent: true, acks: 1 }).message).toBe(
      'winston-kafkajs: option "acks" must be -1 with idempotent: true (all in-sync replicas have to know of a batch); given was 1 (number).',
    );
  });

  it('is refused with a producer of the own', () => {
    const producer = { connect: noop, send: noop, disconnect: noop };
    expect(refused({ topic: 't', producer, idempotent: true }).option).toBe('idempotent');
  });
});

describe('acks 0', () => {
  it('is refused with the reason', () => {
    expect(refused({ ...ENOUGH, acks: 0 }).message).toBe(
      'winston-kafkajs: option "acks" must be -1 or 1 (with 0 the broker does not answer, so loss looks like delivery); given was 0 (number).',
    );
  });
});

// Not in the table: a transport with a spool makes its directory.
describe('spool', () => {
  it.each<[string, unknown, string]>([
    ['spool', 5, 'an object with directory'],
    ['spool', '/var/spool', 'an object with directory'],
    ['spool', null, 'an object with directory'],
    ['spool.directory', {}, 'the path of a directory'],
    ['spool.directory', { directory: '' }, 'the path of a directory'],
    ['spool.directory', { directory: 5 }, 'the path of a directory'],
    ['spool.mode', { directory: 'x', mode: 'sometimes' }, "'overflow' or 'always'"],
    ['spool.maxBytes', { directory: 'x', maxBytes: 0 }, 'an integer from 1 to'],
    ['spool.maxBytes', { directory: 'x', maxBytes: '1 GB' }, 'an integer from 1 to'],
    ['spool.path', { directory: 'x', path: 'y' }, 'directory'],
  ])('names %s in %o', (option, spool, expected) => {
    expect(refused({ ...ENOUGH, spool })).toMatchObject({
      option,
      message: expect.stringContaining(expected),
    });
  });

  it('has defaults, and a directory that a change of the working directory does not move', () => {
    expect(resolveOptions({ ...ENOUGH, spool: { directory: 'spool' } }).spool).toEqual({
      directory: resolve('spool'),
      mode: 'overflow',
      maxBytes: 1_073_741_824,
    });
    expect(resolveOptions({ ...ENOUGH, spool: undefined }).spool).toBe(undefined);
  });
});

describe('compressionLevel', () => {
  it.each<[unknown, number]>([
    ['gzip', 1],
    [1, 9],
    ...('zstdCompress' in zlib ? [['zstd', 22] as [unknown, number]] : []),
  ])('is taken with %s: %d', (compression, compressionLevel) => {
    const { client } = resolveOptions({ ...ENOUGH, compression, compressionLevel });
    expect(client).toMatchObject({ compressionLevel });
  });

  it.each<[object, RegExp]>([
    [{ compressionLevel: 5 }, /without compression: 'gzip' or 'zstd'/],
    [{ compression: 'none', compressionLevel: 5 }, /without compression/],
    [{ compression: 'gzip', compressionLevel: 0 }, /from 1 to 9|1/],
    [{ compression: 'gzip', compressionLevel: 10 }, /9/],
    [{ compression: 'gzip', compressionLevel: 1.5 }, /integer/],
    [{ compression: 'gzip', compressionLevel: 5, fastPath: false }, /without the fast path/],
  ])('%j is refused', (options, expected) => {
    const { option, message } = refused({ ...ENOUGH, ...options });
    expect(option).toBe('compressionLevel');
    expect(message).toMatch(expected);
  });
});

describe('compression', () => {
  it('that kafkajs has no codec for is refused, with how to get one', () => {
    const { option, message } = refused({ ...ENOUGH, compression: CompressionTypes.Snappy });
    expect(option).toBe('compression');
    expect(message).toContain('register one in CompressionCodecs before you make the transport');
  });
});

describe('retry', () => {
  it('has a longest wait that is no shorter than the first', () => {
    expect(refused({ ...ENOUGH, retry: { initialMs: 500, maxMs: 499 } }).option).toBe('retry.maxMs');
    expectTaken({ ...ENOUGH, retry: { initialMs: 20_000 } });
    // The first gives way, where only the longest is given.
    expect(resolveOptions({ ...ENOUGH, retry: { maxMs: 50 } }).retry).toMatchObject({
      initialMs: 50,
      maxMs: 50,
    });
  });
});

describe('kafka and producer', () => {
  it.each([
    ['neither', { topic: 'logs' }],
    ['neither, undefined', { topic: 'logs', kafka: undefined, producer: undefined }],
  ])('are one of the two: %s is refused', (_, options) => {
    expect(refused(options)).toMatchObject({
      option: 'kafka',
      message: `winston-kafkajs: option "kafka" must be given, such as { brokers: ['localhost:9092'] }; or instead of it "producer" (a client of your own), or "kafkaModule" (with worker: true); given was undefined.`,
    });
  });

  it.each([
    ['kafka', ENOUGH],
    ['kafkaModule', { topic: 'logs', kafkaModule: './kafka.js', worker: true }],
  ])(
    'are one of the two: %s beside a producer is refused, and the error says to leave one out',
    (name, options) => {
      expect(refused({ ...options, producer })).toMatchObject({
        option: name,
        message: expect.stringContaining(
          `option "${name}" must be left out with "producer": the transport ships through your producer, or makes a client of "${name}". Leave one of them out; given was`,
        ),
      });
    },
  );

  it.each([
    ['an object', producer],
    ['a function', () => producer],
  ])('a producer may be %s', (_, given) => {
    expectTaken({ topic: 'logs', producer: given });
    expectTaken({ topic: 'logs', producer: given, kafka: undefined });
  });

  it.each([5, null, {}, { ...producer, send: undefined }, 'kafka'])('a producer must not be %o', (given) => {
    expect(refused({ topic: 'logs', producer: given })).toMatchObject({
      option: 'producer',
      message: expect.stringContaining('an object with connect, send and disconnect, or a function'),
    });
  });

  it('a retry and logLevel in kafka give way, and are no error', () => {
    const kafka = { brokers: ['a:1'], retry: { retries: 9 }, logLevel: logLevel.DEBUG };
    expectTaken({ topic: 'logs', kafka });
  });
});

describe('a filter table', () => {
  it('that is wrong names the offending key', () => {
    const { option, message } = refused({ ...ENOUGH, filter: { 'src/db': 'chatty' } });
    expect(option).toBe('filter["src/db"]');
    expect(message).toContain("given was 'chatty' (string)");
  });

  it('goes by the names of `levels`', () => {
    expectTaken({ ...ENOUGH, levels: { chatty: 3 }, filter: { 'src/db': 'chatty' } });
    expect(refused({ ...ENOUGH, levels: { chatty: 3 }, filter: { a: 'info' } }).option).toBe('filter["a"]');
  });
});
