// What spec/accumulator/queues/held-queues.spec.ts shows on the stand-in: a topic that does not exist, and a partition whose only broker is
// away, cost nobody else a record, with a restart in the middle. In one thread: the other only has the client.

import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import winston from 'winston';
import {
  type BatchSentMessage,
  KafkaTransport,
  type KafkaTransportError,
  type KafkaTransportOptions,
} from '../../lib/index.ts';
import { partitionOfKey } from '../../lib/protocol/murmur2.ts';
import { expectLaw } from '../support/harness.ts';
import { numbersIn } from './support/read-back.ts';
import { RealCluster } from './support/real-cluster.ts';
import { nextTopic } from './support/row.ts';

const RECORDS = 3_000;
const MEMORY_RECORDS = 1_000;
const cluster = await RealCluster.prepare();

beforeAll(() => cluster.start());
afterAll(() => cluster.stop());

function transportWith(options: Partial<KafkaTransportOptions>): {
  transport: KafkaTransport;
  logger: winston.Logger;
  warnings: string[];
} {
  const transport = new KafkaTransport({
    topic: 'unused',
    kafka: { brokers: [...cluster.addresses] },
    buffer: { maxRecords: MEMORY_RECORDS },
    retry: { initialMs: 50, maxMs: 1_000 },
    clientLog: { level: 'nothing' },
    loopDetection: false,
    dropNotice: false,
    ...options,
  });
  const warnings: string[] = [];
  transport.on('warn', ({ message }: KafkaTransportError) => warnings.push(message));
  const format = winston.format.printf(({ message }) => String(message));
  return { transport, logger: winston.createLogger({ format, transports: [transport] }), warnings };
}

/** How many records Kafka has acknowledged, by topic. Nothing can be read with kafkajs while a partition has no leader. */
const acknowledged = new Map<string, number>();
subscribe('winston-kafkajs:batch:sent', (message) => {
  const { topic, records } = message as BatchSentMessage;
  acknowledged.set(topic, (acknowledged.get(topic) ?? 0) + records);
});

/** Resolves when so many records of the topic have been acknowledged. */
async function untilArrived(topic: string, count: number): Promise<void> {
  while ((acknowledged.get(topic) ?? 0) < count) await delay(100);
}

async function expectInOrder(topic: string, count: number): Promise<void> {
  const partitions = await numbersIn(cluster.addresses, topic);
  expect(new Set(partitions.flat()).size).toBe(count);
  for (const numbers of partitions) {
    const firsts = [...new Set(numbers)];
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
  }
}

const modes = ['overflow', 'always'] as const;

it.each(modes)('a topic that does not exist (%s)', async (mode) => {
  const [healthy, missing] = [nextTopic(), nextTopic()];
  await cluster.createTopic(healthy);
  const directory = await mkdtemp(join(tmpdir(), 'winston-kafkajs-held-'));
  const options: Partial<KafkaTransportOptions> = {
    topic: ({ info }) => String(info.to),
    spool: { directory, mode },
  };
  try {
    let logged = 0;
    const logSome = async (logger: winston.Logger): Promise<void> => {
      for (const end = logged + RECORDS; logged < end; logged++) {
        logger.info(`${logged} record`, { to: missing });
        logger.info(`${logged} record`, { to: healthy });
        if (logged % 100 === 0) await delay(5);
      }
    };
    const first = transportWith({ ...options, closeTimeoutMs: 100 });
    await logSome(first.logger);
    await untilArrived(healthy, RECORDS);
    expectLaw(first.transport);
    // Told after its fourth failure, which may come later than the others' delivery.
    while (!first.warnings.join().includes(`"${missing}"`)) await once(first.transport, 'warn');
    await first.transport.close();
    const second = transportWith(options);
    await logSome(second.logger);
    await untilArrived(healthy, 2 * RECORDS);
    expectLaw(second.transport);
    await cluster.createTopic(missing);
    expect(await second.transport.flush(120_000)).toMatchObject({ dropped: 0, pending: 0 });
    await second.transport.close();
    await expectInOrder(healthy, 2 * RECORDS);
    await expectInOrder(missing, 2 * RECORDS);
  } finally {
    await rm(directory, { recursive: true });
  }
});

it.each(cluster.isOwn ? modes : [])('a partition whose only broker is away (%s)', async (mode) => {
  const [healthy, single] = [nextTopic(), nextTopic()];
  await cluster.createTopic(healthy);
  // One replica each: partition 0 on broker 0, and so on.
  const replicaAssignment = [0, 1, 2].map((id) => ({ partition: id, replicas: [id] }));
  const configEntries = [{ name: 'min.insync.replicas', value: '1' }];
  await cluster.admin((admin) =>
    admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic: single, numPartitions: -1, replicationFactor: -1, replicaAssignment, configEntries }],
    }),
  );
  const partitionOf = partitionOfKey;
  const keyOf = (partition: number): string => {
    let n = 0;
    while (partitionOf(`key ${n}`, 3) !== partition) n++;
    return `key ${n}`;
  };
  const [stuckKey, otherKey] = [keyOf(1), keyOf(2)];
  const directory = await mkdtemp(join(tmpdir(), 'winston-kafkajs-held-'));
  const options: Partial<KafkaTransportOptions> = {
    topic: ({ info }) => String(info.to),
    key: ({ info }) => (typeof info.key === 'string' ? info.key : null),
    spool: { directory, mode },
  };
  try {
    let logged = 0;
    const first = transportWith({ ...options, closeTimeoutMs: 100 });
    for (; logged < 10; logged++) {
      first.logger.info(`${2 * logged} record`, { to: single, key: stuckKey });
      first.logger.info(`${2 * logged + 1} record`, { to: single, key: otherKey });
      first.logger.info(`${logged} record`, { to: healthy });
    }
    await first.transport.flush();
    await cluster.kill(1);
    const logSome = async (logger: winston.Logger): Promise<void> => {
      for (const end = logged + RECORDS; logged < end; logged++) {
        logger.info(`${2 * logged} record`, { to: single, key: stuckKey });
        logger.info(`${2 * logged + 1} record`, { to: single, key: otherKey });
        logger.info(`${logged} record`, { to: healthy });
        if (logged % 100 === 0) await delay(5);
      }
    };
    await logSome(first.logger);
    await untilArrived(healthy, logged);
    expectLaw(first.transport);
    await first.transport.close();
    const second = transportWith(options);
    await logSome(second.logger);
    await untilArrived(healthy, logged);
    expectLaw(second.transport);
    await cluster.start(1);
    expect(await second.transport.flush(120_000)).toMatchObject({ dropped: 0, pending: 0 });
    await second.transport.close();
    await expectInOrder(healthy, logged);
    await expectInOrder(single, 2 * logged);
  } finally {
    await cluster.start(1).catch(() => undefined);
    await rm(directory, { recursive: true });
  }
});
