import { Kafka, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';
import winston from 'winston';
import { winstonLogCreator } from '../../../lib/index.ts';
import { Collecting, expectLaw, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { fallsSilent } from '../../support/loops.ts';

const MESSAGE = Symbol.for('message');

it.each([
  ['is silent', false],
  ['logs to the same logger, at DEBUG, too', true],
])('the lines of the other Kafka clients reach Kafka, when the shipping client %s', async (_, isLoud) => {
  const cluster = await startCluster({ topics: { [TOPIC]: 1, orders: 1 } });
  const sibling = new Collecting();
  const logger = winston.createLogger({
    level: 'silly',
    format: winston.format.printf(({ client = 'app', message }) => `${client}: ${message}`),
    transports: [sibling],
  });
  const linesOf = (client: string): winston.Logger => logger.child({ client });
  const ship = { logLevel: logLevel.DEBUG, logCreator: winstonLogCreator(linesOf('ship')) };
  const transport = transportTo(cluster, {
    clientLog: { level: isLoud ? 'debug' : 'nothing' },
    kafka: { brokers: cluster.addresses, ...(isLoud && ship) },
  });
  logger.add(transport);

  const kafka = new Kafka({
    brokers: cluster.addresses,
    logLevel: logLevel.DEBUG,
    logCreator: winstonLogCreator(linesOf('orders')),
  });
  const producer = kafka.producer({ createPartitioner: () => () => 0 });
  const consumer = kafka.consumer({ groupId: 'billing', maxWaitTimeInMs: 20 });
  const orders = numbered(5, 'order');
  const consumed: string[] = [];
  const done = new Promise<void>((resolve) => {
    void producer.connect().then(async () => {
      await consumer.subscribe({ topic: 'orders', fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ message }) => {
          consumed.push(String(message.value));
          logger.info(`got ${message.value}`);
          if (consumed.length === orders.length) resolve();
        },
      });
      for (const value of orders) await producer.send({ topic: 'orders', messages: [{ value }] });
    });
  });
  await done;
  await consumer.disconnect();
  await producer.disconnect();
  await fallsSilent(transport);

  const logged = sibling.infos.map((info) => String(info[MESSAGE]));
  const innocent = logged.filter((line) => !line.startsWith('ship: '));
  expect(cluster.values(TOPIC)).toEqual(innocent);
  expect(innocent.filter((line) => line.startsWith('app: '))).toEqual(
    orders.map((order) => `app: got ${order}`),
  );
  const namespaces = new Set(
    sibling.infos.filter(({ client }) => client === 'orders').map((info) => info.namespace),
  );
  expect([...namespaces]).toEqual(expect.arrayContaining(['Connection', 'Consumer', 'ConsumerGroup']));
  expect(logged.length > innocent.length).toBe(isLoud);
  expect(transport.stats().suppressed.reentrant).toBe(logged.length - innocent.length);
  expectLaw(transport);
});
