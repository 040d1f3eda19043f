import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import winston from 'winston';
import type { KafkaTransport } from '../../lib/index.ts';
import type { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { Collecting, numbered, startCluster, TOPIC, transportTo } from '../support/harness.ts';
import { gate } from './fixtures/gate.ts';

/** What winston listens with on the process. Called by hand here: vitest has listeners of its own there. */
interface Handlers {
  readonly exceptions: { _uncaughtException(error: unknown): void };
  readonly rejections: { _unhandledRejection(error: unknown): void };
}

function crash(logger: winston.Logger, error: unknown): void {
  (logger as unknown as Handlers).exceptions._uncaughtException(error);
}

function reject(logger: winston.Logger, error: unknown): void {
  (logger as unknown as Handlers).rejections._unhandledRejection(error);
}

/** winston's own limit, a moment earlier: whoever is told after it was told by winston's timer. */
const WINSTON = 2_999;
/** Less than the transport waits for the record of an exception. */
const SHORT = 1_900;

/** A timer, and not a stopwatch: on a busy machine timers still fire in their order. */
function timeLimit(ms: number): { readonly isOver: boolean } {
  const limit = { isOver: false };
  const timer = setTimeout(() => {
    limit.isOver = true;
  }, ms);
  onTestFinished(() => clearTimeout(timer));
  return limit;
}

const WAIT = { timeout: 4_000 };

/** A logger whose records are the first lines of their messages: winston puts the stack below. */
function loggerOf(options: winston.LoggerOptions): winston.Logger {
  const format = winston.format.printf(({ message }) => String(message).split('\n')[0] ?? '');
  return winston.createLogger({ format, ...options });
}

/** Resolves when winston would have ended the process, to what Kafka has by then. */
async function exited(cluster: BrokerCluster): Promise<string[]> {
  return await new Promise((resolve) => {
    vi.spyOn(process, 'exit').mockImplementation(() => {
      resolve(cluster.values(TOPIC));
      return undefined as never;
    });
  });
}

function handling(cluster: BrokerCluster, more: Parameters<typeof transportTo>[1] = {}): KafkaTransport {
  return transportTo(cluster, {
    handleExceptions: true,
    handleRejections: true,
    batch: { lingerMs: 60_000 },
    ...more,
  });
}

function letGo(logger: winston.Logger): void {
  logger.exceptions.unhandle();
  logger.rejections.unhandle();
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('an exception', () => {
  it.each([
    ['exitOnError', crash, 'uncaughtException: boom'],
    ['exitOnError and a rejection', reject, 'unhandledRejection: boom'],
  ] as const)(
    'with %s is in Kafka, with all before it, when the process ends',
    async (_, happen, message) => {
      const cluster = await startCluster();
      const logger = loggerOf({ transports: [handling(cluster)] });
      const exit = exited(cluster);
      const limit = timeLimit(SHORT);
      for (const text of numbered(10)) logger.info(text);
      happen(logger, new Error('boom'));
      expect(await exit).toEqual([...numbered(10), message]);
      // Not at the end of a time limit: it was told.
      expect(limit.isOver).toBe(false);
      letGo(logger);
    },
  );

  it('does not hold up the end of the process for the 3 s that winston waits when the broker is away', async () => {
    const cluster = await startCluster();
    await cluster.down();
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const logger = loggerOf({ transports: [handling(cluster, { closeTimeoutMs: 10 })] });
    const exit = exited(cluster);
    const limit = timeLimit(WINSTON);
    crash(logger, new Error('boom'));
    await exit;
    expect(limit.isOver).toBe(false);
    letGo(logger);
  });

  it('is waited for when it comes on the heels of one that is survived', async () => {
    const cluster = await startCluster();
    const logger = loggerOf({
      transports: [handling(cluster)],
      exitOnError: ((error: Error) => error.message === 'fatal') as never,
    });
    const exit = exited(cluster);
    const held = gate();
    cluster.inject({ api: 'Produce', action: { hold: held.opened } });
    crash(logger, new Error('harmless'));
    await cluster.until(() => cluster.count(TOPIC) === 1);
    crash(logger, new Error('fatal'));
    held.open();
    expect(await exit).toEqual(['uncaughtException: harmless', 'uncaughtException: fatal']);
    letGo(logger);
  });

  it('passes whatever the level is, and whether or not the logger has it', async () => {
    const cluster = await startCluster();
    const unknownLevel = vi.spyOn(console, 'error').mockReturnValue(undefined);
    const transport = handling(cluster, { level: 'loud' });
    const logger = loggerOf({
      levels: { loud: 0, quiet: 1 },
      level: 'loud',
      transports: [transport],
      exitOnError: false,
    });
    crash(logger, new Error('no level "error" here'));
    reject(logger, new Error('nor here'));
    await vi.waitFor(() => expect(cluster.count(TOPIC)).toBe(2), WAIT);
    expect(unknownLevel).toHaveBeenCalled();
    letGo(logger);
  });

  it('does not pass where the transport does not handle exceptions', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const logger = loggerOf({
      transports: [transport, new Collecting({ handleExceptions: true })],
      exitOnError: false,
    });
    crash(logger, new Error('boom'));
    logger.info('ordinary');
    await new Promise(setImmediate);
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['ordinary']);
    letGo(logger);
  });

  it('does not hold up the end of the process when the transport is silent', async () => {
    const cluster = await startCluster();
    const logger = loggerOf({ transports: [handling(cluster, { silent: true })] });
    const exit = exited(cluster);
    const limit = timeLimit(SHORT);
    crash(logger, new Error('boom'));
    expect(await exit).toEqual([]);
    expect(limit.isOver).toBe(false);
    letGo(logger);
  });

  it('that a format keeps to itself holds it up for less than winston waits, and the records before it are out', async () => {
    const cluster = await startCluster();
    const keep = winston.format((info) => (info.exception === true ? false : info));
    const logger = loggerOf({
      format: winston.format.combine(
        keep(),
        winston.format.printf(({ message }) => String(message)),
      ),
      transports: [handling(cluster)],
    });
    const exit = exited(cluster);
    const limit = timeLimit(WINSTON);
    logger.info('before');
    crash(logger, new Error('boom'));
    const early = timeLimit(SHORT);
    await cluster.until(() => cluster.count(TOPIC) === 1);
    // Looked at now, judged later: until it has ended, the process must not end for real.
    const isEarly = !early.isOver;
    expect(await exit).toEqual(['before']);
    expect(isEarly).toBe(true);
    expect(limit.isOver).toBe(false);
    letGo(logger);
  });
});

