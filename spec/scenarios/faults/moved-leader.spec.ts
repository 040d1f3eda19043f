// kafkajs loses records when a leader moves during a send (testing/broker/kafkajs-loses-records-on-a-moved-leader.spec.ts).
// Through the transport none is lost, because a send has one topic and one partition, and its answer is checked.
import { expect, it } from 'vitest';
import { partitionOfKey } from '../../../lib/protocol/murmur2.ts';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import { expectLaw, loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { byPartition, expectExactlyOnce, expectNoUnhandledRejection, turn, watchSends } from './rig.ts';

const RECORDS = 10_000;
const PARTITIONS = 6;

it.each([
  ['without key', undefined],
  ['with 50 keys', ({ message }: { message: string }) => `key ${Number(message) % 50}`],
] as const)('0 of 10,000 records lost, %s, while leaders move under the traffic', async (_, key) => {
  expectNoUnhandledRejection();
  const cluster = await startCluster({ brokers: 3, topics: { [TOPIC]: PARTITIONS } });
  const sends = watchSends(cluster);
  const transport = transportTo(cluster, {
    batch: { maxRecords: 40, lingerMs: 1 },
    ...(key !== undefined && { key }),
  });
  const logger = loggerWith(transport);
  // A third of all sends is answered with "not leader", whether it is true or not.
  let sent = 0;
  cluster.inject({
    api: 'Produce',
    times: Number.POSITIVE_INFINITY,
    when: () => ++sent % 3 === 0,
    action: { error: ERROR.NOT_LEADER_OR_FOLLOWER },
  });
  for (let n = 0; n < RECORDS; n++) {
    logger.info(String(n));
    if (n % 20 === 0) await turn();
    if (n % 250 !== 0) continue;
    const partition = (n / 250) % PARTITIONS;
    cluster.moveLeader(TOPIC, partition, (cluster.leaderOf(TOPIC, partition) + 1) % 3);
  }
  expect(await transport.flush(20_000)).toEqual({ delivered: RECORDS, dropped: 0, pending: 0 });

  expectExactlyOnce(cluster, RECORDS);
  expect(byPartition(cluster).length).toBe(PARTITIONS);
  const refused = cluster.produceRequests.filter(
    ({ errorCode }) => errorCode === ERROR.NOT_LEADER_OR_FOLLOWER,
  );
  expect(refused.length).toBeGreaterThan(40);
  expect(sends.targets.length).toBe(cluster.produceRequests.length);
  expect(transport.stats().retries).toBeGreaterThan(0);
  expectLaw(transport);
});

it('the case that bare kafkajs loses: a leader moves to a broker that has already answered', async () => {
  const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 2 } });
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'].filter((key) => partitionOfKey(key, 2) === 0).slice(0, 1);
  keys.push(...['g', 'h', 'i', 'j', 'k', 'l'].filter((key) => partitionOfKey(key, 2) === 1).slice(0, 1));
  const transport = transportTo(cluster, { key: ({ message }) => keys[Number(message) % 2] ?? null });
  const logger = loggerWith(transport);
  const log = async (from: number): Promise<void> => {
    for (let n = from; n < from + 20; n++) logger.info(String(n));
    await transport.flush(Infinity);
  };
  // The transport knows both leaders: partition 0 on broker 0, partition 1 on broker 1.
  await log(0);
  expect(byPartition(cluster).length).toBe(2);
  cluster.moveLeader(TOPIC, 1, 0);
  // Broker 1 says "not leader" once broker 0 has stored its part.
  cluster.inject({
    api: 'Produce',
    broker: 1,
    action: { hold: cluster.until(() => cluster.count(TOPIC) === 30) },
  });
  await log(20);
  expectExactlyOnce(cluster, 40);
  expect(cluster.produceRequests.filter(({ errorCode }) => errorCode !== 0).length).toBe(1);
});
