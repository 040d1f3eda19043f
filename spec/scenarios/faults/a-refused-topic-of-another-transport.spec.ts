// Reported: transports with the same `kafka` share a kafkajs client, which asks for the metadata of all their topics at once and fails
// with the error of the first bad one. So a right that was taken away from one topic had the records of others dropped as `rejected`,
// and a missing topic had a transport with another one report an outage.
import { expect, it } from 'vitest';
import type { KafkaTransport } from '../../../lib/index.ts';
import { type BrokerCluster, ERROR } from '../../../testing/broker/broker-cluster.ts';
import { loggerWith, numbered, startCluster, transportTo } from '../../support/harness.ts';
import { expectFlushed, warningsOf } from './rig.ts';

const ROUNDS = 40;

function refuse(cluster: BrokerCluster, topic: string, error: number) {
  return cluster.inject({ api: 'Metadata', topic, times: Number.POSITIVE_INFINITY, action: { error } });
}

/** Has kafkajs ask for metadata anew with the next record for the topic. */
function askAnew(cluster: BrokerCluster, topic: string): void {
  cluster.inject({ api: 'Produce', topic, action: { error: ERROR.NOT_LEADER_OR_FOLLOWER } });
}

/** Both log, one record each at a time. */
async function logBoth(cluster: BrokerCluster, shop: KafkaTransport, other: KafkaTransport): Promise<void> {
  const [shopLogger, otherLogger] = [loggerWith(shop), loggerWith(other)];
  for (let n = 0; n < ROUNDS; n++) {
    otherLogger.info(`other ${n}`);
    shopLogger.info(`shop ${n}`);
    if (n % 4 === 3) askAnew(cluster, 'shop');
    expect(await shop.flush(Infinity)).toMatchObject({ pending: 0 });
  }
}

it.each([
  ['may not be described', ERROR.TOPIC_AUTHORIZATION_FAILED],
  ['has no legal name', ERROR.INVALID_TOPIC_EXCEPTION],
])('a topic that %s has only its own records rejected', async (_, error) => {
  const cluster = await startCluster({ topics: { shop: 1, other: 1 } });
  refuse(cluster, 'other', error);
  const [shop, other] = [
    transportTo(cluster, { topic: 'shop' }),
    transportTo(cluster, { topic: 'other', dropNotice: false }),
  ];
  const warnings = warningsOf(shop);
  await logBoth(cluster, shop, other);
  await other.flush(Infinity);
  expect(other.stats().dropped.rejected).toBe(ROUNDS);
  expect(shop.stats()).toMatchObject({ delivered: ROUNDS, dropped: { rejected: 0 }, state: 'up' });
  expect([...new Set(cluster.values('shop'))]).toEqual(numbered(ROUNDS, 'shop'));
  expect(warnings).toEqual([]);
});

it('a topic that is missing is no outage of the others, and its records arrive when it is there', async () => {
  const cluster = await startCluster({ topics: { shop: 1 } });
  const [shop, other] = [transportTo(cluster, { topic: 'shop' }), transportTo(cluster, { topic: 'other' })];
  const warnings = warningsOf(shop);
  await logBoth(cluster, shop, other);
  expect(shop.stats()).toMatchObject({ delivered: ROUNDS, reconnects: 0, state: 'up' });
  expect(warnings).toEqual([]);
  cluster.createTopic('other', 1);
  await expectFlushed(other, ROUNDS);
  expect(cluster.values('other')).toEqual(numbered(ROUNDS, 'other'));
});

it('a right that is taken away while both log, and given back', async () => {
  const cluster = await startCluster({ topics: { shop: 1, other: 1 } });
  const [shop, other] = [transportTo(cluster, { topic: 'shop' }), transportTo(cluster, { topic: 'other' })];
  const [shopLogger, otherLogger] = [loggerWith(shop), loggerWith(other)];
  shopLogger.info('shop 0');
  otherLogger.info('other 0');
  await Promise.all([expectFlushed(shop, 1), expectFlushed(other, 1)]);
  const fault = refuse(cluster, 'other', ERROR.TOPIC_AUTHORIZATION_FAILED);
  askAnew(cluster, 'shop');
  for (const message of numbered(20, 'shop').slice(1)) shopLogger.info(message);
  await expectFlushed(shop, 20);
  expect(cluster.values('shop')).toEqual(numbered(20, 'shop'));
  otherLogger.info('other 1');
  await other.flush(Infinity);
  expect(other.stats()).toMatchObject({ delivered: 1, dropped: { rejected: 1 } });
  fault.remove();
  otherLogger.info('other 2');
  await other.flush(Infinity);
  // Beside these, the notice of what was dropped.
  expect(cluster.values('other').filter((value) => value.startsWith('other'))).toEqual([
    'other 0',
    'other 2',
  ]);
});

it('of several topics of one transport, each send fails for its own', async () => {
  const cluster = await startCluster({ topics: { shop: 1, other: 1 } });
  refuse(cluster, 'other', ERROR.TOPIC_AUTHORIZATION_FAILED);
  const lost: string[] = [];
  const transport = transportTo(cluster, {
    topic: ({ message }) => message.split(' ')[0] ?? '',
    dropNotice: false,
    fallback: ({ message, reason }) => void lost.push(`${reason}: ${message}`),
  });
  const logger = loggerWith(transport);
  for (let n = 0; n < ROUNDS; n++)
    for (const topic of ['shop', 'other', 'missing']) logger.info(`${topic} ${n}`);
  await cluster.until(() => cluster.count('shop') === ROUNDS);
  cluster.createTopic('missing', 1);
  expect(await transport.flush(Infinity)).toEqual({ delivered: 2 * ROUNDS, dropped: ROUNDS, pending: 0 });
  expect(cluster.values('shop')).toEqual(numbered(ROUNDS, 'shop'));
  expect(cluster.values('missing')).toEqual(numbered(ROUNDS, 'missing'));
  expect(lost.filter((line) => !line.startsWith('rejected: other'))).toEqual([]);
});
