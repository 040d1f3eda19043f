import type { PendingRecord, RecordKey } from '../../record/record.ts';
import type { BatchingPolicy } from '../batching-policy.ts';
import { PartitionQueue } from './partition-queue.ts';
import { StickyPartition } from './sticky-partition.ts';

/**
 * Where the records of one topic wait.
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
  readonly unassigned: PartitionQueue;
  readonly #byPartition = new Map<number, PartitionQueue>();
  /** In which order queues are asked for a batch: one that has sent goes to the end, so that a busy one cannot starve others. */
  readonly #sendOrder: Set<PartitionQueue>;
  readonly partitions: StickyPartition;

  constructor(policy: BatchingPolicy) {
    this.#policy = policy;
    this.unkeyed = new PartitionQueue(undefined, policy.makeQueue());
    this.unassigned = new PartitionQueue(undefined, policy.makeQueue());
    this.#sendOrder = new Set([this.unkeyed, this.unassigned]);
    this.partitions = new StickyPartition(policy, this.#byPartition);
  }

  /** All of them, in the order in which they send. */
  [Symbol.iterator](): IterableIterator<PartitionQueue> {
    return this.#sendOrder.values();
  }

  /** Those of one partition each. */
  get ofPartitions(): Iterable<PartitionQueue> {
    return this.#byPartition.values();
  }

  /** Where a record would wait. */
  for({ key, partition, requestedPartition }: PendingRecord): PartitionQueue {
    const bound = partition ?? requestedPartition;
    if (bound !== undefined) return this.at(bound);
    if (key === null) return this.unkeyed;
    const { count } = this.partitions;
    return count === undefined ? this.unassigned : this.at(this.#policy.partitionOfKey(key, count));
  }

  /** The queue of a partition. */
  at(partition: number): PartitionQueue {
    let partitionQueue = this.#byPartition.get(partition);
    if (partitionQueue === undefined) {
      partitionQueue = new PartitionQueue(partition, this.#policy.makeQueue());
      this.#byPartition.set(partition, partitionQueue);
      this.#sendOrder.add(partitionQueue);
    }
    return partitionQueue;
  }

  /** How many records this queue could send, where its oldest has such a key. */
  waitingFor(partitionQueue: PartitionQueue, key: RecordKey | undefined): number {
    const canBorrow = partitionQueue.partition !== undefined && key === null;
    return partitionQueue.queue.count + (canBorrow ? this.unkeyed.queue.count : 0);
  }

  /** It sends. The others come first next time. */
  moveToEnd(partitionQueue: PartitionQueue): void {
    this.#sendOrder.delete(partitionQueue);
    this.#sendOrder.add(partitionQueue);
  }

  /** The number of partitions is known now: keyed records move to the queues of theirs. */
  assign(): void {
    this.unassigned.failures = 0;
    for (const record of this.unassigned.queue.drain()) this.for(record).queue.push(record);
  }

  /** The number of partitions is not known any more: all records may go anywhere, but for those that name a partition. */
  unassign(): void {
    const freed: PendingRecord[] = [];
    for (const partitionQueue of this.#byPartition.values()) {
      for (const record of partitionQueue.queue.drain()) {
        if (record.requestedPartition === undefined) freed.push(record);
        else partitionQueue.queue.push(record);
      }
      partitionQueue.bisectCount = 0;
      partitionQueue.isolation = undefined;
      this.deleteIfIdle(partitionQueue);
    }
    freed.sort((a, b) => a.seq - b.seq);
    for (const record of freed) record.partition = undefined;
    this.unkeyed.queue.pushFront(freed.filter((record) => record.key === null));
    this.unassigned.queue.pushFront(freed.filter((record) => record.key !== null));
  }

  /** A partition may be gone for good: no queue of it is left behind once it is not needed. */
  deleteIfIdle(partitionQueue: PartitionQueue): void {
    if (partitionQueue.partition === undefined || !partitionQueue.isIdle || partitionQueue.awaitsDisk) return;
    this.#byPartition.delete(partitionQueue.partition);
    this.#sendOrder.delete(partitionQueue);
  }
}
