import { describe, expect, it, vi } from 'vitest';
import winston from 'winston';
import { stderrLines } from '../../lib/client-log/stderr.ts';
import type { Undelivered } from '../../lib/index.ts';
import { takes } from '../../lib/undelivered/fallback.ts';
import { ERROR } from '../../testing/broker/broker-cluster.ts';
import { expectNoUnhandledRejection, warningsOf } from '../scenarios/faults/rig.ts';
import {
  Collecting,
  expectLaw,
  loggerWith,
  numbered,
  startCluster,
  TOPIC,
  transportTo,
} from '../support/harness.ts';

type Case = (
  fallback: (undelivered: Undelivered) => void,
) => Promise<{ transport: ReturnType<typeof transportTo>; expected: [string, string][]; cause: unknown }>;

const CASES: Record<string, Case> = {
  overflow: async (fallback) => {
    const cluster = await startCluster();
    await cluster.down();
    const transport = transportTo(cluster, { buffer: { maxRecords: 3 }, fallback, closeTimeoutMs: 0 });
    for (const message of numbered(5)) loggerWith(transport).info(message);
    return {
      transport,
      expected: [
        ['overflow', 'record 0'],
        ['overflow', 'record 1'],
      ],
      cause: undefined,
    };
  },
  oversize: async (fallback) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { buffer: { maxBytes: 5 }, fallback, dropNotice: false });
    loggerWith(transport).info('record 0');
    return { transport, expected: [['oversize', 'record 0']], cause: /8 bytes are more/ };
  },
  rejected: async (fallback) => {
    const cluster = await startCluster();
    cluster.inject({ api: 'Produce', action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED } });
    const transport = transportTo(cluster, { fallback, dropNotice: false });
    for (const message of numbered(2)) loggerWith(transport).info(message);
    await transport.flush(Infinity);
    return {
      transport,
      expected: [
        ['rejected', 'record 0'],
        ['rejected', 'record 1'],
      ],
      cause: /[Nn]ot authorized/,
    };
  },
  expired: async (fallback) => {
    const cluster = await startCluster();
    await cluster.down();
    const transport = transportTo(cluster, { fallback, retry: { initialMs: 1, maxMs: 10, maxAgeMs: 30 } });
    loggerWith(transport).info('record 0');
    await transport.flush(Infinity);
    return { transport, expected: [['expired', 'record 0']], cause: undefined };
  },
  closed: async (fallback) => {
    const cluster = await startCluster();
    await cluster.down();
    const transport = transportTo(cluster, { fallback, closeTimeoutMs: 10 });
    for (const message of numbered(2)) loggerWith(transport).info(message);
    await transport.close();
    return {
      transport,
      expected: [
        ['closed', 'record 0'],
        ['closed', 'record 1'],
      ],
      cause: undefined,
    };
  },
  invalid: async (fallback) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { fallback, topic: () => 'not a topic', dropNotice: false });
    loggerWith(transport).info('record 0');
    return { transport, expected: [['invalid', 'record 0']], cause: /no topic name/ };
  },
};

describe('a fallback gets each record that Kafka will not get, once, with its reason and cause', () => {
  it.each(Object.keys(CASES))('%s', async (name) => {
    expectNoUnhandledRejection();
    const got: Undelivered[] = [];
    const { transport, expected, cause } =
      (await CASES[name]?.((undelivered) => got.push(undelivered))) ?? {};
    expect(got.map(({ reason, message }) => [reason, message])).toEqual(expected);
    for (const undelivered of got) {
      expect(undelivered).toMatchObject({
        level: 'info',
        key: null,
        headers: undefined,
        topic: expect.any(String),
      });
      expect(Math.abs(undelivered.time - Date.now())).toBeLessThan(60_000);
      if (cause === undefined) expect(undelivered.cause).toBeUndefined();
      else expect(String(undelivered.cause)).toMatch(cause as RegExp);
    }
    if (transport !== undefined) {
      expect(transport.stats().dropped).toMatchObject({ [name]: expected?.length });
      expectLaw(transport);
    }
  });

  it('whole: key, headers and topic are there', async () => {
    const cluster = await startCluster();
    await cluster.down();
    const got: Undelivered[] = [];
    const transport = transportTo(cluster, {
      buffer: { maxRecords: 1 },
      closeTimeoutMs: 0,
      key: () => 'k',
      headers: () => ({ a: 'b' }),
      fallback: (undelivered) => void got.push(undelivered),
    });
    const logger = loggerWith(transport);
    logger.warn('one');
    logger.warn('two');
    expect(got).toEqual([
      {
        reason: 'overflow',
        level: 'warn',
        message: 'one',
        topic: TOPIC,
        key: 'k',
        headers: Object.assign(Object.create(null), { a: 'b' }),
        time: expect.any(Number),
        cause: undefined,
      },
    ]);
  });
});

