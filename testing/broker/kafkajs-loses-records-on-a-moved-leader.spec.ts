// A documented loss of kafkajs 2.2.4 (src/producer/sendMessages.js): `responsePerBroker` is created once,
// outside the retrier. A broker that has answered is skipped when the send is tried again, although the batch
// is distributed anew: partitions that have moved to that broker meanwhile are sent nowhere, and send() resolves.
import { expect, it } from 'vitest';
import { BrokerCluster } from './broker-cluster.ts';
import { connectedProducer } from './kafkajs-client.ts';

it('a bare kafkajs producer loses a partition whose leader moves to a broker that has answered', async () => {
  const cluster = await BrokerCluster.start({ brokers: 2, topics: { logs: 2 } });
  const producer = await connectedProducer(cluster);
  const recordsFor = (partition: number, name: string): { partition: number; value: string }[] =>
    Array.from({ length: 5 }, (_, i) => ({ partition, value: `${name}-${i}` }));

  // The producer knows both leaders: partition 0 on broker 0, partition 1 on broker 1.
  await producer.send({ topic: 'logs', messages: [...recordsFor(0, 'warm'), ...recordsFor(1, 'warm')] });
  cluster.moveLeader('logs', 1, 0);
  // Broker 1 says NOT_LEADER_OR_FOLLOWER once broker 0 has stored its part.
  const answered = cluster.until(() => cluster.count('logs') === 15);
  cluster.inject({ api: 'Produce', broker: 1, action: { hold: answered } });
  const metadata = await producer.send({
    topic: 'logs',
    messages: [...recordsFor(0, 'kept'), ...recordsFor(1, 'lost')],
  });

  expect(metadata.map(({ partition, errorCode }) => [partition, errorCode])).toEqual([[0, 0]]);
  expect(cluster.values('logs').filter((value) => value.startsWith('kept'))).toHaveLength(5);
  expect(cluster.values('logs').filter((value) => value.startsWith('lost'))).toEqual([]);
  expect(
    cluster.produceRequests
      .slice(2)
      .map(({ broker, partition, errorCode }) => [broker, partition, errorCode]),
  ).toEqual([
    [0, 0, 0],
    [1, 1, 6],
  ]);
  await producer.disconnect();
  await cluster.stop();
});
