import { Kafka, logLevel, type Producer } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type winston from 'winston';
import { winstonLogCreator } from '../../../lib/index.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import {
  Collecting,
  expectLaw,
  loggerWith,
  numbered,
  Slow,
  startCluster,
  TOPIC,
  transportTo,
} from '../../support/harness.ts';
import { expectNoLoop, fallsSilent } from '../../support/loops.ts';

function producerThatLogsTo(logger: winston.Logger, cluster: BrokerCluster): Producer {
  const kafka = new Kafka({
    brokers: cluster.addresses,
    logLevel: logLevel.DEBUG,
    logCreator: winstonLogCreator(logger.child({ client: 'own' })),
    retry: { retries: 0 },
  });
  return kafka.producer({ createPartitioner: () => () => 0, retry: { retries: 0 } });
}

describe("the application's own connected producer, its lines at DEBUG in the same logger", () => {
  it.each([
    ['a quick sibling', new Collecting()],
    ['a slow sibling', new Slow()],
  ])('falls silent within 2 s of the application doing so, beside %s', async (_, sibling) => {
    const cluster = await startCluster();
    const logger = loggerWith(new Collecting());
    const producer = producerThatLogsTo(logger, cluster);
    await producer.connect();
    const transport = transportTo(cluster, { producer });
    logger.add(sibling).add(transport);
    const app = numbered(60);
    for (const message of app) {
      logger.info(message);
      if (message.endsWith('0')) await transport.flush(Infinity);
    }
    await fallsSilent(transport);
    if (sibling instanceof Slow) await sibling.has(app.length);
    expect(cluster.values(TOPIC)).toEqual(app);
    expect(transport.stats()).toMatchObject({ accepted: 60, delivered: 60 });
    expect(transport.stats().suppressed.reentrant).toBeGreaterThan(0);
    expect(sibling.messages.filter((message) => app.includes(message))).toEqual(app);
    expect(new Set(sibling.infos).size).toBe(sibling.infos.length);
    await transport.close();
    await producer.disconnect();
  });

  it("ships the lines of what the application itself does with it, and not those of the transport's sends", async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 1, orders: 1 } });
    const sibling = new Collecting();
    const logger = loggerWith(sibling);
    const producer = producerThatLogsTo(logger, cluster);
    const transport = transportTo(cluster, { producer });
    logger.add(transport);
    await producer.connect();
    for (const order of numbered(5, 'order')) {
      logger.info(`sending ${order}`);
      await producer.send({ topic: 'orders', messages: [{ value: order }] });
    }
    await fallsSilent(transport);
    const shipped = cluster.values(TOPIC);
    expect(cluster.values('orders')).toEqual(numbered(5, 'order'));
    expect(shipped.filter((value) => value.startsWith('sending'))).toEqual(numbered(5, 'sending order'));
    // Its sends: a request and a response each, and nothing of the ones that shipped these very lines.
    const produces = shipped.filter((value) => value.startsWith('Request Produce'));
    expect(produces).toHaveLength(5);
    expect(sibling.infos.length).toBe(shipped.length + transport.stats().suppressed.reentrant);
    expectLaw(transport);
    await transport.close();
    await producer.disconnect();
  });

  it('stays silent through an outage', async () => {
    const cluster = await startCluster();
    const sibling = new Collecting();
    const logger = loggerWith(sibling);
    const producer = producerThatLogsTo(logger, cluster);
    const transport = transportTo(cluster, { producer });
    logger.add(transport);
    logger.info('before');
    await transport.flush(Infinity);
    await cluster.down();
    logger.info('during');
    const failed = new Promise((resolve) => transport.once('warn', resolve));
    await failed;
    await cluster.up();
    await fallsSilent(transport);
    await expectNoLoop({ cluster, transport, sibling, app: ['before', 'during'] });
    await transport.close();
    await producer.disconnect();
  });
});

describe('a factory of producers that log at DEBUG in the same logger', () => {
  it('makes nothing but re-entrant lines, and may log itself', async () => {
    const cluster = await startCluster();
    const sibling = new Collecting();
    const logger = loggerWith(sibling);
    const transport = transportTo(cluster, {
      producer: () => {
        logger.info('making a producer');
        return producerThatLogsTo(logger, cluster);
      },
    });
    logger.add(transport);
    const app = numbered(20);
    for (const message of app) {
      logger.info(message);
      await transport.flush(Infinity);
    }
    await fallsSilent(transport);
    expect(sibling.messages).toContain('making a producer');
    await expectNoLoop({ cluster, transport, sibling, app });
  });
});
