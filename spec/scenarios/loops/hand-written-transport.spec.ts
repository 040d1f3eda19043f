import { Kafka, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';
import winston from 'winston';
import TransportStream from 'winston-transport';
import { runGuarded, winstonLogCreator } from '../../../lib/index.ts';
import { Collecting, plain, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectNoLoop } from '../../support/loops.ts';

const AUDIT = 'audit';

it('what a hand-written transport with a Kafka client of its own logs, under runGuarded, is kept out of Kafka', async () => {
  const cluster = await startCluster({ topics: { [TOPIC]: 1, [AUDIT]: 1 } });
  const sibling = new Collecting();
  const logger = winston.createLogger({ level: 'silly', format: plain(), transports: [sibling] });
  const producer = new Kafka({
    brokers: cluster.addresses,
    logLevel: logLevel.DEBUG,
    logCreator: winstonLogCreator(logger),
  }).producer({ createPartitioner: () => () => 0 });
  await producer.connect();

  const sends: Promise<unknown>[] = [];
  const handWritten = new TransportStream({
    level: 'info',
    log: ({ message }: { message: string }, next: () => void) => {
      sends.push(runGuarded(() => producer.send({ topic: AUDIT, messages: [{ value: message }] })));
      next();
    },
  });
  const transport = transportTo(cluster);
  sibling.infos.length = 0;
  logger.add(handWritten).add(transport);

  const app = ['one', 'two', 'three'];
  for (const message of app) {
    logger.info(message);
    await Promise.all(sends);
  }
  expect(sibling.infos.length).toBeGreaterThan(app.length);
  await expectNoLoop({ cluster, transport, sibling, app });
  // Its own lines are at DEBUG, and its level is info: it does not need the guard for itself.
  expect(cluster.values(AUDIT)).toEqual(app);
  logger.remove(handWritten);
  await producer.disconnect();
});
