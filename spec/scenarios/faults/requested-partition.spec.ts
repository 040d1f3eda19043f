// An imagined option `partition` with partition 7 of 3 was delivered to partition 1, without a word.
import { Kafka } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { isGuarded, type KafkaTransportOptions, type Undelivered } from '../../../lib/index.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { directoryOfSpec } from '../../spool/rig.ts';
import { expectLaw, loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectExactlyOnce, expectFlushed, numberOf, untilDown, warningsOf } from './rig.ts';

const PARTITIONS = 3;
const threePartitions = (): Promise<BrokerCluster> => startCluster({ topics: { [TOPIC]: PARTITIONS } });

const numberIn = (message: string): number => Number(/\d+$/.exec(message)?.[0]);

/** To partition 0, 1, 2, 0 and so on, by the number of the record. */
const inTurn: KafkaTransportOptions['partition'] = ({ message }) => numberIn(message) % PARTITIONS;

function expectInTurn(cluster: BrokerCluster, count: number): void {
  expectExactlyOnce(cluster, count);
  for (const record of cluster.records(TOPIC)) expect(record.partition).toBe(numberOf(record) % PARTITIONS);
}

const WAYS: [string, () => Partial<KafkaTransportOptions>][] = [
  ['without keys', () => ({})],
  ['with keys, which do not count then', () => ({ key: ({ message }) => message })],
  ['idempotent', () => ({ idempotent: true })],
  ['with headers', () => ({ headers: () => ({ own: 'header' }) })],
  ['with a spool', () => ({ spool: { directory: directoryOfSpec() }, buffer: { maxRecords: 40 } })],
  ['with a spool that has all', () => ({ spool: { directory: directoryOfSpec(), mode: 'always' } })],
];

describe('the partition that a record names is where it goes', () => {
  it.each(WAYS)('%s, from an outage on', async (_, options) => {
    const cluster = await threePartitions();
    await cluster.down();
    const transport = transportTo(cluster, { partition: inTurn, ...options() });
    const logger = loggerWith(transport);
    for (let at = 0; at < 150; at++) logger.info(`record ${at}`);
    await untilDown(transport);
    await cluster.up();
    for (let at = 150; at < 300; at++) logger.info(`record ${at}`);
    await expectFlushed(transport, 300);
    expectInTurn(cluster, 300);
  });

  it('with a producer that was handed in', async () => {
    const cluster = await threePartitions();
    const producer = new Kafka({ brokers: cluster.addresses, retry: { retries: 0 } }).producer();
    const transport = transportTo(cluster, { partition: inTurn, producer });
    const logger = loggerWith(transport);
    for (let at = 0; at < 100; at++) logger.info(`record ${at}`);
    await expectFlushed(transport, 100);
    expectInTurn(cluster, 100);
    await transport.close();
    await producer.disconnect();
  });

  it('in the next process, too, where this one has left it in the spool', async () => {
    const cluster = await threePartitions();
    await cluster.down();
    const spool = { directory: directoryOfSpec() };
    const first = transportTo(cluster, { partition: () => 2, spool, closeTimeoutMs: 50 });
    const logger = loggerWith(first);
    for (let at = 0; at < 60; at++) logger.info(`record ${at}`);
    await untilDown(first);
    await first.close();
    await cluster.up();
    const second = transportTo(cluster, { spool });
    await second.flush(Infinity);
    expectExactlyOnce(cluster, 60);
    expect(new Set(cluster.records(TOPIC).map(({ partition }) => partition))).toEqual(new Set([2]));
  });

  it('and those that name none go as ever', async () => {
    const cluster = await threePartitions();
    const partition: KafkaTransportOptions['partition'] = ({ message }) =>
      numberIn(message) % 2 === 0 ? 1 : undefined;
    const transport = transportTo(cluster, { partition, batch: { lingerMs: 0 } });
    const logger = loggerWith(transport);
    for (let at = 0; at < 60; at++) {
      logger.info(`record ${at}`);
      if (at % 2 === 1) await transport.flush(Infinity);
    }
    expectExactlyOnce(cluster, 60);
    const records = cluster.records(TOPIC);
    expect(
      new Set(records.filter((record) => numberOf(record) % 2 === 0).map((record) => record.partition)),
    ).toEqual(new Set([1]));
    expect(new Set(records.map((record) => record.partition)).size).toBe(PARTITIONS);
  });
});