it('may be a winston transport: it gets an info as from a logger, with reason and topic', async () => {
  const cluster = await startCluster();
  await cluster.down();
  const fallback = new Collecting();
  const transport = transportTo(cluster, { buffer: { maxRecords: 1 }, closeTimeoutMs: 0, fallback });
  const logger = loggerWith(transport);
  for (const message of numbered(3)) logger.info(message);
  expect(fallback.infos).toMatchObject([
    {
      level: 'info',
      message: 'record 0',
      topic: TOPIC,
      reason: 'overflow',
      [Symbol.for('message')]: 'record 0',
      [Symbol.for('level')]: 'info',
    },
    { message: 'record 1' },
  ]);
});

it.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('disk full');
    },
  ],
  ['rejects', () => Promise.reject(new Error('disk full'))],
  [
    'throws no error',
    () => {
      throw undefined;
    },
  ],
])('one that %s is counted, told once, and disturbs nothing', async (_, fail) => {
  expectNoUnhandledRejection();
  const lines: string[] = [];
  const print = vi.spyOn(stderrLines, 'print').mockImplementation((line) => void lines.push(line));
  const cluster = await startCluster();
  await cluster.down();
  const transport = transportTo(cluster, {
    buffer: { maxRecords: 5 },
    dropNotice: false,
    fallback: fail as () => void,
  });
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  for (const message of numbered(25)) logger.info(message);
  await cluster.up();
  await transport.flush(Infinity);
  expect(cluster.values(TOPIC)).toEqual(numbered(25).slice(20));
  expect(transport.stats()).toMatchObject({ dropped: { overflow: 20 }, callbackFailures: { fallback: 20 } });
  expect(warnings.filter(({ code }) => code === 'ERR_FALLBACK_FAILED').length).toBe(1);
  expect(warnings.filter(({ code }) => code === 'ERR_RECORDS_DROPPED').length).toBe(1);
  expect(lines.filter((line) => line.includes('the fallback function threw')).length).toBe(1);
  print.mockRestore();
  expectLaw(transport);
});

it('a transport as fallback that emits an error, as winston knows it from File and others, ended the process', async () => {
  const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
  const cluster = await startCluster();
  const fallback = new Collecting();
  const transport = transportTo(cluster, { fallback });
  // Where several have one fallback, one listens.
  transportTo(cluster, { fallback });
  const warnings = warningsOf(transport);
  fallback.emit('error', new Error('disk full'));
  expect(transport.stats().callbackFailures.fallback).toBe(1);
  expect(warnings.map(({ code, message }) => [code, message])).toEqual([
    ['ERR_FALLBACK_FAILED', expect.stringContaining('disk full')],
  ]);
  expect(fallback.listenerCount('error')).toBe(1);
  print.mockRestore();
});

it('a transport as fallback that calls back with an error lost its record without a word', async () => {
  const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
  const cluster = await startCluster();
  const fallback = new Collecting();
  fallback.log = (_info, next: (error?: Error) => void) => next(new Error('disk full'));
  const transport = transportTo(cluster, { buffer: { maxBytes: 5 }, fallback, dropNotice: false });
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  for (const message of numbered(3)) logger.info(message);
  expect(transport.stats().callbackFailures.fallback).toBe(3);
  expect(warnings.map(({ code }) => code)).toEqual(['ERR_FALLBACK_FAILED', 'ERR_RECORDS_DROPPED']);
  print.mockRestore();
});

