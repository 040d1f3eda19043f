// With a spool, a topic that did not exist stopped every other one: memory was full of records that could not be sent, what
// was on disk waited for room in memory, and what was new went to disk behind it. What holds one queue (a topic, or a
// partition of it) must cost that queue alone: in memory, on disk, and in the next process.
import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { KafkaTransport, KafkaTransportOptions } from '../../../lib/index.ts';
import { partitionOfKey } from '../../../lib/protocol/murmur2.ts';
import { type BrokerCluster, ERROR } from '../../../testing/broker/broker-cluster.ts';
import { expectNoUnhandledRejection, turn, warningsOf } from '../../scenarios/faults/rig.ts';
import { directoryOfSpec, filesIn } from '../../spool/rig.ts';
import { expectLaw, loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';

const ALWAYS = Number.POSITIVE_INFINITY;
const UNTIL_MS = 20_000;

interface Cause {
  readonly name: string;
  /** Where the records go that cannot be sent; all others go to TOPIC. */
  readonly topic: string;
  readonly keys?: { readonly stuck: string; readonly other: string };
  /** @returns what ends it */
  hold(
    cluster: BrokerCluster,
  ): Promise<() => Promise<unknown> | undefined> | (() => undefined | Promise<unknown>);
}

const partitionOf = partitionOfKey;
const keyOf = (partition: number): string => {
  let n = 0;
  while (partitionOf(`key ${n}`, 2) !== partition) n++;
  return `key ${n}`;
};
const keys = { stuck: keyOf(1), other: keyOf(0) };

const failing = (cluster: BrokerCluster, topic: string, error: number, partition?: number) => {
  const target = { topic, ...(partition !== undefined && { partition }) };
  const fault = cluster.inject({ api: 'Produce', ...target, times: ALWAYS, action: { error } });
  return () => void fault.remove();
};

const causes: Cause[] = [
  {
    name: 'a topic that does not exist',
    topic: 'later',
    hold: (cluster) => () => void cluster.createTopic('later', 2),
  },
  {
    name: 'a topic that is deleted',
    topic: 'other',
    hold: (cluster) => {
      cluster.deleteTopic('other');
      return () => void cluster.createTopic('other', 2);
    },
  },
  {
    name: 'a topic with too few replicas in sync',
    topic: 'other',
    hold: (cluster) => failing(cluster, 'other', ERROR.NOT_ENOUGH_REPLICAS),
  },
  {
    name: 'a topic whose partitions have no leader',
    topic: 'other',
    hold: (cluster) => {
      const fault = cluster.inject({
        api: 'Metadata',
        topic: 'other',
        times: ALWAYS,
        action: { error: ERROR.LEADER_NOT_AVAILABLE, partitions: [0, 1] },
      });
      const produce = failing(cluster, 'other', ERROR.NOT_LEADER_OR_FOLLOWER);
      return () => {
        fault.remove();
        return produce();
      };
    },
  },
  {
    name: 'a topic whose only broker is away',
    topic: 'single',
    hold: async (cluster) => {
      cluster.moveLeader('single', 0, 1);
      cluster.moveLeader(TOPIC, 1, 0);
      await cluster.down(1);
      return () => cluster.up(1);
    },
  },
  {
    name: 'a broker that leads the partition of some keys, and is away',
    topic: TOPIC,
    keys,
    hold: async (cluster) => {
      await cluster.down(1);
      return () => cluster.up(1);
    },
  },
  {
    name: 'a partition of some keys between two leaders',
    topic: TOPIC,
    keys,
    hold: (cluster) => failing(cluster, TOPIC, ERROR.NOT_LEADER_OR_FOLLOWER, 1),
  },
  {
    name: 'a partition of some keys whose disk is full',
    topic: TOPIC,
    keys,
    hold: (cluster) => failing(cluster, TOPIC, ERROR.KAFKA_STORAGE_ERROR, 1),
  },
];

/** The numbers of what arrived with this name, each once. */
function arrived(cluster: BrokerCluster, topic: string, name: string): number[] {
  const values = cluster.records(topic).map(({ value }) => value.toString());
  const numbers = values
    .filter((value) => value.startsWith(name))
    .map((value) => Number(value.split(' ')[1]));
  return [...new Set(numbers)];
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const sorted = (numbers: number[]): number[] => numbers.sort((a, b) => a - b);

const table = causes.flatMap((cause) =>
  (['overflow', 'always'] as const).flatMap((mode) => [
    { cause: cause.name, mode, worker: false, hold: cause },
    { cause: cause.name, mode, worker: true, hold: cause },
  ]),
);

it.each(table)(
  '$cause holds only its own records ($mode, worker: $worker)',
  { timeout: 60_000 },
  async ({ hold: { topic, keys: byKey, hold }, mode, worker }) => {
    expectNoUnhandledRejection();
    const directory = directoryOfSpec();
    const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 2, other: 2, single: 1 } });
    const isStuck = (message: string) => message.startsWith('stuck');
    const options: Partial<KafkaTransportOptions> = {
      topic: ({ message }) => (isStuck(message) ? topic : TOPIC),
      ...(byKey && { key: ({ message }) => (isStuck(message) ? byKey.stuck : byKey.other) }),
      spool: { directory, mode },
      buffer: { maxRecords: 100 },
      batch: { maxRecords: 10, lingerMs: 1 },
      loopDetection: false,
      dropNotice: false,
      worker,
    };
    const arrive = async (transport: KafkaTransport, count: number): Promise<void> => {
      // What the cluster does is not all: nothing may be waited for by the transport either.
      await cluster.until(() => arrived(cluster, TOPIC, 'healthy').length === count, UNTIL_MS);
      expectLaw(transport);
    };
    const first = transportTo(cluster, { ...options, closeTimeoutMs: 50 });
    const warnings = warningsOf(first);
    const logger = loggerWith(first);
    // Of a topic that was there, all is known by then.
    for (let n = 0; n < 2; n++) logger.info(`healthy ${n}`);
    await first.flush(UNTIL_MS);
    const release = await hold(cluster);
    let stuck = 0;
    let healthy = 2;
    // More than memory holds, ahead of the others.
    for (; stuck < 300; stuck++) logger.info(`stuck ${stuck}`);
    for (; healthy < 200; healthy++) {
      logger.info(`healthy ${healthy}`);
      logger.info(`stuck ${stuck++}`);
      if (healthy % 20 === 0) await turn();
      expectLaw(first);
    }
    await arrive(first, healthy);
    // In a burst that has no room in memory.
    for (const end = healthy + 300; healthy < end; healthy++) logger.info(`healthy ${healthy}`);
    await arrive(first, healthy);
    const told = () => warnings.filter(({ code }) => code === 'ERR_TOPIC_HELD').map(({ message }) => message);
    await expect.poll(() => told().join(), { timeout: UNTIL_MS }).toContain(`"${topic}"`);
    expect(arrived(cluster, topic, 'stuck')).toEqual([]);
    await first.close();
    expectLaw(first);

    const second = transportTo(cluster, { ...options, closeTimeoutMs: 5_000 });
    const next = loggerWith(second);
    for (const end = healthy + 300; healthy < end; healthy++) {
      next.info(`stuck ${stuck++}`);
      next.info(`healthy ${healthy}`);
      if (healthy % 50 === 0) await turn();
      expectLaw(second);
    }
    await arrive(second, healthy);
    expect(arrived(cluster, topic, 'stuck')).toEqual([]);
    await release();
    expect(await second.flush(UNTIL_MS)).toMatchObject({ dropped: 0, pending: 0 });
    expectLaw(second);
    const ofStuck = arrived(cluster, topic, 'stuck');
    const ofHealthy = arrived(cluster, TOPIC, 'healthy');
    expect(sorted([...ofStuck])).toEqual(upTo(stuck));
    expect(sorted([...ofHealthy])).toEqual(upTo(healthy));
    // In order per key; without one, in a partition.
    for (const [own, of] of [
      [topic, 'stuck'],
      [TOPIC, 'healthy'],
    ] as const) {
      for (const partition of [0, 1]) {
        const values = cluster.records(own).filter((record) => record.partition === partition);
        const numbers = values
          .map(({ value }) => value.toString())
          .filter((value) => value.startsWith(of))
          .map((value) => Number(value.split(' ')[1]));
        const firsts = [...new Set(numbers)];
        expect(firsts).toEqual(sorted([...firsts]));
      }
    }
    await second.close();
    expect(filesIn(directory)).toEqual([]);
  },
);

