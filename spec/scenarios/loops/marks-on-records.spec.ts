import { describe, expect, it } from 'vitest';
import winston from 'winston';
import TransportStream from 'winston-transport';
import { runGuarded } from '../../../lib/index.ts';
import {
  Collecting,
  loggerWith,
  plain,
  Slow,
  startCluster,
  TOPIC,
  transportTo,
} from '../../support/harness.ts';
import { bounded, expectNoLoop } from '../../support/loops.ts';

const LEVEL = Symbol.for('level');
const MESSAGE = Symbol.for('message');

/** Hands on what it gets to another logger, in one way or the other. */
class Forwarding extends TransportStream {
  constructor(forward: (info: winston.Logform.TransformableInfo) => void) {
    super({
      log: (info: winston.Logform.TransformableInfo, next: () => void) => {
        forward(info);
        next();
      },
    });
  }
}

describe('a record that a sibling hands on to a second logger with a KafkaTransport', () => {
  it.each<[string, (second: winston.Logger, info: winston.Logform.TransformableInfo) => void]>([
    ['the info itself', (second, info) => void second.write(info)],
    ['a copy of the info', (second, info) => void second.log({ ...info } as winston.LogEntry)],
    [
      'a new record with its message',
      (second, { level, message }) => void second.log(level, message as string),
    ],
  ])('stays out if it is re-entrant, and gets there if not: %s', async (_, forward) => {
    const cluster = await startCluster({ topics: { [TOPIC]: 1, second: 1 } });
    const onSecond = new Collecting();
    const log = bounded((what: string) => void logger.info(what));
    const secondTransport = transportTo(cluster, {
      topic: 'second',
      key: ({ message }) => {
        log(`key of ${message}`);
        return null;
      },
    });
    const second = loggerWith(onSecond, secondTransport);
    const transport = transportTo(cluster);
    const sibling = new Collecting();
    const logger = loggerWith(sibling, transport, new Forwarding((info) => forward(second, info)));
    for (const message of ['one', 'two']) logger.info(message);
    await runGuarded(async () => {
      await null;
      logger.info('guarded');
    });
    const app = ['one', 'two'];
    const reentrant = ['key of one', 'key of two', 'guarded'];
    await expectNoLoop({ cluster, transport, sibling, app, reentrant });
    await expectNoLoop({
      cluster,
      transport: secondTransport,
      sibling: onSecond,
      app,
      reentrant,
      topic: 'second',
    });
  });

  it("is judged by the second logger's level, not by that of the first", async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 1, second: 1 } });
    const onTwo = transportTo(cluster);
    const onSecond = transportTo(cluster, { topic: 'second' });
    const second = loggerWith(onSecond);
    second.level = 'warn';
    const logger = loggerWith(onTwo, new Forwarding((info) => void second.write(info)));
    loggerWith(onTwo);
    logger.info('info');
    logger.warn('warn');
    await onTwo.flush(Infinity);
    await onSecond.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['info', 'warn']);
    expect(cluster.values('second')).toEqual(['warn']);
  });
});

describe('one and the same object', () => {
  it.each<[string, () => Error]>([
    ['an Error', () => new Error('broken')],
    [
      'an Error that is not extensible',
      () =>
        Object.preventExtensions(
          Object.assign(new Error('broken'), { level: '', [LEVEL]: '', [MESSAGE]: '' }),
        ),
    ],
    ['an object with a message', () => ({ message: 'broken' }) as Error],
  ])(
    'logged by the application before and after it was logged re-entrantly is not kept out: %s',
    async (_, make) => {
      for (const sibling of [new Collecting(), new Slow()]) {
        const cluster = await startCluster();
        const transport = transportTo(cluster);
        const logger = loggerWith(sibling, transport);
        const error = make();
        logger.error(error);
        await runGuarded(async () => void logger.warn(error));
        logger.error(error);
        if (sibling instanceof Slow) await sibling.has(3);
        await transport.flush(Infinity);
        expect(cluster.values(TOPIC)).toEqual(['broken', 'broken']);
        expect(sibling.messages).toEqual(['broken', 'broken', 'broken']);
        expect(transport.stats().suppressed.reentrant).toBe(1);
      }
    },
  );

  it('returned by a format for every record carries no mark from one to the next', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const shared = {} as winston.Logform.TransformableInfo;
    const format = winston.format((info) => Object.assign(shared, info))();
    const logger = winston.createLogger({
      level: 'silly',
      format: winston.format.combine(format, plain()),
      transports: [transport],
    });
    logger.info('one');
    await runGuarded(async () => void logger.info('re-entrant'));
    logger.info('two');
    await transport.flush(Infinity);
    expect(cluster.values(TOPIC)).toEqual(['one', 'two']);
    expect(transport.stats().suppressed.reentrant).toBe(1);
  });
});

