import type { PendingRecord } from '../../record/record.ts';
import { groupBy } from '../../util/group-by.ts';
import type { BatchingPolicy } from '../batching-policy.ts';
import { NEVER, PartitionQueue } from './partition-queue.ts';
import { StickyPartition } from './sticky-partition.ts';

/**
 * Where the records of one topic wait, and which of them must wait for what others send.
 *
 * - Keyed records have a queue for each partition, once the number of partitions is known.
 * - Records without key wait together; each batch of them is bound to a partition when it is formed ("sticky
 *   partitioning"), and stays bound when it has to be sent again.
 */
export class PartitionQueues {
  readonly #policy: BatchingPolicy;
  /** Without key, not bound to a partition yet. Its own sends are those without a partition. */
  readonly unkeyed: PartitionQueue;
  /** With key, while the number of partitions is not known. */
  readonly keyedUnassigned: PartitionQueue;
  readonly #byPartition = new Map<number, PartitionQueue>();
  /** In which order queues are asked for a batch: one that has sent goes to the end, so that a busy one cannot starve others. */
  readonly #sendOrder: Set<PartitionQueue>;
  readonly partitions: StickyPartition;

  constructor(policy: BatchingPolicy) {
    this.#policy = policy;
    this.unkeyed = new PartitionQueue(undefined, policy);
    this.keyedUnassigned = new PartitionQueue(undefined, policy);
    this.#sendOrder = new Set([this.unkeyed, this.keyedUnassigned]);
    this.partitions = new StickyPartition(policy, this.#byPartition);
  }

  /** All of them, in the order in which they send. */
  [Symbol.iterator](): IterableIterator<PartitionQueue> {
    return this.#sendOrder.values();
  }

  /** Where a record would wait. */
  for({ key, partition, requestedPartition }: PendingRecord): PartitionQueue {
    const bound = partition ?? requestedPartition;
    if (bound !== undefined) return this.at(bound);
    if (key === null) return this.unkeyed;
    const { count } = this.partitions;
    return count === undefined ? this.keyedUnassigned : this.at(this.#policy.partitionOfKey(key, count));
  }

  /** The queue of a partition. */
  at(partition: number): PartitionQueue {
    let partitionQueue = this.#byPartition.get(partition);
    if (partitionQueue === undefined) {
      partitionQueue = new PartitionQueue(partition, this.#policy);
      this.#byPartition.set(partition, partitionQueue);
      this.#sendOrder.add(partitionQueue);
    }
    return partitionQueue;
  }

  /** How many records this queue could send: that of a partition also those that may go anywhere. */
  waitingFor({ partition, queue, awaitsDisk }: PartitionQueue): number {
    return queue.count + (partition === undefined || awaitsDisk ? 0 : this.unkeyed.queue.count);
  }

  /** It sends. The others come first next time. */
  moveToEnd(partitionQueue: PartitionQueue): void {
    this.#sendOrder.delete(partitionQueue);
    this.#sendOrder.add(partitionQueue);
  }

  /** The number of partitions is known now: keyed records move to the queues of theirs. */
  assign(): void {
    this.keyedUnassigned.forgetFailures();
    const keyed = groupBy(this.keyedUnassigned.queue.takeAll(), (record) => this.for(record));
    for (const [partitionQueue, own] of keyed) partitionQueue.putBack(own);
  }

  /** The number of partitions is not known any more: all records may go anywhere, but for those that name a partition. */
  unassign(): void {
    const freed: PendingRecord[] = [];
    for (const partitionQueue of this.#byPartition.values()) {
      for (const record of partitionQueue.queue.takeAll()) {
        if (record.requestedPartition === undefined) freed.push(record);
        else partitionQueue.queue.push(record);
      }
      partitionQueue.search.endBisect();
      partitionQueue.search.endIsolation();
      this.deleteIfIdle(partitionQueue);
    }
    freed.sort((a, b) => a.seq - b.seq);
    for (const record of freed) record.partition = undefined;
    this.unkeyed.putBack(freed.filter((record) => record.key === null));
    this.keyedUnassigned.putBack(freed.filter((record) => record.key !== null));
  }

  /** A partition may be gone for good: no queue of it is left behind once it is not needed. */
  deleteIfIdle(partitionQueue: PartitionQueue): void {
    if (partitionQueue.partition === undefined || !partitionQueue.isIdle || partitionQueue.awaitsDisk) return;
    this.#byPartition.delete(partitionQueue.partition);
    this.#sendOrder.delete(partitionQueue);
  }

  /** When the queue's next batch may go; never, as long as another send has to be answered first. */
  dueAt(partitionQueue: PartitionQueue, force: boolean): number {
    const due = partitionQueue.dueAt(force);
    return due === NEVER ? NEVER : Math.max(due, this.#clearAt(partitionQueue));
  }

  /** Whether its records cannot be sent now. */
  isHeld(partitionQueue: PartitionQueue): boolean {
    return partitionQueue.isHeld || this.#isWaiting(partitionQueue);
  }

  /** From when on no other send can be overtaken by one of this queue. */
  #clearAt(partitionQueue: PartitionQueue): number {
    const { unkeyed, keyedUnassigned, partitions } = this;
    const { keepsSendTogether } = this.#policy;
    if (partitionQueue === keyedUnassigned) {
      // With a client that was handed in, keyed records are never in the queue of a partition.
      return !keepsSendTogether || (!unkeyed.isBusy && this.#arePartitionsIdle()) ? 0 : NEVER;
    }
    if (keepsSendTogether && keyedUnassigned.isBusy) return NEVER;
    if (partitionQueue !== unkeyed) return unkeyed.isBusy ? NEVER : 0;
    if (partitions.goesUnassigned) return this.#arePartitionsIdle() ? 0 : NEVER;
    return partitions.freeAt();
  }

  /** Whether its records have no partition that they could be sent to now. */
  #isWaiting(partitionQueue: PartitionQueue): boolean {
    const { unkeyed, keyedUnassigned, partitions } = this;
    if (partitionQueue === unkeyed && !partitions.goesUnassigned)
      return partitions.areAllHeld(unkeyed.queue.count > 0);
    const waitsForOthers =
      partitionQueue === unkeyed || (partitionQueue === keyedUnassigned && this.#policy.keepsSendTogether);
    if (!waitsForOthers) return false;
    // See `#clearAt`: they wait for what was sent before, wherever it went.
    for (const { isHeld, awaitsDisk } of this.#byPartition.values()) if (isHeld || awaitsDisk) return true;
    return false;
  }

  #arePartitionsIdle(): boolean {
    for (const partitionQueue of this.#byPartition.values())
      if (!partitionQueue.isIdle || partitionQueue.awaitsDisk) return false;
    return true;
  }
}
