import type { PendingRecord } from '../../record/record.ts';
import { groupBy } from '../../util/group-by.ts';
import type { BatchingPolicy } from '../batching-policy.ts';
import type { ProducerBatch } from '../producer-batch.ts';
import type { RecordStore } from '../store/record-store.ts';
import { BatchFormer } from './batch-former.ts';
import { BoundInSpool } from './bound-in-spool.ts';
import { NEVER, type PartitionQueue } from './partition-queue.ts';
import { PartitionQueues } from './partition-queues.ts';

/**
 * The records of one topic: which queue may send now, and what a send means for the next ones. The rule behind everything
 * here: **one topic and one partition per send**, because a kafkajs send that spans partitions can resolve with records lost
 * (retries inside one send re-partition the batch, but skip brokers that have answered).
 *
 * - While the number of partitions is not known, a send has records of one key, so that their order holds.
 * - The partition of a send without one is known when it is answered. Records that must not overtake it wait until then.
 */
export class TopicQueues {
  readonly topic: string;
  readonly #queues: PartitionQueues;
  readonly #former: BatchFormer;
  readonly onDisk: BoundInSpool = new BoundInSpool();
  /** Increases whenever keys may belong to other partitions. */
  generation = 0;
  /** How many sends have failed so far; `lastError` is the error of the last one. */
  errors = 0;
  lastError: unknown;

  constructor(topic: string, policy: BatchingPolicy) {
    this.topic = topic;
    this.#queues = new PartitionQueues(policy);
    this.#former = new BatchFormer(topic, policy, this.#queues);
  }

