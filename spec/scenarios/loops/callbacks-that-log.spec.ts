import { describe, expect, it } from 'vitest';
import winston from 'winston';
import type { KafkaTransportOptions } from '../../../lib/index.ts';
import {
  Collecting,
  loggerWith,
  numbered,
  plain,
  Slow,
  startCluster,
  TOPIC,
  transportTo,
} from '../../support/harness.ts';
import { bounded, expectNoLoop } from '../../support/loops.ts';

type Log = (what: string) => void;

const CALLBACKS: Record<string, (log: Log) => Partial<KafkaTransportOptions>> = {
  topic: (log) => ({
    topic: ({ message }) => {
      log(`topic of ${message}`);
      return TOPIC;
    },
  }),
  key: (log) => ({
    key: ({ message }) => {
      log(`key of ${message}`);
      return 'a key';
    },
  }),
  headers: (log) => ({
    headers: ({ message }) => {
      log(`headers of ${message}`);
      return { a: 'b' };
    },
  }),
  filter: (log) => ({
    filter: ({ message }) => {
      log(`filter of ${message}`);
      return true;
    },
  }),
  format: (log) => ({
    format: winston.format.combine(
      winston.format((info) => {
        log(`format of ${info.message}`);
        return info;
      })(),
      plain(),
    ),
  }),
};

const LOGGERS: Record<string, (logger: winston.Logger) => winston.Logger> = {
  'the logger': (logger) => logger,
  'a child': (logger) => logger.child({ request: 1 }),
  'a child of a child': (logger) => logger.child({ request: 1 }).child({ user: 2 }),
};

const RECORDS = 30;

describe.each(Object.entries(CALLBACKS))('a %s function that logs', (callback, options) => {
  describe.each(Object.entries(LOGGERS))('to %s', (_kind, derive) => {
    it.each([
      ['a quick sibling', new Collecting()],
      ['a slow sibling, for which winston buffers', new Slow()],
    ])('does not feed itself, beside %s', async (_, sibling) => {
      const cluster = await startCluster();
      const logger = loggerWith(sibling);
      const log = bounded((what: string) => derive(logger).warn(what));
      const transport = transportTo(cluster, options(log));
      logger.add(transport);
      const app = numbered(RECORDS);
      const appLogger = derive(logger);
      for (const message of app) appLogger.info(message);
      if (sibling instanceof Slow) await sibling.has(2 * RECORDS);
      const reentrant = app.map((message) => `${callback} of ${message}`);
      await expectNoLoop({ cluster, transport, sibling, app, reentrant });
    });
  });
});

describe('callbacks that log, all at once', () => {
  it('keep their records out, at whatever moment the logger is let go on', async () => {
    const cluster = await startCluster();
    const sibling = new Slow();
    const logger = loggerWith(sibling);
    const log = bounded((what: string) => logger.child({ in: 'callback' }).debug(what));
    const all = Object.values(CALLBACKS).map((options) => options(log));
    const transport = transportTo(cluster, Object.assign({}, ...all));
    logger.add(transport);
    const app = numbered(20);
    for (const message of app) {
      logger.info(message);
      // Some wait in winston's buffer, others don't.
      if (message.endsWith('5')) await sibling.has(3);
    }
    await sibling.has(app.length * 6);
    expect(transport.stats().suppressed.reentrant).toBe(app.length * 5);
    const reentrant = app.flatMap((message) =>
      Object.keys(CALLBACKS).map((callback) => `${callback} of ${message}`),
    );
    await expectNoLoop({ cluster, transport, sibling, app, reentrant });
  });
});