describe('a partition that the topic does not have', () => {
  it.each([7, 3, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    '(%d) costs the record that names it: rejected, told, to the fallback',
    async (missing) => {
      const cluster = await threePartitions();
      const lost: Undelivered[] = [];
      const transport = transportTo(cluster, {
        partition: ({ message }) => (numberIn(message) % 10 === 0 ? missing : numberIn(message) % PARTITIONS),
        fallback: (undelivered) => void lost.push(undelivered),
        dropNotice: false,
      });
      const warnings = warningsOf(transport);
      const logger = loggerWith(transport);
      for (let at = 0; at < 100; at++) logger.info(`record ${at}`);
      const { pending } = await transport.flush(Infinity);
      expect(pending).toBe(0);
      expect(transport.stats()).toMatchObject({ delivered: 90, dropped: { rejected: 10 }, state: 'up' });
      expectLaw(transport);
      expect(lost.map(({ message }) => numberIn(message))).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
      expect(new Set(lost.map(({ reason }) => reason))).toEqual(new Set(['rejected']));
      for (const record of cluster.records(TOPIC))
        expect(record.partition).toBe(numberOf(record) % PARTITIONS);
      const told = warnings.filter(({ code }) => code === 'ERR_RECORDS_DROPPED');
      expect(told.map(({ message }) => message)).toEqual([
        expect.stringContaining(`has named partition ${missing}, which topic "${TOPIC}" does not have`),
      ]);
    },
  );

  it('is not asked for again with each record', async () => {
    const cluster = await threePartitions();
    const transport = transportTo(cluster, { partition: () => 7, dropNotice: false, batch: { lingerMs: 0 } });
    const logger = loggerWith(transport);
    for (let at = 0; at < 50; at++) {
      logger.info(`record ${at}`);
      await transport.flush(Infinity);
    }
    expect(transport.stats()).toMatchObject({ accepted: 50, dropped: { rejected: 50 }, reconnects: 1 });
    expect(cluster.count(TOPIC)).toBe(0);
  });

  it('is found when it is added, though the client does not know of it yet', async () => {
    const cluster = await threePartitions();
    const transport = transportTo(cluster, { partition: ({ message }) => numberIn(message) });
    const logger = loggerWith(transport);
    logger.info('record 0');
    await expectFlushed(transport, 1);
    cluster.addPartitions(TOPIC, 8);
    logger.info('record 7');
    await expectFlushed(transport, 2);
    expect(cluster.records(TOPIC).map(({ partition }) => partition)).toEqual([0, 7]);
  });

  // Reported: it was rejected, because the fresh client was the same shared one, with the same metadata.
  it('is found when it is added, where other transports use the same client', async () => {
    const cluster = await threePartitions();
    const other = transportTo(cluster);
    const transport = transportTo(cluster, { partition: ({ message }) => numberIn(message) });
    const [otherLogger, logger] = [loggerWith(other), loggerWith(transport)];
    otherLogger.info('record 1');
    await expectFlushed(other, 1);
    logger.info('record 0');
    await expectFlushed(transport, 1);
    cluster.addPartitions(TOPIC, 8);
    logger.info('record 7');
    await expectFlushed(transport, 2);
    expect(cluster.records(TOPIC).find((record) => numberOf(record) === 7)?.partition).toBe(7);
    otherLogger.info('record 2');
    await expectFlushed(other, 2);
    expect(other.stats().reconnects).toBe(0);
  });

  it('in a topic that is not there yet waits for it, and then goes there', async () => {
    const cluster = await startCluster({ topics: {} });
    const transport = transportTo(cluster, { partition: () => 2 });
    const logger = loggerWith(transport);
    for (let at = 0; at < 20; at++) logger.info(`record ${at}`);
    await transport.flush(50);
    expect(transport.stats().delivered).toBe(0);
    cluster.createTopic(TOPIC, PARTITIONS);
    await expectFlushed(transport, 20);
    expectExactlyOnce(cluster, 20);
    expect(new Set(cluster.records(TOPIC).map(({ partition }) => partition))).toEqual(new Set([2]));
  });
});

describe('the function', () => {
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no idea');
      },
    ],
    ['returns a text', () => '1'],
    ['returns an object', () => ({})],
    ['returns a promise', () => Promise.reject(new Error('later'))],
  ])('that %s costs its answer, not the record', async (_, partition) => {
    const cluster = await threePartitions();
    const transport = transportTo(cluster, { partition: partition as never });
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    for (let at = 0; at < 3; at++) logger.info(`record ${at}`);
    await expectFlushed(transport, 3);
    expectExactlyOnce(cluster, 3);
    expect(transport.stats().callbackFailures.partition).toBe(3);
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_CALLBACK_FAILED']);
  });

  it('runs inside the flag: what it logs does not go to Kafka', async () => {
    const cluster = await threePartitions();
    const seen: boolean[] = [];
    const transport = transportTo(cluster, {
      partition: () => {
        seen.push(isGuarded());
        logger.info('record 99');
        return 1;
      },
    });
    const logger = loggerWith(transport);
    logger.info('record 0');
    await expectFlushed(transport, 1);
    expect(seen).toEqual([true]);
    expect(transport.stats().suppressed.reentrant).toBe(1);
    expectExactlyOnce(cluster, 1);
  });
});
