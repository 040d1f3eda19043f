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
 * - Where a send without a partition goes is known when it is answered. What must not overtake it waits until then.
 */
export class TopicQueues {
  readonly topic: string;
  readonly #queues: PartitionQueues;
  readonly #former: BatchFormer;
  readonly onDisk: BoundInSpool = new BoundInSpool();
  /** Changes whenever keys may belong elsewhere. */
  generation = 0;
  /** Sends that failed, all that ever did; and why the last one did. */
  errors = 0;
  lastError: unknown;

  constructor(topic: string, policy: BatchingPolicy) {
    this.topic = topic;
    this.#queues = new PartitionQueues(policy);
    this.#former = new BatchFormer(topic, policy, this.#queues);
  }

  /** Whether nothing waits here and nothing is under way, and nothing is to be heeded of what is on disk. */
  get isIdle(): boolean {
    return [...this.#queues].every(({ isIdle, awaitsDisk }) => isIdle && !awaitsDisk);
  }

  /** How many partitions the topic has, as far as is known. */
  get partitionCount(): number | undefined {
    return this.#queues.partitions.count;
  }

  /** Those with keys, while it is not known where they go. */
  get keyedUnassigned(): PartitionQueue {
    return this.#queues.keyedUnassigned;
  }

  /** Everything that waits here. */
  *queues(): Generator<RecordStore> {
    for (const partitionQueue of this.#queues) yield partitionQueue.queue;
  }

  /** Where a record would wait. */
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

  /** Where nothing can be sent now. */
  *held(): Generator<PartitionQueue> {
    for (const partitionQueue of this.#queues) if (this.#queues.isHeld(partitionQueue)) yield partitionQueue;
  }

  /** Whether a record like this one cannot be sent now. */
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

  /** What was tried alone has been shed, or is too old: of what is left nothing has been found out. */
  #endStaleSearches(): void {
    for (const { search, isBusy, queue } of this.#queues)
      if (search.isIsolating && !isBusy && queue.head?.hasBeenSent !== true) search.endIsolation();
  }

  /** Puts the records of a failed send back. @param notBefore when they may be sent again */
  reenqueue(batch: ProducerBatch, records: readonly PendingRecord[], notBefore: number): void {
    // Those that failed alone before this one may stand where it stood: they are what is searched.
    const isSearched = (batch.partitionQueue.search.position ?? 0) === 0;
    const mark = (partitionQueue: PartitionQueue): void => partitionQueue.recordFailure(notBefore);
    this.#putBack(batch, records, mark, isSearched);
  }

  /** Puts the one record of a failed send back: whether it is the cause is to be found out. */
  isolate(batch: ProducerBatch, records: readonly PendingRecord[]): void {
    this.#putBack(batch, records, ({ search }) => search.endBisect());
  }

  /** Puts the records of a send back that was refused because of one of them: the next ones carry half as many. */
  bisect(batch: ProducerBatch, records: readonly PendingRecord[]): void {
    this.#putBack(batch, records, ({ search }, count) => search.startBisect(count));
  }

  /** A send has failed. */
  recordError(cause: unknown): void {
    this.errors++;
    this.lastError = cause;
  }

  /** The broker has the records of a send, or may have them although the send failed. */
  markMayHaveArrived({ partition }: ProducerBatch): void {
    if (partition !== undefined) this.#queues.at(partition).markMayHaveArrived();
  }

  /**
   * Whether the records of a send that failed may go to another partition: without key, from one whose broker has never been
   * reached. Where it was reached, they wait for it: elsewhere they would come after younger ones.
   */
  mayMove({ partition, records }: ProducerBatch): boolean {
    const isReached = partition === undefined || this.#queues.at(partition).mayHaveArrived;
    return (
      !isReached &&
      (this.partitionCount ?? 0) > 1 &&
      records.every((record) => record.key === null && record.requestedPartition === undefined)
    );
  }

  /** Puts records back where any partition may take them, and leaves the one that failed alone until `notBefore`. */
  move({ partitionQueue }: ProducerBatch, records: readonly PendingRecord[], notBefore: number): void {
    partitionQueue.endSend();
    partitionQueue.recordFailure(notBefore);
    this.#queues.unkeyed.reenqueue(records);
  }

  /**
   * Keeps a failed batch as it is, to be sent again as it is.
   *
   * @param partition where it was sent to
   * @returns the batch that will go
   */
  keepForResend(batch: ProducerBatch, partition: number, notBefore: number): ProducerBatch {
    batch.partitionQueue.endSend();
    const partitionQueue = this.#queues.at(partition);
    partitionQueue.recordFailure(notBefore);
    return partitionQueue.keepForResend(batch);
  }

  /** Forgets the batches that wait to be sent again as they are: their records have been given up. */
  clearResend(): void {
    for (const partitionQueue of this.#queues) partitionQueue.clearResend();
  }

  /** A send came through: its queue may send again. */
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
    // A function that names many partitions that the topic does not have must not leave a queue of each behind.
    if ((partitionQueue.partition ?? 0) >= (this.partitionCount ?? 0))
      this.#queues.deleteIfIdle(partitionQueue);
  }

  /** What the client has found out about the partitions. Keyed records move to the queues of theirs. */
  setPartitions(count: number, writable: readonly number[]): void {
    const known = this.partitionCount;
    // Keys belong elsewhere now: those that wait must not be overtaken by what comes after them.
    if (known !== undefined && known !== count) this.forgetPartitions();
    this.#queues.partitions.learn(count, writable);
    if (known === count) return;
    this.generation++;
    this.#queues.assign();
  }

  /** The partitions are not what they were (a topic that was deleted and made anew): all is to be found out again. */
  forgetPartitions(): void {
    this.#queues.partitions.forget();
    this.generation++;
    this.onDisk.unbind();
    this.#queues.unassign();
  }

  /** Forgets all waiting times: somebody flushes. */
  beginFlush(): void {
    for (const partitionQueue of this.#queues) partitionQueue.retryNow();
  }

  /**
   * A send failed: its queue may send again, and its records go back.
   *
   * @param mark what that means for the queue they go to
   * @param isSearched whether a search goes to another queue with them
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
