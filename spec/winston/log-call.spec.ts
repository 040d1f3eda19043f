import { executionAsyncId } from 'node:async_hooks';
import { describe, expect, it, vi } from 'vitest';
import winston from 'winston';
import type { KafkaTransport } from '../../lib/index.ts';
import { liveHeap } from '../support/garbage.ts';
import {
  Collecting,
  expectLaw,
  loggerWith,
  numbered,
  START_MS,
  startCluster,
  TOPIC,
  transportTo,
} from '../support/harness.ts';
import { infoOf } from './fixtures/infos.ts';

/** The events of a transport that must never come, and those that may. */
function recordEvents(transport: KafkaTransport): { errors: unknown[]; warnings: unknown[] } {
  const events = { errors: [] as unknown[], warnings: [] as unknown[] };
  transport.on('error', (error) => events.errors.push(error));
  transport.on('warn', (warning) => events.warnings.push(warning));
  return events;
}

describe('log(), as winston wants it', () => {
  it('calls back synchronously, once and without an error', async () => {
    const transport = transportTo(await startCluster());
    const callback = vi.fn();
    expect(transport.log(infoOf('a'), callback)).toBe(true);
    expect(callback.mock.calls).toEqual([[]]);
    await transport.flush(Infinity);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('calls back without an error when the record cannot be read, and when the transport is closed', async () => {
    const transport = transportTo(await startCluster());
    const callback = vi.fn();
    transport.log(null as never, callback);
    await transport.close();
    transport.log(infoOf('late'), callback);
    expect(callback.mock.calls).toEqual([[], []]);
    expect(transport.stats().dropped).toMatchObject({ invalid: 1, closed: 1 });
  });

  it.each([
    ['missing', undefined],
    ['null', null],
    ['no function', 'done'],
  ])('bears with a callback that is %s', async (_, callback) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    expect(transport.log(infoOf('a'), callback as never)).toBe(true);
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['a']);
  });

  it('is not thrown at by a callback that throws: it counts', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const log = () =>
      transport.log(infoOf('a'), () => {
        throw new Error('from the callback');
      });
    expect(log).not.toThrow();
    stderr.mockRestore();
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['a']);
    expect(transport.stats().callbackFailures.listener).toBe(1);
  });

  it('takes two arguments at most, or winston wraps it as a transport of version 2', () => {
    expect(
      Reflect.get(Object.getPrototypeOf(transportTo({ addresses: ['127.0.0.1:1'] } as never)), 'log').length,
    ).toBe(2);
  });

  it('works by hand, without logger, level and callback', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    transport.log({ level: 'info', message: 'no symbols on it', n: 1 });
    transport.log({ level: 'odd', message: 'odd level', [Symbol.for('message')]: 'text' });
    await transport.flush(Infinity);
    expect(transport.stats().callbackFailures.listener).toBe(0);
    expect(cluster.values(TOPIC)).toEqual(['{"level":"info","message":"no symbols on it","n":1}', 'text']);
  });

  it('neither changes nor keeps the info', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { batch: { lingerMs: 50 } });
    const info = infoOf('as it was');
    const before = Reflect.ownKeys(info);
    transport.log(info);
    expect(Reflect.ownKeys(info)).toEqual(before);
    info[Symbol.for('message')] = 'changed';
    info.message = 'changed';
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['as it was']);
  });

  it('adds nothing to what a sibling gets', async () => {
    const cluster = await startCluster();
    const sibling = new Collecting();
    const logger = loggerWith(transportTo(cluster, { format: winston.format.json() }), sibling);
    logger.info('one', { request: 7 });
    await new Promise(setImmediate);
    expect(Object.keys(sibling.infos[0] ?? {})).toEqual(['request', 'level', 'message']);
    expect(sibling.infos[0]?.[Symbol.for('message')]).toBe('one');
  });
});

