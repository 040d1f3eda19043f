import { expect, it } from 'vitest';
import { KafkaTransport } from '../../../lib/index.ts';
import { platformaticClient } from '../../../lib/platformatic.ts';
import { partitionOfKey } from '../../../lib/protocol/murmur2.ts';
import { byPartition, expectExactlyOnce, expectFlushed, watchSends } from '../../scenarios/faults/rig.ts';
import {
  expectLaw,
  loggerWith,
  numbered,
  startCluster,
  TOPIC,
  tracked,
  transportTo,
} from '../../support/harness.ts';
import { describeWithPlatformatic, platformaticTo } from './rig.ts';

describeWithPlatformatic('@platformatic/kafka delivers', () => {
  it('each record once and in order', async () => {
    const cluster = await startCluster();
    const transport = platformaticTo(cluster);
    const logger = loggerWith(transport);
    for (const message of numbered(2_000)) logger.info(message);
    await expectFlushed(transport, 2_000);
    expect(cluster.values(TOPIC)).toEqual(numbered(2_000));
    expect(transport.stats().path).toBe('client');
  });

  it('values, keys, headers and timestamps as they are', async () => {
    const cluster = await startCluster();
    const before = Date.now();
    const transport = platformaticTo(cluster, {
      key: ({ info }) => info.key as string | Buffer | null,
      headers: () => ({ text: 'grün', bytes: Buffer.from([0, 255]), empty: '', none: undefined }),
    });
    const logger = loggerWith(transport);
    logger.info('Größe 🙂', { key: 'ключ' });
    logger.info('', { key: Buffer.from([1, 2]) });
    logger.info('no key', { key: null });
    logger.info('empty key', { key: '' });
    await expectFlushed(transport, 4);

    const order = ['Größe 🙂', '', 'no key', 'empty key'];
    const records = cluster
      .records(TOPIC)
      .sort((a, b) => order.indexOf(String(a.value)) - order.indexOf(String(b.value)));
    expect(records.map(({ value }) => value.toString())).toEqual(order);
    expect(records.map(({ key }) => key)).toEqual([
      Buffer.from('ключ'),
      Buffer.from([1, 2]),
      null,
      Buffer.alloc(0),
    ]);
    for (const { headers, timestamp } of records) {
      expect(headers).toEqual({
        text: Buffer.from('grün'),
        bytes: Buffer.from([0, 255]),
        empty: Buffer.alloc(0),
      });
      expect(Number(timestamp)).toBeGreaterThanOrEqual(before);
      expect(Number(timestamp)).toBeLessThanOrEqual(Date.now());
    }
  });

  it("records with a key to the partition that kafkajs and Java choose, in the key's order", async () => {
    const cluster = await startCluster({ brokers: 3, topics: { [TOPIC]: 7 } });
    const transport = platformaticTo(cluster, {
      key: ({ message }) => `key ${message.length * 0 + (Number(message.slice(7)) % 40)}`,
    });
    const logger = loggerWith(transport);
    for (const message of numbered(800)) logger.info(message);
    await expectFlushed(transport, 800);
    expectExactlyOnce(cluster, 800);
    for (const { key, partition } of cluster.records(TOPIC)) {
      expect(partition).toBe(partitionOfKey(key ?? '', 7));
    }
  });

  it('the records of a batch to one partition, also when none is known yet', async () => {
    const cluster = await startCluster({ brokers: 3, topics: { [TOPIC]: 6 } });
    const sends = watchSends(cluster);
    const transport = platformaticTo(cluster);
    const logger = loggerWith(transport);
    for (const message of numbered(10)) logger.info(message);
    await expectFlushed(transport, 10);
    expect(byPartition(cluster).length).toBe(1);
    expect(sends.targets.length).toBe(1);
  });

  it('to a topic that the broker makes when it is asked for', async () => {
    const cluster = await startCluster({ topics: {}, autoCreate: 2 });
    const transport = platformaticTo(cluster);
    loggerWith(transport).info('first');
    await expectFlushed(transport, 1);
    expect(cluster.values(TOPIC)).toEqual(['first']);
  });

  it('drops a record for a partition that the topic does not have, and nothing else', async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 3 } });
    const transport = platformaticTo(cluster, {
      partition: ({ info }) => info.partition as number,
      dropNotice: false,
    });
    const logger = loggerWith(transport);
    logger.info('there', { partition: 2 });
    logger.info('not there', { partition: 5 });
    logger.info('there too', { partition: 0 });
    expect(await transport.flush(20_000)).toEqual({ delivered: 2, dropped: 1, pending: 0 });
    expect(
      cluster
        .records(TOPIC)
        .map(({ value, partition }) => [String(value), partition])
        .sort(),
    ).toEqual([
      ['there too', 0],
      ['there', 2],
    ]);
    expect(transport.stats().dropped.rejected).toBe(1);
    expectLaw(transport);
  });

  it('finds partitions that were added to the topic', async () => {
    const cluster = await startCluster();
    const transport = platformaticTo(cluster, { partition: ({ info }) => info.partition as number });
    const logger = loggerWith(transport);
    logger.info('record 0', { partition: 0 });
    await expectFlushed(transport, 1);
    cluster.addPartitions(TOPIC, 3);
    logger.info('record 1', { partition: 2 });
    await expectFlushed(transport, 2);
    expect(cluster.records(TOPIC).map(({ partition }) => partition)).toEqual([0, 2]);
  });

  it.each([
    ['gzip', 1],
    ['zstd', 4],
  ])('compressed with %s', async (_, compression) => {
    const cluster = await startCluster();
    const transport = platformaticTo(cluster, { compression });
    const logger = loggerWith(transport);
    for (const message of numbered(50)) logger.info(message);
    await expectFlushed(transport, 50);
    expect(cluster.batches(TOPIC).length).toBeGreaterThan(0);
  });

  it('in the newest version of Produce that both know, as the client id that was given', async () => {
    const cluster = await startCluster({ versions: { Produce: [3, 9] } });
    const clients = new Set<unknown>();
    cluster.on('request', ({ api, clientId }) => {
      if (api === 'Produce') clients.add(clientId);
    });
    const transport = platformaticTo(cluster, { kafka: { brokers: cluster.addresses, clientId: 'shop' } });
    loggerWith(transport).info('record');
    await expectFlushed(transport, 1);
    expect(cluster.produceVersions).toEqual([9]);
    expect([...clients]).toEqual(['shop']);
  });

  it('to brokers that a function names, which may log', async () => {
    const cluster = await startCluster();
    const transport = tracked(
      new KafkaTransport({
        topic: TOPIC,
        client: platformaticClient(),
        kafka: {
          brokers: async () => {
            logger.info('inside the function');
            await Promise.resolve();
            logger.info('after an await');
            return cluster.addresses.join(', ');
          },
        },
      }),
    );
    const logger = loggerWith(transport);
    logger.info('record');
    await expectFlushed(transport, 1);
    expect(cluster.values(TOPIC)).toEqual(['record']);
    expect(transport.stats().suppressed.reentrant).toBe(2);
  });

  it('to an IPv6 address', async () => {
    const cluster = await startCluster({ host: '::1' });
    const transport = transportTo(cluster, { client: platformaticClient() });
    loggerWith(transport).info('record');
    await expectFlushed(transport, 1);
  });
});
