import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../lib/accumulator/batch.ts';
import { OwnPartitioner } from '../../../lib/clients/kafkajs/partitioner.ts';
import { partitionOfKey } from '../../../lib/protocol/murmur2.ts';
import { clientBatch, recordOf } from '../../sender/rig.ts';

const metadataOf = (...leaders: number[]): never =>
  leaders.map((leader, partitionId) => ({ leader, partitionId })) as never;

const batchOf = (topic: string, partition?: number): Batch =>
  clientBatch(topic, [recordOf({ topic })], partition);

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
      partitionOfKey('k', 5),
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