describe('write(), as the pipe calls it', () => {
  it('queues no tick per record, and holds what it takes in its own buffer', async () => {
    const transport = transportTo(await startCluster(), { buffer: { maxRecords: 1_000 } });
    const logger = loggerWith(transport);
    logger.info('the first one starts the flow of the pipe');
    await transport.flush(Infinity);
    const nextTick = vi.spyOn(process, 'nextTick');
    for (let i = 0; i < 5_000; i++) logger.info('x');
    const ticks = nextTick.mock.calls.length;
    nextTick.mockRestore();
    // winston's own transforms may queue a few, none of them for each record.
    expect(ticks).toBeLessThan(50);
    expect(transport.writableLength).toBe(0);
    expect(transport.stats().buffered.records).toBe(1_000);
    expectLaw(transport);
  });

  it('takes 200,000 records in one turn within the bounds of its buffer', { timeout: 30_000 }, async () => {
    const transport = transportTo(await startCluster(), { buffer: { maxRecords: 1_000 }, dropNotice: false });
    const logger = loggerWith(transport);
    logger.info('warm');
    await transport.flush(Infinity);
    const before = liveHeap();
    for (let i = 0; i < 200_000; i++) logger.info('a record of some length, as they are');
    const grown = liveHeap() - before;
    expect(transport.stats()).toMatchObject({ accepted: 200_001, buffered: { records: 1_000 } });
    expect(transport.stats().dropped.overflow).toBe(199_000);
    // Next to nothing; with a tick on Node's queue for each record it is 36 MB.
    expect(grown).toBeLessThan(5e6);
    expectLaw(transport);
  });

  it('calls back later, as a stream does, and without an error', async () => {
    const transport = transportTo(await startCluster());
    const id = executionAsyncId();
    const calls: unknown[][] = [];
    await new Promise<void>((resolve) => {
      transport.write(infoOf('a'), (...args: unknown[]) => {
        calls.push([executionAsyncId() === id, ...args]);
        resolve();
      });
      expect(calls).toEqual([]);
    });
    await new Promise<void>((resolve) => transport.write(infoOf('b'), 'utf8', () => resolve()));
    expect(calls.map((args) => args.slice(1))).toEqual([[]]);
    await transport.flush(Infinity);
    expect(transport.stats().delivered).toBe(2);
  });

  it('is not held up by cork()', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    transport.cork();
    for (const message of numbered(3)) transport.write(infoOf(message));
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(numbered(3));
  });
});

describe('the error event', () => {
  it('never comes: not for a broker that is away, not for records that are dropped, not for destroy(error)', async () => {
    const cluster = await startCluster();
    await cluster.down();
    const transport = transportTo(cluster, {
      closeTimeoutMs: 100 + START_MS,
      topic: ({ message }) => (message === 'bad' ? 'no topic!' : TOPIC),
      buffer: { maxRecords: 2 },
      clientLog: { level: 'nothing' },
    });
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const events = recordEvents(transport);
    const logger = loggerWith(transport);
    logger.on('error', (error) => events.errors.push(error));
    for (const message of ['bad', ...numbered(5)]) logger.info(message);
    expect(await transport.flush(100)).toMatchObject({ pending: 2 });
    transport.destroy(new Error('by the application'));
    await new Promise((resolve) => transport.once('close', resolve));
    stderr.mockRestore();
    expect(events.errors).toEqual([]);
    expect(events.warnings.map((warning) => (warning as { code: string }).code)).toEqual(
      expect.arrayContaining(['ERR_CALLBACK_FAILED', 'ERR_RECORDS_DROPPED', 'ERR_KAFKA_UNREACHABLE']),
    );
    expect(transport.stats().dropped).toMatchObject({ closed: 2, invalid: 1, overflow: 3 });
  });

  it('never comes when there is no listener for it, which would end the process', async () => {
    const transport = transportTo(await startCluster());
    expect(transport.listenerCount('error')).toBe(0);
    transport.destroy(new Error('by the application'));
    await new Promise((resolve) => transport.once('close', resolve));
    transport.write(infoOf('after destroy'));
    transport.end();
    await new Promise((resolve) => transport.once('finish', resolve));
  });

  it('of a sibling leaves the transport on the logger, which goes on (winston issue 1364)', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    let calls = 0;
    const failing = new winston.transports.Console();
    failing.log = (_info: unknown, next: (error?: Error) => void) => {
      next(++calls % 2 === 0 ? new Error('Error logging!') : undefined);
    };
    const logger = loggerWith(failing, transport);
    const errors: unknown[] = [];
    logger.on('error', (error) => errors.push(error));
    for (const message of numbered(4)) logger.info(message);
    await new Promise(setImmediate);
    await transport.flush(Infinity);
    expect(errors).toHaveLength(2);
    expect(logger.transports).toHaveLength(2);
    expect(logger.transports).toContain(transport);
    expect(cluster.values(TOPIC)).toEqual(numbered(4));
  });
});
