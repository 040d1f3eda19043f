import { describe, expect, it } from 'vitest';
import { PartitionQueues } from '../../../lib/accumulator/queues/partition-queues.ts';
import type { PendingRecord, RecordKey } from '../../../lib/record/record.ts';
import { batchingPolicy, recordOf } from '../../sender/rig.ts';

let seq = 0;

function record(key: RecordKey, fields: Partial<PendingRecord> = {}): PendingRecord {
  return Object.assign(recordOf({ key, text: String(key) }), { seq: seq++ }, fields);
}

/** Two partitions: key 'a' belongs to 1, key 'b' to 0. */
function queuesWith(count?: number): PartitionQueues {
  const queues = new PartitionQueues(batchingPolicy());
  if (count !== undefined) queues.partitions.learn(count, []);
  return queues;
}

function put(queues: PartitionQueues, ...records: readonly PendingRecord[]): void {
  for (const one of records) queues.for(one).queue.push(one);
}

const textsIn = (queue: Iterable<PendingRecord>): string[] => [...queue].map(({ text }) => text);

describe('a record waits', () => {
  it('with all others without key, where it has none', () => {
    const queues = queuesWith(2);
    expect(queues.for(record(null))).toBe(queues.unkeyed);
  });

  it('with all others with key, while the number of partitions is not known', () => {
    const queues = queuesWith();
    expect(queues.for(record('a'))).toBe(queues.keyedUnassigned);
  });

  it('with those of the partition of its key, once that is known', () => {
    const queues = queuesWith(2);
    expect([queues.for(record('a')).partition, queues.for(record('b')).partition]).toEqual([1, 0]);
  });

  it.each(['partition', 'requestedPartition'] as const)(
    'with those of its %s, whatever its key says',
    (field) => {
      const queues = queuesWith(2);
      expect(queues.for(record('a', { [field]: 5 })).partition).toBe(5);
    },
  );
});

it('gives keyed records to the queues of their partitions, in order, when the number becomes known', () => {
  const queues = queuesWith();
  put(queues, record('a'), record('b'), record('c'));
  queues.keyedUnassigned.recordFailure(0);
  queues.partitions.learn(2, []);
  queues.assign();
  expect(queues.keyedUnassigned.queue.count).toBe(0);
  expect(queues.keyedUnassigned.failures).toBe(0);
  expect([textsIn(queues.at(1).queue), textsIn(queues.at(0).queue)]).toEqual([['a', 'c'], ['b']]);
});

it('puts records back before younger ones, by acceptance, when the number is not known any more', () => {
  const queues = queuesWith(2);
  put(queues, record('b'), record('a'), record(null, { partition: 1 }), record('b'));
  queues.keyedUnassigned.queue.push(record('young'));
  put(queues, record('x', { requestedPartition: 0 }));
  queues.unassign();
  expect(textsIn(queues.keyedUnassigned.queue)).toEqual(['b', 'a', 'b', 'young']);
  expect(textsIn(queues.unkeyed.queue)).toEqual(['null']);
  expect([...queues.unkeyed.queue].map(({ partition }) => partition)).toEqual([undefined]);
  expect(textsIn(queues.at(0).queue)).toEqual(['x']);
});

it('ends the search for a refused record when the number is not known any more', () => {
  const queues = queuesWith(2);
  put(queues, record('x', { requestedPartition: 0 }));
  queues.at(0).search.startBisect(4);
  queues.unassign();
  expect(queues.at(0).search.isBisecting).toBe(false);
});

it('counts what a partition could borrow of the records without key', () => {
  const queues = queuesWith(2);
  put(queues, record('a'), record(null), record(null));
  expect(queues.waitingFor(queues.at(1))).toBe(3);
  expect(queues.waitingFor(queues.unkeyed)).toBe(2);
});

it('asks the queue that has sent last', () => {
  const queues = queuesWith(2);
  const [zero, one] = [queues.at(0), queues.at(1)];
  queues.moveToEnd(zero);
  expect([...queues].slice(-2)).toEqual([one, zero]);
});

it('keeps no queue of a partition that nothing waits for, and those without a partition always', () => {
  const queues = queuesWith(2);
  put(queues, record('a'));
  for (const queue of [queues.at(0), queues.at(1), queues.unkeyed]) queues.deleteIfIdle(queue);
  expect([...queues]).toEqual([queues.unkeyed, queues.keyedUnassigned, queues.at(1)]);
});

it('forgot with a queue that older records of it wait on disk', () => {
  const queues = queuesWith(2);
  queues.at(0).setAwaitsDisk(true);
  queues.deleteIfIdle(queues.at(0));
  expect(queues.at(0).awaitsDisk).toBe(true);
});

it('records that find the partition of their key stood behind younger ones there, and went to disk before these', () => {
  const queues = queuesWith();
  const records = [record('a'), record('x', { requestedPartition: 0 }), record('a')];
  for (const [seq, one] of records.entries()) put(queues, Object.assign(one, { seq }));
  queues.partitions.learn(1, [0]);
  queues.assign();
  expect([...queues.at(0).queue].map(({ seq }) => seq)).toEqual([0, 1, 2]);
});