it('what it logs goes to the other transports, and not to Kafka', async () => {
  const cluster = await startCluster();
  await cluster.down();
  const sibling = new Collecting();
  const transport = transportTo(cluster, {
    buffer: { maxRecords: 1 },
    dropNotice: false,
    fallback: ({ message }) => void logger.error(`undelivered: ${message}`),
  });
  const logger = loggerWith(transport, sibling);
  logger.info('one');
  logger.info('two');
  await cluster.up();
  await transport.flush(Infinity);
  expect(cluster.values(TOPIC)).toEqual(['two']);
  expect(sibling.messages).toEqual(['one', 'two', 'undelivered: one']);
  expect(transport.stats().suppressed.reentrant).toBe(1);
});

it('the same when the broker has refused the record, and the logger is long done with it', async () => {
  const cluster = await startCluster();
  cluster.inject({ api: 'Produce', action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED } });
  const sibling = new Collecting();
  const transport = transportTo(cluster, {
    dropNotice: false,
    fallback: ({ message }) => void logger.error(`undelivered: ${message}`),
  });
  const logger = loggerWith(transport, sibling);
  logger.info('one');
  await transport.flush(Infinity);
  logger.info('two');
  await transport.flush(Infinity);
  expect(cluster.values(TOPIC)).toEqual(['two']);
  expect(sibling.messages).toEqual(['one', 'undelivered: one', 'two']);
});

it('a transport as fallback gets the text, and the reason for its own format', async () => {
  const cluster = await startCluster();
  const plainly = new Collecting();
  const format = winston.format.printf(({ reason, topic, message }) => `${reason} ${topic}: ${message}`);
  const formatted = new Collecting({ format });
  for (const fallback of [plainly, formatted]) {
    const transport = transportTo(cluster, { buffer: { maxBytes: 5 }, fallback, dropNotice: false });
    loggerWith(transport).info('record 0');
  }
  const texts = ({ infos }: Collecting): unknown[] => infos.map((info) => info[Symbol.for('message')]);
  expect(plainly.infos).toMatchObject([{ reason: 'oversize', topic: TOPIC }]);
  expect(texts(plainly)).toEqual(['record 0']);
  expect(texts(formatted)).toEqual([`oversize ${TOPIC}: record 0`]);
});

it("a fallback's format may keep a record out", async () => {
  const cluster = await startCluster();
  const fallback = new Collecting({ format: winston.format(() => false)() });
  const transport = transportTo(cluster, { buffer: { maxBytes: 5 }, fallback, dropNotice: false });
  loggerWith(transport).info('record 0');
  expect(fallback.infos).toEqual([]);
  expect(transport.stats()).toMatchObject({ dropped: { oversize: 1 }, callbackFailures: { fallback: 0 } });
});

it.each([
  ['its level is error', { level: 'error' }, ['error 0', 'error 1']],
  ['its level is info', { level: 'info' }, ['info 0', 'error 0', 'info 1', 'error 1']],
  ['its level is none of the logger', { level: 'loud' }, ['info 0', 'error 0', 'info 1', 'error 1']],
  ['it is silent', { silent: true }, []],
])('a transport as fallback was written past its own level and silent: %s', async (_, options, expected) => {
  const print = vi.spyOn(stderrLines, 'print').mockReturnValue(undefined);
  const fallback = new Collecting(options);
  const cluster = await startCluster();
  const transport = transportTo(cluster, { buffer: { maxBytes: 1 }, fallback, dropNotice: false });
  const logger = loggerWith(transport);
  for (const at of [0, 1]) for (const level of ['info', 'error']) logger.log(level, `${level} ${at}`);
  expect(fallback.messages).toEqual(expected);
  expect(transport.stats().dropped.oversize).toBe(4);
  // The console tells of what no fallback has.
  expect(print.mock.calls.flat().filter((line) => line.includes('is dropping records')).length).toBe(
    expected.length === 4 ? 0 : 1,
  );
  print.mockRestore();
  expectLaw(transport);
});

it("takes what an uncaught exception logs, whose level is 'error' also where the logger has none of that name", () => {
  const fallback = new Collecting({ level: 'fatal' });
  const levels = ['fatal', 'note', 'error'].map((level) => takes(fallback, level, { fatal: 0, note: 1 }));
  expect(levels).toEqual([true, false, true]);
});