describe('an exception that the process survives', () => {
  it('leaves the transport on its logger, and the listeners as they were, however many come at once', async () => {
    const cluster = await startCluster();
    const transport = handling(cluster);
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const onFinish = vi.fn();
    transport.on('finish', onFinish);
    const logger = loggerOf({ transports: [transport], exitOnError: false });
    const listeners = () => ['finish', 'error', 'newListener'].map((name) => transport.listenerCount(name));
    const before = [listeners(), transport.getMaxListeners()];
    for (let at = 0; at < 20; at++) crash(logger, new Error(`boom ${at}`));
    expect([listeners(), transport.getMaxListeners()]).not.toEqual(before);
    await vi.waitFor(() => expect([listeners(), transport.getMaxListeners()]).toEqual(before), WAIT);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    expect(onFinish).not.toHaveBeenCalled();
    expect(logger.transports).toEqual([transport]);
    logger.info('after');
    await new Promise(setImmediate);
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual([...numbered(20, 'uncaughtException: boom'), 'after']);
    letGo(logger);
  });

  it('leaves a limit of listeners that the application has taken off as it is', async () => {
    const transport = handling(await startCluster());
    transport.setMaxListeners(0);
    const logger = loggerOf({ transports: [transport], exitOnError: false });
    const before = transport.listenerCount('finish');
    crash(logger, new Error('boom'));
    expect(transport.listenerCount('finish')).toBeGreaterThan(before);
    expect(transport.getMaxListeners()).toBe(0);
    await vi.waitFor(() => expect(transport.listenerCount('finish')).toBe(before), WAIT);
    expect(transport.getMaxListeners()).toBe(0);
    letGo(logger);
  });

  it('goes to one transport of two loggers from each of them', async () => {
    const cluster = await startCluster();
    const transport = handling(cluster);
    const loggers = [1, 2].map(() => loggerOf({ transports: [transport], exitOnError: false }));
    for (const logger of loggers) crash(logger, new Error('boom'));
    await vi.waitFor(
      () => expect(cluster.values(TOPIC)).toEqual(['uncaughtException: boom', 'uncaughtException: boom']),
      WAIT,
    );
    for (const logger of loggers) letGo(logger);
  });
});

describe('the transport as a handler only', () => {
  it.each([
    ['exceptionHandlers', crash, 'uncaughtException: boom'],
    ['rejectionHandlers', reject, 'unhandledRejection: boom'],
  ] as const)('by %s gets what the process dies of, and nothing else', async (name, happen, message) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { batch: { lingerMs: 60_000 } });
    const logger = loggerOf({ transports: [new Collecting()], [name]: [transport] });
    const exit = exited(cluster);
    logger.info('not for it');
    happen(logger, new Error('boom'));
    expect(await exit).toEqual([message]);
    expect(transport.stats().accepted).toBe(1);
    letGo(logger);
  });

  // winston has the transport end once for each of the two, and once more where it is among the transports: the others waited for a
  // record that never came, for 2 s.
  it.each([
    [{}, crash, ['uncaughtException: boom']],
    [{}, reject, ['unhandledRejection: boom']],
    [{ isTransport: true }, crash, ['uncaughtException: boom', 'uncaughtException: boom']],
  ] as const)(
    'by both holds up the end of the process no longer than by one (%o)',
    async (as, happen, told) => {
      const cluster = await startCluster();
      const transport = transportTo(cluster, { batch: { lingerMs: 60_000 } });
      const handlers = { exceptionHandlers: [transport], rejectionHandlers: [transport] };
      const logger = loggerOf({
        transports: ['isTransport' in as ? transport : new Collecting()],
        ...handlers,
      });
      const exit = exited(cluster);
      const limit = timeLimit(SHORT);
      happen(logger, new Error('boom'));
      expect(await exit).toEqual(told);
      expect(limit.isOver).toBe(false);
      letGo(logger);
    },
  );
});
