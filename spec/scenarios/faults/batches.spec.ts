import { describe, expect, it } from 'vitest';
import { connectedProducer } from '../../../testing/broker/kafkajs-client.ts';
import { loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { byPartition, expectExactlyOnce, expectFlushed, numberOf, watchSends } from './rig.ts';

describe('a batch is sent', () => {
  it('when it has as many records as it may, though the linger is far from over', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { batch: { maxRecords: 100, lingerMs: 100_000 } });
    const logger = loggerWith(transport);
    for (const message of numbered(350)) logger.info(message);
    await cluster.until(() => cluster.count(TOPIC) === 300);
    expect(cluster.produceRequests.map(({ records }) => records)).toEqual([100, 100, 100]);
    expect(transport.stats()).toMatchObject({ buffered: { records: 50 } });
    await expectFlushed(transport, 350);
  });

  it('when it has as many bytes as it may', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { batch: { maxBytes: 10_000, lingerMs: 100_000 } });
    const logger = loggerWith(transport);
    for (let n = 0; n < 35; n++) logger.info(`${'x'.repeat(1_000 - 10)} record ${n}`.slice(-1_000));
    await cluster.until(() => cluster.count(TOPIC) >= 30);
    expect(cluster.produceRequests.map(({ records }) => records)).toEqual([10, 10, 10]);
    await expectFlushed(transport, 35);
  });

  it('when the first of it has waited for the linger', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { batch: { lingerMs: 10 } });
    const logger = loggerWith(transport);
    for (const message of numbered(5)) logger.info(message);
    await cluster.until(() => cluster.count(TOPIC) === 5);
    expect(cluster.produceRequests.map(({ records }) => records)).toEqual([5]);
  });

  it('alone, a record that is larger than a batch', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, { batch: { maxBytes: 10_000, lingerMs: 1 } });
    const logger = loggerWith(transport);
    for (let n = 0; n < 9; n++) logger.info(n % 3 === 1 ? `${'x'.repeat(20_000)} ${n}` : `record ${n}`);
    await expectFlushed(transport, 9);
    expect(cluster.records(TOPIC).map(numberOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (const request of cluster.produceRequests) expect([1, 2]).toContain(request.records);
  });
});

describe('where a record goes', () => {
  it('without key: a whole batch to one partition, and over time to all of them', async () => {
    const cluster = await startCluster({ brokers: 3, topics: { [TOPIC]: 6 } });
    watchSends(cluster);
    const transport = transportTo(cluster, { batch: { maxRecords: 20, lingerMs: 1 } });
    const logger = loggerWith(transport);
    for (const message of numbered(2_000)) logger.info(message);
    await expectFlushed(transport, 2_000);
    expectExactlyOnce(cluster, 2_000);
    expect(byPartition(cluster).length).toBe(6);
    // Batches are whole: the numbers of each request follow one another.
    expect(cluster.produceRequests.filter(({ records }) => records === 20).length).toBeGreaterThanOrEqual(95);
  });

  it.each([
    ['its own client', false],
    ['a producer that was handed in', true],
  ])('with key: where a bare kafkajs producer puts it, through %s', async (_, isHandedIn) => {
    const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 7, bare: 7 } });
    watchSends(cluster);
    const bare = await connectedProducer(cluster);
    const keys = Array.from(
      { length: 60 },
      (_, n) => [`key ${n}`, Buffer.from([n, 200 + n]), `ключ ${n} 🗝️`][n % 3] ?? '',
    );
    const transport = transportTo(cluster, {
      key: ({ message }) => keys[Number(message.slice(7)) % keys.length] ?? null,
      ...(isHandedIn && { producer: bare }),
    });
    const logger = loggerWith(transport);
    for (const message of numbered(300)) logger.info(message);
    await expectFlushed(transport, 300);
    for (const [n, key] of keys.entries())
      await bare.send({ topic: 'bare', messages: [{ key, value: String(n) }] });
    await bare.disconnect();
    const expected = new Map(
      cluster.records('bare').map(({ value, partition }) => [Number(value), partition]),
    );
    const records = cluster.records(TOPIC);
    expect(new Set(records.map(numberOf)).size).toBe(300);
    for (const record of records) expect(record.partition).toBe(expected.get(numberOf(record) % keys.length));
    // Equal keys in order.
    for (const n of keys.keys()) {
      const own = records.map(numberOf).filter((number) => number % keys.length === n);
      expect(own).toEqual([...own].sort((a, b) => a - b));
    }
  });

  it('through a producer that was handed in, without key: in whole batches, to partitions that it has shown', async () => {
    const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 4 } });
    watchSends(cluster);
    const producer = await connectedProducer(cluster);
    const transport = transportTo(cluster, { producer, batch: { maxRecords: 20, lingerMs: 1 } });
    const logger = loggerWith(transport);
    for (const message of numbered(4_000)) logger.info(message);
    await expectFlushed(transport, 4_000);
    await producer.disconnect();
    expectExactlyOnce(cluster, 4_000);
    expect(byPartition(cluster).length).toBeGreaterThan(1);
    const single = cluster.produceRequests.filter(({ records }) => records === 1);
    expect(single.length).toBeGreaterThan(5);
    expect(cluster.produceRequests.length - single.length).toBeLessThanOrEqual(210);
  });
});

it('one client, and 200,000 small records in a row: all there, each once, in order', {
  timeout: 60_000,
}, async () => {
  const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 4 } });
  const transport = transportTo(cluster, {
    batch: {},
    buffer: { maxRecords: 40_000 },
    key: ({ message }) => `key ${Number(message.slice(7)) % 16}`,
  });
  const logger = loggerWith(transport);
  for (let n = 0; n < 200_000; n++) {
    logger.info(`record ${n}`);
    // An application that waits for its log now and then, as one that lives on the same core does.
    if (n % 20_000 === 19_999) await cluster.until(() => cluster.count(TOPIC) > n - 15_000, 20_000);
  }
  await expectFlushed(transport, 200_000);
  expectExactlyOnce(cluster, 200_000);
  const { sends, retries, reconnects, state } = transport.stats();
  expect({ retries, reconnects, state }).toEqual({ retries: 0, reconnects: 0, state: 'up' });
  expect(sends).toBeLessThan(600);
});
