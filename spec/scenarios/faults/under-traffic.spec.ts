// Brokers that die and come back one after the other, and networks that fail, while an application logs: what the rows of
// spec/kafka/ do to a real Kafka for minutes, here in seconds.
import { describe, expect, it } from 'vitest';
import type { KafkaTransport } from '../../../lib/index.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { FaultyNetwork } from '../../support/faulty-network.ts';
import { loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import {
  expectAtLeastOnce,
  expectExactlyOnce,
  expectFlushed,
  expectNoUnhandledRejection,
  turn,
} from './rig.ts';

const BROKERS = 3;
const PARTITIONS = 3;

/** Logs some records a turn, for as long as something is done to the brokers. @returns how many */
async function logWhile(transport: KafkaTransport, act: () => Promise<void>): Promise<number> {
  const logger = loggerWith(transport);
  let logged = 0;
  let isOver = false;
  const done = act().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    if (transport.stats().buffered.records < 5_000) {
      for (let n = 0; n < 5; n++) logger.info(`record ${logged++}`);
    }
    await turn();
  }
  await done;
  return logged;
}

/** Until so many more have arrived. */
async function arrive(cluster: BrokerCluster, more: number): Promise<void> {
  const enough = cluster.count(TOPIC) + more;
  await cluster.until(() => cluster.count(TOPIC) >= enough);
}

/** A broker ends, and the others lead its partitions. */
async function end(cluster: BrokerCluster, broker: number): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    if (cluster.leaderOf(TOPIC, partition) !== broker) continue;
    cluster.moveLeader(TOPIC, partition, (broker + 1) % BROKERS);
  }
  await cluster.down(broker);
}

describe.each([true, false])('idempotent: %s', (idempotent) => {
  async function run(
    act: (cluster: BrokerCluster, network: FaultyNetwork) => Promise<void>,
    requestTimeoutMs = 10_000,
  ): Promise<void> {
    expectNoUnhandledRejection();
    const cluster = await startCluster({ brokers: BROKERS, topics: { [TOPIC]: PARTITIONS } });
    const network = new FaultyNetwork();
    const transport = transportTo(cluster, {
      kafka: { brokers: cluster.addresses, socketFactory: network.factory },
      idempotent,
      requestTimeoutMs,
      batch: { maxRecords: 25, lingerMs: 1 },
    });
    const logged = await logWhile(transport, () => act(cluster, network));
    await expectFlushed(transport, logged);
    if (idempotent) expectExactlyOnce(cluster, logged);
    else expectAtLeastOnce(cluster, logged);
  }

  it('the leader is killed and started again, ten times', () =>
    run(async (cluster) => {
      for (let n = 0; n < 10; n++) {
        await arrive(cluster, 100);
        const leader = cluster.leaderOf(TOPIC, 0);
        await end(cluster, leader);
        await arrive(cluster, 100);
        await cluster.up(leader);
      }
    }));

  it('all three are restarted, one after the other', () =>
    run(async (cluster) => {
      for (let broker = 0; broker < BROKERS; broker++) {
        await arrive(cluster, 200);
        await end(cluster, broker);
        await arrive(cluster, 200);
        await cluster.up(broker);
      }
    }));

  it('the network is cut, half-open and slow', () =>
    run(async (cluster, network) => {
      for (let n = 0; n < 3; n++) {
        await arrive(cluster, 100);
        network.cut();
        await arrive(cluster, 100);
        network.deafen();
        await arrive(cluster, 500);
        const speedUp = network.slow(20);
        await arrive(cluster, 300);
        speedUp();
      }
    }, 300));
});

it('without idempotence, some of that makes duplicates: otherwise nothing would have been cut short', async () => {
  const cluster = await startCluster({ topics: { [TOPIC]: 1 } });
  const network = new FaultyNetwork();
  const transport = transportTo(cluster, {
    kafka: { brokers: cluster.addresses, socketFactory: network.factory },
    requestTimeoutMs: 300,
  });
  const logged = await logWhile(transport, async () => {
    await arrive(cluster, 100);
    network.deafen();
    await arrive(cluster, 500);
  });
  await expectFlushed(transport, logged);
  expectAtLeastOnce(cluster, logged);
  expect(cluster.count(TOPIC)).toBeGreaterThan(logged);
});