describe('infos that are hard to mark', () => {
  const text = { level: 'info', [LEVEL]: 'info', message: 'm', [MESSAGE]: 'm' };
  const throwing = (): never => {
    throw new Error('a trap');
  };

  it.each<[string, () => object]>([
    ['a frozen one', () => Object.freeze({ ...text })],
    ['a sealed Error', () => Object.seal(Object.assign(new Error('m'), text))],
    ['a Proxy that does not list what it has', () => new Proxy({ ...text }, { ownKeys: throwing })],
    [
      'an Error without a readable stack',
      () => Object.defineProperty(Object.assign(new Error('m'), text), 'stack', { get: throwing }),
    ],
    ['a function', () => Object.assign(() => undefined, text)],
  ])('%s is kept out when it is re-entrant, and only then', async (_, make) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    const sibling = new Collecting();
    const format = winston.format((info) => info)();
    const logger = winston.createLogger({ level: 'silly', format, transports: [transport, sibling] });
    logger.write(make());
    await runGuarded(async () => void logger.write(make()));
    logger.write(make());
    await transport.flush(Infinity);
    expect(cluster.count(TOPIC)).toBe(2);
    expect(sibling.messages).toEqual(['m', 'm', 'm']);
    expect(transport.stats().suppressed.reentrant).toBe(1);
  });
});

describe('the mark', () => {
  const { combine, errors, json, metadata, simple, splat, timestamp, uncolorize } = winston.format;
  const rebuilt = winston.format(({ level, message }) => ({ level, message, [LEVEL]: level }));
  const frozen = winston.format(({ level, message }) =>
    Object.freeze({ level, message, [LEVEL]: level, [MESSAGE]: String(message) }),
  );

  it.each<[string, winston.Logform.Format]>([
    ['errors and json', combine(errors({ stack: true }), json())],
    ['splat and simple', combine(splat(), simple())],
    ['timestamp, metadata and json', combine(timestamp(), metadata(), json())],
    ['one that builds a new info', combine(rebuilt(), uncolorize(), json())],
    ['one that builds a new, frozen info', frozen()],
  ])('outlives the formats %s', async (_, format) => {
    for (const sibling of [new Collecting(), new Slow()]) {
      const cluster = await startCluster();
      const transport = transportTo(cluster);
      const logger = winston.createLogger({ level: 'silly', format, transports: [sibling, transport] });
      const guarded = (fn: () => unknown): Promise<unknown> => runGuarded(async () => fn());
      logger.info('number %d', 1, { user: 7 });
      await guarded(() => logger.info('number %d', 2, { user: 8 }));
      logger.child({ a: 1 }).error(new Error('third'));
      await guarded(() => logger.child({ a: 1 }).error(new Error('fourth')));
      if (sibling instanceof Slow) await sibling.has(4);
      await transport.flush(Infinity);
      expect(sibling.infos).toHaveLength(4);
      const texts = sibling.infos.map((info) => info[MESSAGE]);
      expect(cluster.values(TOPIC)).toEqual([texts[0], texts[2]]);
      expect(transport.stats().suppressed.reentrant).toBe(2);
    }
  });

  it('does not show in what the siblings write', async () => {
    const cluster = await startCluster();
    const sibling = new Collecting();
    const logger = winston.createLogger({ format: json(), transports: [sibling, transportTo(cluster)] });
    await runGuarded(async () => void logger.info('a record', { user: 7 }));
    expect(sibling.infos.map((info) => info[MESSAGE])).toEqual([
      '{"level":"info","message":"a record","user":7}',
    ]);
  });
});
