import { once } from 'node:events';
import { type logCreator, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type winston from 'winston';
import { winstonLogCreator } from '../../../lib/index.ts';
import { Collecting, loggerWith, numbered, Slow, startCluster, transportTo } from '../../support/harness.ts';
import { bounded, expectNoLoop, fallsSilent } from '../../support/loops.ts';

type Defer = (log: () => void) => void;

/** One that puts its lines off. */
function handWritten(logger: winston.Logger, defer: Defer): logCreator {
  const log = bounded((line: string) => logger.debug(line));
  return () => (entry) => defer(() => log(`kafkajs: ${entry.log.message}`));
}

const CREATORS: Record<string, (logger: winston.Logger) => logCreator> = {
  'winstonLogCreator(logger)': (logger) => winstonLogCreator(logger),
  'one that logs at once': (logger) => handWritten(logger, (log) => log()),
  'one that logs in the next turn': (logger) => handWritten(logger, (log) => void setImmediate(log)),
  'one that logs after a promise': (logger) => handWritten(logger, (log) => void Promise.resolve().then(log)),
  'one that logs after a timer and a promise': (logger) =>
    handWritten(logger, (log) => void setTimeout(() => void Promise.resolve().then(log), 1)),
};

describe.each(Object.entries(CREATORS))("the own client's logCreator at DEBUG, %s", (_name, creator) => {
  it.each([
    ['a quick sibling', new Collecting()],
    ['a slow sibling', new Slow()],
  ])('never ships what it ships by, beside %s', async (_, sibling) => {
    const cluster = await startCluster();
    const logger = loggerWith(sibling);
    const transport = transportTo(cluster, {
      clientLog: { level: 'debug' },
      kafka: { brokers: cluster.addresses, logLevel: logLevel.DEBUG, logCreator: creator(logger) },
    });
    logger.add(transport);
    const app = numbered(40);
    for (const message of app) {
      logger.info(message);
      if (message.endsWith('0')) await transport.flush(Infinity);
    }
    await fallsSilent(transport);
    expect(sibling.infos.length).toBeGreaterThan(app.length);
    await expectNoLoop({ cluster, transport, sibling, app });
  });

  it('neither during an outage', async () => {
    const cluster = await startCluster();
    const sibling = new Collecting();
    const logger = loggerWith(sibling);
    const transport = transportTo(cluster, {
      kafka: { brokers: cluster.addresses, logLevel: logLevel.DEBUG, logCreator: creator(logger) },
      clientLog: { level: 'debug' },
    });
    logger.add(transport);
    logger.info('before');
    await transport.flush(Infinity);
    await cluster.down();
    const warned = once(transport, 'warn');
    logger.info('during');
    await warned;
    await cluster.up();
    await transport.flush(Infinity);
    logger.info('after');
    await fallsSilent(transport);
    expect(sibling.messages.some((line) => line.includes('Connection error'))).toBe(true);
    await expectNoLoop({ cluster, transport, sibling, app: ['before', 'during', 'after'] });
  });
});

describe("the own client's logCreator", () => {
  it('is not broken by, and does not end the process for, an async function that fails', async () => {
    const cluster = await startCluster();
    const fails = async (): Promise<void> => {
      await null;
      throw new Error('no disk');
    };
    const transport = transportTo(cluster, {
      clientLog: { level: 'debug' },
      kafka: { brokers: cluster.addresses, logCreator: () => fails as never },
    });
    const sibling = new Collecting();
    const logger = loggerWith(transport, sibling);
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', note);
    logger.info('a record');
    await expectNoLoop({ cluster, transport, sibling, app: ['a record'] });
    await transport.close();
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
  });
});