  /** Whether no record waits, is in flight, or has to be awaited from disk. */
  get isIdle(): boolean {
    return [...this.#queues].every(({ isIdle, awaitsDisk }) => isIdle && !awaitsDisk);
  }

  /** How many partitions the topic has, as far as is known. */
  get partitionCount(): number | undefined {
    return this.#queues.partitions.count;
  }

  /** The queue of records with keys, while the number of partitions is not known. */
  get keyedUnassigned(): PartitionQueue {
    return this.#queues.keyedUnassigned;
  }

  /** All stores of records that wait here. */
  *queues(): Generator<RecordStore> {
    for (const partitionQueue of this.#queues) yield partitionQueue.queue;
  }

  /** The queue in which a record would wait. */
  queueFor(record: PendingRecord): PartitionQueue {
    return this.#queues.for(record);
  }

  /** How many records this queue could send. */
  waitingFor(partitionQueue: PartitionQueue): number {
    return this.#queues.waitingFor(partitionQueue);
  }

  /** @returns whether a batch is full */
  add(record: PendingRecord): boolean {
    return this.#queues.for(record).add(record);
  }

  /** The queues that cannot send now. */
  *held(): Generator<PartitionQueue> {
    for (const partitionQueue of this.#queues) if (this.#queues.isHeld(partitionQueue)) yield partitionQueue;
  }

  /** Whether the queue of this record cannot send now. */
  isHeld(record: PendingRecord): boolean {
    return this.#queues.isHeld(this.#queues.for(record));
  }

  /** The next batch that is due, taken out of its queue. @param force do not wait for the linger */
  drain(now: number, force: boolean): ProducerBatch | undefined {
    this.#endStaleSearches();
    for (const partitionQueue of this.#queues) {
      if (this.#queues.dueAt(partitionQueue, force) > now) continue;
      this.#queues.moveToEnd(partitionQueue);
      return this.#former.form(partitionQueue, now);
    }
    return undefined;
  }

  /** When the next batch is due, if nothing else happens: the moment to look again. */
  nextDue(force: boolean): number | undefined {
    this.#endStaleSearches();
    let next = NEVER;
    for (const partitionQueue of this.#queues)
      next = Math.min(next, this.#queues.dueAt(partitionQueue, force));
    return next === NEVER ? undefined : next;
  }

  /** Ends the isolation of records that were dropped, or have expired: it says nothing about the remaining ones. */
  #endStaleSearches(): void {
    for (const { search, isBusy, queue } of this.#queues)
      if (search.isIsolating && !isBusy && queue.head?.hasBeenSent !== true) search.endIsolation();
  }

  /** Puts the records of a failed send back. @param notBefore when they may be sent again */
  reenqueue(batch: ProducerBatch, records: readonly PendingRecord[], notBefore: number): void {
    // Records that failed alone before this one may still be in its queue: then the search stays there.
    const isSearched = (batch.partitionQueue.search.position ?? 0) === 0;
    const mark = (partitionQueue: PartitionQueue): void => partitionQueue.recordFailure(notBefore);
    this.#putBack(batch, records, mark, isSearched);
  }

  /** Puts the one record of a failed send back, to find out whether it is the cause. */
  isolate(batch: ProducerBatch, records: readonly PendingRecord[]): void {
    this.#putBack(batch, records, ({ search }) => search.endBisect());
  }

  /** Puts the records of a refused send back, to find the one that is refused: the next sends have half as many. */
  bisect(batch: ProducerBatch, records: readonly PendingRecord[]): void {
    this.#putBack(batch, records, ({ search }, count) => search.startBisect(count));
  }

  /** A send has failed. */
  recordError(cause: unknown): void {
    this.errors++;
    this.lastError = cause;
  }

  /** Called when the broker has, or may have, the records of a send. */
  markMayHaveArrived({ partition }: ProducerBatch): void {
    if (partition !== undefined) this.#queues.at(partition).markMayHaveArrived();
  }

  /**
   * Whether the records of a failed send may go to another partition: only those without a key, from a partition whose broker
   * was never reached. If it was reached, they wait for it: in another partition they would come after younger records.
   */
  mayMove({ partition, records }: ProducerBatch): boolean {
    const isReached = partition === undefined || this.#queues.at(partition).mayHaveArrived;
    return (
      !isReached &&
      (this.partitionCount ?? 0) > 1 &&
      records.every((record) => record.key === null && record.requestedPartition === undefined)
    );
  }

  /** Puts records back so that any partition may take them; the failed one is not used before `notBefore`. */
  move({ partitionQueue }: ProducerBatch, records: readonly PendingRecord[], notBefore: number): void {
    partitionQueue.endSend();
    partitionQueue.recordFailure(notBefore);
    this.#queues.unkeyed.reenqueue(records);
  }

  /**
   * Keeps a failed batch, to be resent unchanged.
   *
   * @param partition the partition that it was sent to
   * @returns the batch that will be sent
   */
  keepForResend(batch: ProducerBatch, partition: number, notBefore: number): ProducerBatch {
    batch.partitionQueue.endSend();
    const partitionQueue = this.#queues.at(partition);
    partitionQueue.recordFailure(notBefore);
    return partitionQueue.keepForResend(batch);
  }

  /** Forgets the batches that wait to be resent: their records have been given up. */
  clearResend(): void {
    for (const partitionQueue of this.#queues) partitionQueue.clearResend();
  }

  /** A send has succeeded: its queue may send again. */
  succeed(batch: ProducerBatch): void {
    batch.partitionQueue.endSend();
    batch.partitionQueue.recordSuccess(batch.count);
    this.markMayHaveArrived(batch);
    if (batch.partition !== undefined) this.#queues.partitions.recordSuccess(batch.partition);
  }

  /** The whole send was refused: its records are gone, and its queue may send again. */
  onRejected({ partitionQueue }: ProducerBatch): void {
    partitionQueue.endSend();
    partitionQueue.onRecordsGone();
    // Delete the queue of a partition that does not exist: the option `partition` may name any number of them.
    if ((partitionQueue.partition ?? 0) >= (this.partitionCount ?? 0))
      this.#queues.deleteIfIdle(partitionQueue);
  }

  /** Sets what the client has found out about the partitions. Keyed records move to the queues of their partitions. */
  setPartitions(count: number, writable: readonly number[]): void {
    const known = this.partitionCount;
    // Keys belong to other partitions now: waiting records must not be overtaken by later ones of the same key.
    if (known !== undefined && known !== count) this.forgetPartitions();
    this.#queues.partitions.learn(count, writable);
    if (known === count) return;
    this.generation++;
    this.#queues.assign();
  }

  /** The partitions have changed (the topic was deleted and created again, say): forgets what is known of them. */
  forgetPartitions(): void {
    this.#queues.partitions.forget();
    this.generation++;
    this.onDisk.unbind();
    this.#queues.unassign();
  }

  /** Lets all queues send at once, for a flush. */
  beginFlush(): void {
    for (const partitionQueue of this.#queues) partitionQueue.retryNow();
  }

  /**
   * A send failed: its queue may send again, and its records go back.
   *
   * @param mark records the failure on each queue that gets records back
   * @param isSearched whether a search moves to another queue with them
   */
  #putBack(
    batch: ProducerBatch,
    records: readonly PendingRecord[],
    mark: (partitionQueue: PartitionQueue, count: number) => void,
    isSearched = true,
  ): void {
    batch.partitionQueue.endSend();
    const queues = groupBy(records, (record) => this.#queues.for(record));
    if (!queues.has(batch.partitionQueue)) {
      const [to] = queues.keys();
      if (isSearched) batch.partitionQueue.search.moveTo(to?.search);
      batch.partitionQueue.onRecordsGone();
    }
    for (const [partitionQueue, own] of queues) {
      mark(partitionQueue, own.length);
      partitionQueue.reenqueue(own);
    }
  }
}