it.each(['overflow', 'always'] as const)(
  'what cannot be sent fills its share of the spool, and then costs its own records alone (%s)',
  async (mode) => {
    const directory = directoryOfSpec();
    const cluster = await startCluster({ topics: { [TOPIC]: 1 } });
    const maxBytes = 200_000;
    const options: Partial<KafkaTransportOptions> = {
      topic: ({ message }) => (message.startsWith('stuck') ? 'later' : TOPIC),
      spool: { directory, mode, maxBytes },
      buffer: { maxRecords: 100 },
      batch: { maxRecords: 10, lingerMs: 1 },
      loopDetection: false,
      dropNotice: false,
      closeTimeoutMs: 50,
    };
    const transport = transportTo(cluster, options);
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    let healthy = 0;
    for (let stuck = 0; stuck < 3_000; stuck++) {
      logger.info(`stuck ${stuck}`);
      if (stuck % 5 === 0) logger.info(`healthy ${healthy++}`);
      if (stuck % 50 === 0) await turn();
      expectLaw(transport);
    }
    await cluster.until(() => cluster.count(TOPIC) === healthy, UNTIL_MS);
    const size = () => filesIn(directory).reduce((sum, file) => sum + statSync(file).size, 0);
    expect(size()).toBeLessThanOrEqual(maxBytes);
    expect(warnings.map(({ code }) => code)).toContain('ERR_SPOOL_FAILED');
    // A burst that memory has no room for.
    for (const end = healthy + 200; healthy < end; healthy++) logger.info(`healthy ${healthy}`);
    await cluster.until(() => cluster.count(TOPIC) === healthy, UNTIL_MS);
    expect(arrived(cluster, TOPIC, 'healthy')).toEqual(upTo(healthy));
    const { dropped } = transport.stats();
    expect(dropped.overflow).toBeGreaterThan(1_000);
    expectLaw(transport);
    await transport.close();

    const second = transportTo(cluster, options);
    const next = loggerWith(second);
    for (const end = healthy + 200; healthy < end; healthy++) {
      next.info(`healthy ${healthy}`);
      if (healthy % 50 === 0) await turn();
    }
    await cluster.until(() => arrived(cluster, TOPIC, 'healthy').length === healthy, UNTIL_MS);
    cluster.createTopic('later', 1);
    expect(await second.flush(UNTIL_MS)).toMatchObject({ dropped: 0, pending: 0 });
    // Some of the oldest, and nothing twice; what was dropped is what was counted.
    const ofStuck = arrived(cluster, 'later', 'stuck');
    expect(ofStuck.length).toBe(3_000 - dropped.overflow);
    expect(ofStuck).toEqual(sorted([...ofStuck]));
  },
);

