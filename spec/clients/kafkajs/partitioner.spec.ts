import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../lib/accumulator/batch.ts';
import { murmur2Partition, OwnPartitioner } from '../../../lib/clients/kafkajs/partitioner.ts';
import { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { connectedProducer } from '../../../testing/broker/kafkajs-client.ts';
import { recordOf } from '../../sender/rig.ts';
import { TOPIC } from '../../support/harness.ts';

const metadataOf = (...leaders: number[]): never =>
  leaders.map((leader, partitionId) => ({ leader, partitionId })) as never;

const batchOf = (topic: string, partition?: number): Batch => ({
  topic,
  content: [recordOf({ topic })],
  partition,
});

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
  const partitionOf = murmur2Partition();
  const records = cluster.records(TOPIC);
  expect(records.length).toBe(keys.length);
  expect(new Set(records.map(({ partition }) => partition)).size).toBe(7);
  for (const { value, partition } of records) {
    expect(partitionOf(keys[Number(value.toString())] ?? 'none', 7)).toBe(partition);
  }
  await producer.disconnect();
  await cluster.stop();
});

it('a key as text and as bytes get the same partition, and it is one that exists', () => {
  const partitionOf = murmur2Partition();
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.integer({ min: 1, max: 500 }),
      (key, count) => {
        const partition = partitionOf(key, count);
        expect(partition).toBe(partitionOf(Buffer.from(key), count));
        expect(Number.isInteger(partition) && partition >= 0 && partition < count).toBe(true);
      },
    ),
  );
});

describe('a send that names no partition', () => {
  const rig = (random = 0.5) => {
    const told: [string, number, readonly number[]][] = [];
    const own = new OwnPartitioner(
      (...what) => told.push(what),
      () => random,
    );
    return { own, told, choose: own.create() };
  };

  it('keeps together, in a partition that has a leader', () => {
    const { own, choose } = rig();
    const partitionMetadata = metadataOf(-1, 0, -1, -1);
    const batch = batchOf('logs');
    own.begin(batch);
    const chosen = Array.from({ length: 5 }, () =>
      choose({ topic: 'logs', partitionMetadata, message: { value: 'x', key: null } }),
    );
    expect(chosen).toEqual([1, 1, 1, 1, 1]);
    expect(batch.partition).toBe(1);
  });

  it.each([
    [0, 0],
    [0.49, 1],
    [0.999, 3],
  ])('of a topic without any leader: some partition (random %s)', (random, expected) => {
    const { own, choose } = rig(random);
    own.begin(batchOf('logs'));
    const partitionMetadata = metadataOf(-1, -1, -1, -1);
    expect(choose({ topic: 'logs', partitionMetadata, message: { value: 'x', key: null } })).toBe(expected);
  });

  it('with a key goes where the key belongs', () => {
    const { own, choose } = rig();
    own.begin(batchOf('logs'));
    const partitionMetadata = metadataOf(0, 0, 0, 0, 0);
    expect(choose({ topic: 'logs', partitionMetadata, message: { value: 'x', key: 'k' } })).toBe(
      murmur2Partition()('k', 5),
    );
  });

  it("does not choose among another topic's partitions", () => {
    const { own, choose } = rig(0.999);
    const [one, many] = [metadataOf(0), metadataOf(0, 0, 0, 0, 0, 0, 0, 0)];
    const send = (topic: string, partitionMetadata: never): number => {
      const batch = batchOf(topic);
      own.begin(batch);
      const chosen = choose({ topic, partitionMetadata, message: { value: 'x', key: null } });
      own.end(batch);
      return chosen;
    };
    expect([send('one', one), send('many', many), send('one', one)]).toEqual([0, 7, 0]);
  });
});

it('what the client knows is told with every send, once: it may have been forgotten since', () => {
  const told: unknown[] = [];
  const own = new OwnPartitioner(
    (...what) => told.push(what),
    () => 0,
  );
  const choose = own.create();
  const partitionMetadata = metadataOf(0, -1);
  for (let send = 0; send < 2; send++) {
    own.begin(batchOf('logs', 1));
    for (let message = 0; message < 3; message++) {
      expect(choose({ topic: 'logs', partitionMetadata, message: { value: 'x', partition: 1 } })).toBe(1);
    }
  }
  expect(told).toEqual([
    ['logs', 2, [0]],
    ['logs', 2, [0]],
  ]);
});
