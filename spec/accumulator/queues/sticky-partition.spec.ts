import { describe, expect, it } from 'vitest';
import type { BatchingPolicy } from '../../../lib/accumulator/batching-policy.ts';
import { ProducerBatch } from '../../../lib/accumulator/producer-batch.ts';
import { PartitionQueue } from '../../../lib/accumulator/queues/partition-queue.ts';
import { StickyPartition } from '../../../lib/accumulator/queues/sticky-partition.ts';
import { batchingPolicy, recordOf } from '../../sender/rig.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Three partitions, the first of which has a queue. */
function topicOf(overrides: Partial<BatchingPolicy> = {}): {
  sticky: StickyPartition;
  first: PartitionQueue;
} {
  const first = new PartitionQueue(0, batchingPolicy());
  const sticky = new StickyPartition(batchingPolicy(overrides), new Map([[0, first]]));
  sticky.learn(3, [0, 1, 2]);
  return { sticky, first };
}

const handedIn = { keepsSendTogether: false };

describe('a batch of records without key', () => {
  it.each([
    [0, 0],
    [0.34, 1],
    [0.99, 2],
  ])('goes to a partition at random: %d to %i', (random, partition) => {
    expect(topicOf({ random: () => random }).sticky.choose(0)).toBe(partition);
  });

  it('goes without a partition while none is known', () => {
    const { sticky } = topicOf();
    sticky.forget();
    expect(sticky.count).toBeUndefined();
    expect(sticky.goesUnassigned).toBe(true);
    expect(sticky.choose(0)).toBeUndefined();
  });

  it('goes to any partition where none is known to be writable', () => {
    const { sticky } = topicOf({ random: () => 0.99 });
    sticky.learn(4, []);
    expect(sticky.choose(0)).toBe(3);
  });

  it('goes to no partition that cannot be written to', () => {
    const { sticky } = topicOf();
    sticky.learn(3, [2]);
    expect(sticky.choose(0)).toBe(2);
    // The client of the transport's own tells of its partitions by their metadata.
    sticky.recordSuccess(0);
    expect(sticky.choose(0)).toBe(2);
  });

  it.each<[string, (first: PartitionQueue) => void]>([
    ['has a send under way', (first) => first.startSend(1)],
    ['has a batch to send again', (first) => void first.keepForResend(new ProducerBatch('logs', first, []))],
    ['has one without key that was sent before', (first) => first.reenqueue([recordOf()])],
    [
      'has one without key that was sent before, behind one with a key',
      (first) => first.reenqueue([recordOf({ key: 'k' }), recordOf()]),
    ],
    [
      'has one without key that another process has sent, behind one with a key',
      (first) => {
        first.add(recordOf({ key: 'k' }));
        first.add(Object.assign(recordOf(), { partition: 0, seq: 1 }));
      },
    ],
    [
      'has a refused record to find',
      (first) => {
        first.queue.push(recordOf({ key: 'k' }));
        first.search.startBisect(2);
      },
    ],
    ['sends its records one by one', (first) => first.search.isolate(2, true)],
    ['has older records on disk', (first) => first.setAwaitsDisk(true)],
  ])('waits for no partition that %s', (_name, occupy) => {
    const { sticky, first } = topicOf();
    occupy(first);
    expect(sticky.choose(0)).toBe(1);
    sticky.learn(1, [0]);
    expect(sticky.freeAt()).toBe(NEVER);
  });

  it('may go where records with keys wait', () => {
    const { sticky, first } = topicOf();
    first.queue.push(recordOf({ key: 'k' }));
    expect(sticky.choose(0)).toBe(0);
  });

  it('waits until a partition may be tried again, where there is no other', () => {
    const { sticky, first } = topicOf();
    sticky.learn(1, [0]);
    first.recordFailure(500);
    expect(sticky.freeAt()).toBe(500);
    expect(sticky.choose(499)).toBeUndefined();
    expect(sticky.choose(500)).toBe(0);
  });
});

describe('all partitions are held', () => {
  it('where the sends to each of them failed, and records wait there or none has ever arrived', () => {
    const { sticky, first } = topicOf();
    expect(sticky.areAllHeld(true)).toBe(false);
    sticky.learn(1, [0]);
    expect(sticky.areAllHeld(true)).toBe(false);
    first.recordFailure(500);
    expect(sticky.areAllHeld(true)).toBe(true);
    first.markMayHaveArrived();
    expect(sticky.areAllHeld(true)).toBe(false);
    first.queue.push(recordOf());
    expect(sticky.areAllHeld(true)).toBe(true);
    sticky.learn(2, [0, 1]);
    expect(sticky.areAllHeld(true)).toBe(false);
  });

  it('not where none was reached and nothing waits that is tried: one has to come from disk', () => {
    const { sticky, first } = topicOf();
    sticky.learn(1, [0]);
    first.recordFailure(500);
    expect(sticky.areAllHeld(false)).toBe(false);
    first.queue.push(recordOf());
    expect(sticky.areAllHeld(false)).toBe(true);
  });

  it('not where none is known', () => {
    const { sticky } = topicOf();
    sticky.forget();
    expect(sticky.areAllHeld(true)).toBe(false);
  });
});

describe('with a client that was handed in', () => {
  it('partitions are learnt from the answers', () => {
    const { sticky } = topicOf(handedIn);
    sticky.forget();
    sticky.recordSuccess(5);
    sticky.recordSuccess(5);
    expect(sticky.choose(0)).toBe(5);
  });

  it('one batch goes without a partition after each sixteen', () => {
    const { sticky } = topicOf(handedIn);
    const batches = Array.from({ length: 34 }, () => sticky.choose(0));
    expect(batches.flatMap((partition, at) => (partition === undefined ? [at] : []))).toEqual([16, 33]);
  });

  it('none goes without a partition while sends to one fail', () => {
    const { sticky, first } = topicOf(handedIn);
    for (let batch = 0; batch < 16; batch++) sticky.choose(0);
    first.recordFailure(0);
    expect(sticky.goesUnassigned).toBe(false);
    first.recordSuccess(1);
    expect(sticky.goesUnassigned).toBe(true);
  });
});