it.each(['overflow', 'always'] as const)(
  'a topic that is refused for good costs its own records alone (%s)',
  async (mode) => {
    const cluster = await startCluster({ topics: { [TOPIC]: 1, other: 1 } });
    const transport = transportTo(cluster, {
      topic: ({ message }) => (message.startsWith('stuck') ? 'other' : TOPIC),
      spool: { directory: directoryOfSpec(), mode },
      buffer: { maxRecords: 100 },
      batch: { maxRecords: 10, lingerMs: 1 },
      loopDetection: false,
      dropNotice: false,
    });
    const logger = loggerWith(transport);
    cluster.inject({
      api: 'Produce',
      topic: 'other',
      times: ALWAYS,
      action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED },
    });
    for (let n = 0; n < 1_000; n++) {
      logger.info(`stuck ${n}`);
      logger.info(`healthy ${n}`);
      if (n % 50 === 0) await turn();
    }
    expect(await transport.flush(UNTIL_MS)).toMatchObject({ pending: 0 });
    expect(arrived(cluster, TOPIC, 'healthy')).toEqual(upTo(1_000));
    expect(transport.stats().dropped).toMatchObject({ rejected: 1_000, overflow: 0 });
  },
);

// Found on the real Kafka: what was sent before is bound to the partition that is away, and what was not waits for it.
it.each(['overflow', 'always'] as const)(
  'a topic of which nothing can be found out, with some records sent before, costs its own alone (%s)',
  async (mode) => {
    const directory = directoryOfSpec();
    const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 2, other: 2 } });
    const options: Partial<KafkaTransportOptions> = {
      topic: ({ message }) => (message.startsWith('healthy') ? TOPIC : 'other'),
      key: ({ message }) => (message.startsWith('stuck') ? keys.stuck : keys.other),
      spool: { directory, mode },
      buffer: { maxRecords: 100 },
      batch: { maxRecords: 40, lingerMs: 1 },
      loopDetection: false,
      dropNotice: false,
    };
    const first = transportTo(cluster, { ...options, closeTimeoutMs: 50 });
    const logger = loggerWith(first);
    for (const name of ['stuck', 'beside', 'healthy']) logger.info(`${name} 0`);
    await first.flush(UNTIL_MS);
    const election = cluster.inject({
      api: 'Metadata',
      topic: 'other',
      times: ALWAYS,
      action: { error: ERROR.LEADER_NOT_AVAILABLE, partitions: [1] },
    });
    const produce = cluster.inject({
      api: 'Produce',
      topic: 'other',
      partition: 1,
      times: ALWAYS,
      action: { error: ERROR.NOT_LEADER_OR_FOLLOWER },
    });
    const logSome = async (to: ReturnType<typeof loggerWith>, from: number): Promise<void> => {
      for (let n = from; n < from + 300; n++) {
        for (const name of ['stuck', 'beside', 'healthy']) to.info(`${name} ${n}`);
        if (n % 50 === 0) await turn();
      }
      await cluster.until(() => arrived(cluster, TOPIC, 'healthy').length === from + 300, UNTIL_MS);
    };
    await logSome(logger, 1);
    expectLaw(first);
    await first.close();
    const second = transportTo(cluster, { ...options, closeTimeoutMs: 5_000 });
    await logSome(loggerWith(second), 301);
    expectLaw(second);
    election.remove();
    produce.remove();
    expect(await second.flush(UNTIL_MS)).toMatchObject({ dropped: 0, pending: 0 });
    for (const name of ['stuck', 'beside']) expect(arrived(cluster, 'other', name)).toEqual(upTo(601));
  },
);
