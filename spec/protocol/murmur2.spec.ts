import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { expect, it } from 'vitest';
import { partitionOfKey } from '../../lib/protocol/murmur2.ts';
import { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { connectedProducer } from '../../testing/broker/kafkajs-client.ts';
import { TOPIC } from '../support/harness.ts';

it('a key gets the partition that a bare kafkajs producer gives it', async () => {
  const cluster = await BrokerCluster.start({ topics: { [TOPIC]: 7 } });
  const producer = await connectedProducer(cluster);
  const keys: (string | Buffer)[] = [
    ...Array.from({ length: 300 }, (_, n) => `key ${n}`),
    ...['', ' ', 'ключ', '鍵', '🗝️', 'e\u0301', '\u0000', 'a'.repeat(1_000), '\ud800'],
    ...Array.from({ length: 100 }, (_, n) => Buffer.from([n, 255 - n, n * 2, 0xff])),
    Buffer.alloc(0),
  ];
  await producer.send({ topic: TOPIC, messages: keys.map((key, at) => ({ key, value: String(at) })) });
  const records = cluster.records(TOPIC);
  expect(records.length).toBe(keys.length);
  expect(new Set(records.map(({ partition }) => partition)).size).toBe(7);
  for (const { value, partition } of records) {
    expect(partitionOfKey(keys[Number(value.toString())] ?? 'none', 7)).toBe(partition);
  }
  await producer.disconnect();
  await cluster.stop();
});

it('a key as text and as bytes get the same partition, and it is one that exists', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.integer({ min: 1, max: 500 }),
      (key, count) => {
        const partition = partitionOfKey(key, count);
        expect(partition).toBe(partitionOfKey(Buffer.from(key), count));
        expect(Number.isInteger(partition) && partition >= 0 && partition < count).toBe(true);
      },
    ),
  );
});

it("any key gets the partition that kafkajs's partitioner gives it", () => {
  const partitioner = Partitioners.DefaultPartitioner();
  const ofKafkajs = (key: Buffer, count: number): number =>
    partitioner({
      topic: TOPIC,
      partitionMetadata: new Array(count).fill({ leader: 0 }),
      message: { key, value: null },
    });
  const keys = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 1_000 }), (key, count) => {
      expect(partitionOfKey(key, count)).toBe(ofKafkajs(key, count));
    }),
    { numRuns: 2_000 },
  );
});
