import { Kafka, logLevel } from 'kafkajs';
import { expect, it, onTestFinished } from 'vitest';
import { hopsOf, type KafkaTransportOptions } from '../../../../lib/index.ts';
import type { BrokerCluster } from '../../../../testing/broker/broker-cluster.ts';
import { expectLaw, startCluster, TOPIC } from '../../../support/harness.ts';
import { expectEnded, type Scene, scene } from './rig.ts';

const OTHER = 'other-logs';

type Consumed = { value: string; headers: Readonly<Record<string, unknown>> | undefined };

async function consume(
  cluster: BrokerCluster,
  topic: string,
  onMessage: (message: Consumed) => void,
): Promise<void> {
  const kafka = new Kafka({ brokers: cluster.addresses, logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `of ${topic}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  onTestFinished(() => consumer.disconnect());
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => onMessage({ value: String(message.value), headers: message.headers }),
  });
}

const isConsumed = (message: string): boolean => message.startsWith('consumed');

/** Two that log what they hear from each other; the first of them has something to say. */
async function twoServices(
  ofTwo: Pick<KafkaTransportOptions, 'loopDetection'> = {},
): Promise<{ cluster: BrokerCluster; one: Scene; two: Scene }> {
  const cluster = await startCluster({ topics: { [TOPIC]: 1, [OTHER]: 1 } });
  const one = await scene({}, cluster);
  const two = await scene({ topic: OTHER, ...ofTwo }, cluster);
  await consume(cluster, OTHER, ({ value }) => one.logger.info(`one heard: ${value}`));
  await consume(cluster, TOPIC, ({ value }) => two.logger.info(`two heard: ${value}`));
  one.logger.info('the first');
  return { cluster, one, two };
}

it('a consumer that logs what it consumes is found', async () => {
  const it = await scene();
  await consume(it.cluster, TOPIC, ({ value }) => it.logger.info(`consumed ${value}`));
  it.logger.info('the first');
  await expectEnded(it, isConsumed, ['the first']);
});

it('two services that log what they hear from each other are found by the one that watches', async () => {
  const { cluster, one, two } = await twoServices({ loopDetection: false });
  await expectEnded(one, (message) => message.startsWith('one heard'), ['the first']);
  await two.transport.flush();
  expect(two.undelivered).toEqual([]);
  expect(cluster.values(OTHER)).toEqual(two.sibling.messages);
});

// Each may hold just when the other does: then one of them has to give way, and it takes some rounds more.
it('two services that log what they hear from each other, and both watch, are found by one of them', async () => {
  const { cluster, one, two } = await twoServices();
  const finder = await Promise.race([one.found.then(() => one), two.found.then(() => two)]);
  await expectEnded(
    finder,
    (message) => /^(one|two) heard/.test(message),
    finder === one ? ['the first'] : [],
  );
  const other = finder === one ? two : one;
  await other.transport.flush();
  expect(other.undelivered).toEqual([]);
  expect(cluster.values(other.topic)).toEqual(other.sibling.messages);
  expectLaw(other.transport);
});

it('with loopHeader, such a consumer is stopped after five rounds, without a flush being held', async () => {
  const it = await scene({ loopHeader: true, loopDetection: false });
  await consume(it.cluster, TOPIC, ({ value, headers }) =>
    it.logger.child(hopsOf(headers)).info(`consumed ${value}`),
  );
  it.logger.info('the first');
  const { error } = await it.found;
  expect(error.message).toContain('as their header says');
  await it.transport.flush();
  expect(it.cluster.records(TOPIC).map(({ headers }) => String(headers['log-hops']))).toEqual([
    '1',
    '2',
    '3',
    '4',
    '5',
  ]);
  expect(it.undelivered).toMatchObject([{ reason: 'loop', message: it.sibling.messages.at(-1) }]);
  expect(it.transport.stats()).toMatchObject({
    accepted: 5,
    delivered: 5,
    loops: 1,
    suppressed: { loop: 1 },
  });
});
