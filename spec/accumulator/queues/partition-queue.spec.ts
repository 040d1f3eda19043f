import { describe, expect, it } from 'vitest';
import { ProducerBatch } from '../../../lib/accumulator/producer-batch.ts';
import { PartitionQueue } from '../../../lib/accumulator/queues/partition-queue.ts';
import { RecordIsolation } from '../../../lib/accumulator/queues/record-isolation.ts';
import { deepQueue, recordOf, textsOf } from '../../sender/rig.ts';

function queueWith(...texts: string[]): PartitionQueue {
  const partitionQueue = new PartitionQueue(0, deepQueue());
  for (const text of texts) partitionQueue.queue.push(recordOf({ text }));
  return partitionQueue;
}

describe('a partition queue', () => {
  it('is idle while nothing waits, is under way, or has to go again', () => {
    const partitionQueue = queueWith();
    expect(partitionQueue.isIdle).toBe(true);
    partitionQueue.busy = true;
    expect(partitionQueue.isIdle).toBe(false);
    partitionQueue.busy = false;
    partitionQueue.awaitingResend = new ProducerBatch('logs', partitionQueue, [recordOf()]);
    expect(partitionQueue.isIdle).toBe(false);
    partitionQueue.awaitingResend = undefined;
    partitionQueue.queue.push(recordOf());
    expect(partitionQueue.isIdle).toBe(false);
  });

  it('takes the records of a failed send back in front, and knows that they were sent', () => {
    const partitionQueue = queueWith('c');
    expect(partitionQueue.isTryingAgain).toBe(false);
    partitionQueue.reenqueue([recordOf({ text: 'a' }), recordOf({ text: 'b' })]);
    expect(partitionQueue.isTryingAgain).toBe(true);
    const records = partitionQueue.queue.drain();
    expect(textsOf(records)).toEqual(['a', 'b', 'c']);
    expect(records.map(({ hasBeenSent }) => hasBeenSent)).toEqual([true, true, false]);
  });

  it('is held from a failed send to the next success, while something waits', () => {
    const partitionQueue = queueWith('a');
    partitionQueue.recordFailure(500);
    partitionQueue.recordFailure(900);
    expect(partitionQueue).toMatchObject({ failures: 2, notBefore: 900, isHeld: true, isTryingAgain: true });
    partitionQueue.recordSuccess(1);
    expect(partitionQueue).toMatchObject({ failures: 0, notBefore: 0, isHeld: false, isTryingAgain: false });
  });

  it('is not held while nothing waits, although its last send failed', () => {
    const partitionQueue = queueWith();
    partitionQueue.recordFailure(500);
    expect(partitionQueue.isHeld).toBe(false);
  });

  it('counts the sends with other times anew after a success', () => {
    const partitionQueue = queueWith();
    partitionQueue.retimings = 3;
    partitionQueue.recordSuccess(1);
    expect(partitionQueue.retimings).toBe(0);
  });

  it('sends records one by one until nothing is left to be found out, which only a single one tells', () => {
    const partitionQueue = queueWith();
    const isolation = new RecordIsolation(false);
    partitionQueue.isolation = isolation;
    partitionQueue.recordSuccess(2);
    expect(partitionQueue.isolation).toBe(isolation);
    partitionQueue.recordSuccess(1);
    expect(partitionQueue.isolation).toBeUndefined();
  });
});

describe('while a refused record is looked for', () => {
  it('a send has half of the records that it is among', () => {
    const partitionQueue = queueWith('a');
    partitionQueue.startBisect(9);
    expect(partitionQueue).toMatchObject({ sendLimit: 4, bisectCount: 9, isBisecting: true, isWary: true });
    partitionQueue.startBisect(1);
    expect(partitionQueue.sendLimit).toBe(1);
  });

  it('a send that comes through leaves the rest to be looked at', () => {
    const partitionQueue = queueWith('a');
    partitionQueue.startBisect(9);
    expect(partitionQueue.hasPartArrived).toBe(false);
    partitionQueue.recordSuccess(4);
    expect(partitionQueue).toMatchObject({ sendLimit: 2, bisectCount: 5, hasPartArrived: true });
    // The next batch is another one.
    partitionQueue.onRecordsGone();
    partitionQueue.startBisect(4);
    expect(partitionQueue.hasPartArrived).toBe(false);
  });

  it('the search is over once as many records have come through, and sends double from there', () => {
    const partitionQueue = queueWith('a');
    partitionQueue.startBisect(600);
    partitionQueue.recordSuccess(600);
    expect(partitionQueue).toMatchObject({ sendLimit: 600, isBisecting: false, isWary: true });
    partitionQueue.recordSuccess(600);
    expect(partitionQueue).toMatchObject({ sendLimit: 1_200, isWary: false });
  });

  it('it is not looked for in an empty queue', () => {
    const partitionQueue = queueWith();
    partitionQueue.startBisect(2);
    expect(partitionQueue.isBisecting).toBe(false);
  });

  it('the next send after it was found has one record', () => {
    const partitionQueue = queueWith('a');
    partitionQueue.startBisect(9);
    partitionQueue.recordFailure(500);
    partitionQueue.onRecordsGone();
    expect(partitionQueue).toMatchObject({ sendLimit: 1, bisectCount: 0, failures: 0, notBefore: 0 });
  });

  it('sends are as large as before where all that waits is refused together', () => {
    const partitionQueue = queueWith('a');
    partitionQueue.startBisect(9);
    partitionQueue.endBisect();
    expect(partitionQueue).toMatchObject({ isBisecting: false, isWary: false });
    partitionQueue.onRecordsGone();
    expect(partitionQueue.isWary).toBe(false);
  });
});
