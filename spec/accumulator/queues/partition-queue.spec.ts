import { describe, expect, it } from 'vitest';
import { ProducerBatch } from '../../../lib/accumulator/producer-batch.ts';
import { PartitionQueue } from '../../../lib/accumulator/queues/partition-queue.ts';
import { SeverityQueue } from '../../../lib/accumulator/store/severity-queue.ts';
import type { PendingRecord } from '../../../lib/record/record.ts';
import { batchingPolicy, deepQueue, recordOf, textsOf } from '../../sender/rig.ts';

const NOW = 70;

type Four = [PendingRecord, PendingRecord, PendingRecord, PendingRecord];

function queueWith(...texts: string[]): PartitionQueue {
  const partitionQueue = new PartitionQueue(0, batchingPolicy({ now: () => NOW }));
  for (const text of texts) partitionQueue.queue.push(recordOf({ text }));
  return partitionQueue;
}

describe.each([
  ['as they came', deepQueue],
  ['by severity', () => new SeverityQueue(() => deepQueue())],
])('what comes back to records that wait %s', (_name, makeQueue) => {
  let seq = 0;
  const record = (text: string): PendingRecord =>
    Object.assign(recordOf({ text, severity: seq % 3 }), { seq: ++seq });

  function takeFrom(...texts: string[]): [PartitionQueue, ...PendingRecord[]] {
    const partitionQueue = new PartitionQueue(0, batchingPolicy({ makeQueue }));
    for (const text of texts) partitionQueue.queue.push(record(text));
    const taken = texts.map(() => partitionQueue.queue.shift() as PendingRecord);
    return [partitionQueue, ...taken];
  }

  it('of two sends in the wrong order does not stay in it', () => {
    const [partitionQueue, a, b, c, d] = takeFrom('a', 'b', 'c', 'd') as [PartitionQueue, ...Four];
    partitionQueue.queue.push(record('e'));
    partitionQueue.reenqueue([a, d]);
    partitionQueue.reenqueue([b, c]);
    expect(textsOf(partitionQueue.queue.takeAll())).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('in another order than that of acceptance stays in it, where none that was sent waits', () => {
    const [partitionQueue, a, b, , d] = takeFrom('a', 'b', 'c', 'd') as [PartitionQueue, ...Four];
    partitionQueue.reenqueue([d, a, b]);
    expect(textsOf(partitionQueue.queue.takeAll())).toEqual(['d', 'a', 'b']);
  });

  it('stands behind what was accepted earlier and never sent: what is written to disk from the end on is the youngest', () => {
    const [partitionQueue, a, b, c] = takeFrom('a', 'b', 'c', 'd') as [PartitionQueue, ...Four];
    partitionQueue.queue.push(a);
    partitionQueue.queue.push(c);
    partitionQueue.reenqueue([b]);
    expect(textsOf(partitionQueue.queue.takeAll())).toEqual(['a', 'b', 'c']);
  });

  it('is the oldest where nothing waits that is older', () => {
    const [partitionQueue, a, b, c] = takeFrom('a', 'b', 'c', 'd') as [PartitionQueue, ...Four];
    const isOldest = (one: PendingRecord): boolean =>
      partitionQueue.isOldest(new ProducerBatch('logs', partitionQueue, [one]));
    expect(isOldest(c)).toBe(true);
    partitionQueue.queue.push(b);
    expect([isOldest(a), isOldest(c)]).toEqual([true, false]);
  });
});

describe('a partition queue', () => {
  it('is idle while nothing waits, is under way, or has to go again', () => {
    const partitionQueue = queueWith();
    expect(partitionQueue.isIdle).toBe(true);
    partitionQueue.startSend(1);
    expect(partitionQueue.isIdle).toBe(false);
    partitionQueue.endSend();
    partitionQueue.keepForResend(new ProducerBatch('logs', partitionQueue, [recordOf()]));
    expect(partitionQueue.isIdle).toBe(false);
    partitionQueue.clearResend();
    partitionQueue.queue.push(recordOf());
    expect(partitionQueue.isIdle).toBe(false);
  });

  it('takes the records of a failed send back in front, and knows that they were sent', () => {
    const partitionQueue = queueWith('c');
    expect(partitionQueue.dueAt(false)).toBe(20);
    partitionQueue.reenqueue([recordOf({ text: 'a' }), recordOf({ text: 'b' })]);
    expect(partitionQueue.dueAt(false)).toBe(0);
    const records = partitionQueue.queue.takeAll();
    expect(textsOf(records)).toEqual(['a', 'b', 'c']);
    expect(records.map(({ hasBeenSent }) => hasBeenSent)).toEqual([true, true, false]);
  });

  it('is held from a failed send to the next success, while something waits', () => {
    const partitionQueue = queueWith('a');
    partitionQueue.recordFailure(500);
    partitionQueue.recordFailure(900);
    expect([partitionQueue.failures, partitionQueue.isHeld, partitionQueue.dueAt(false)]).toEqual([
      2,
      true,
      900,
    ]);
    partitionQueue.recordSuccess(1);
    expect([partitionQueue.failures, partitionQueue.isHeld, partitionQueue.dueAt(false)]).toEqual([
      0,
      false,
      20,
    ]);
  });

  it('is not held while nothing waits, although its last send failed', () => {
    const partitionQueue = queueWith();
    partitionQueue.recordFailure(500);
    expect(partitionQueue.isHeld).toBe(false);
  });

  it('counts the sends with other times anew after a success', () => {
    const partitionQueue = queueWith();
    expect([partitionQueue.onRetimed(), partitionQueue.onRetimed()]).toEqual([1, 2]);
    partitionQueue.recordSuccess(1);
    expect(partitionQueue.onRetimed()).toBe(1);
  });

  it('sends after a failure without a wait once somebody flushes, or its records have gone', () => {
    const partitionQueue = queueWith('a');
    partitionQueue.recordFailure(500);
    expect(partitionQueue.dueAt(true)).toBe(500);
    partitionQueue.retryNow();
    expect([partitionQueue.failures, partitionQueue.dueAt(true)]).toEqual([1, 0]);
    partitionQueue.recordFailure(500);
    partitionQueue.onRecordsGone();
    expect([partitionQueue.failures, partitionQueue.dueAt(true)]).toEqual([0, 0]);
  });

  it('is full with as many records as a batch may have, and gathers from the first one on', () => {
    const partitionQueue = queueWith();
    const isFull = Array.from({ length: 10 }, () => partitionQueue.add(recordOf()));
    expect(isFull.indexOf(true)).toBe(9);
    expect(partitionQueue.dueAt(false)).toBe(0);
    partitionQueue.queue.shift();
    expect(partitionQueue.dueAt(false)).toBe(NOW + 20);
  });
});
