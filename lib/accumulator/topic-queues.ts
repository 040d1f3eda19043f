import type { PendingRecord, RecordKey } from '../record/record.ts';
import { groupBy } from '../util/group-by.ts';
import { countOf, type Records } from './batch.ts';
import type { BatchingPolicy } from './batching-policy.ts';
import { PartitionQueue } from './partition-queue.ts';
import { ProducerBatch } from './producer-batch.ts';
import type { RecordIsolation } from './record-isolation.ts';
import { StickyPartition } from './sticky-partition.ts';
import type { RecordStore } from './store/record-store.ts';
import { takeAt, takeOfOneKey, takeOldest } from './take-records.ts';

const NEVER = Number.POSITIVE_INFINITY;

/**
 * The records of one topic that wait, and how they form batches. The rule behind everything here: **one topic
 * and one partition per send**, because a kafkajs send that spans partitions can resolve with records lost
 * (retries inside one send re-partition the batch, but skip brokers that have answered).
 *
 * - Keyed records have a queue for each partition, once the number of partitions is known; until then a send has records of
 *   one key, so that their order holds.
 * - Records without key wait together; each batch of them is bound to a partition when it is formed ("sticky
 *   partitioning"), and stays bound when it has to be sent again.
 * - Where a send without a partition goes is known when it is answered. What must not overtake it waits until then.
 */
export class TopicQueues {
  readonly topic: string;
  readonly #policy: BatchingPolicy;
  /** Without key, not bound to a partition yet. Its own sends are those without a partition. */
  readonly #unkeyed: PartitionQueue;
  /** With key, while the number of partitions is not known. */
  readonly #unassigned: PartitionQueue;
  readonly #partitionQueues = new Map<number, PartitionQueue>();
  /** In which order queues are asked for a batch: one that has sent goes to the end, so that a busy one cannot starve others. */
  readonly #sendOrder: Set<PartitionQueue>;
  readonly #partitions: StickyPartition;
  /** Changes whenever keys may belong elsewhere. */
  generation = 0;
  /** Whether what was on disk when the partitions were forgotten may go to any partition, wherever it was sent. */
  mustUnbind = false;
  /** What was sent, and has been left on disk since then: as what is sent here, it stays with its partition. */
  readonly #leftSince = new Set<string>();
  /** Sends that failed, all that ever did; and why the last one did. */
  errors = 0;
  lastError: unknown;

  constructor(topic: string, policy: BatchingPolicy) {
    this.topic = topic;
    this.#policy = policy;
    this.#unkeyed = new PartitionQueue(undefined, policy.makeQueue());
    this.#unassigned = new PartitionQueue(undefined, policy.makeQueue());
    this.#sendOrder = new Set([this.#unkeyed, this.#unassigned]);
    this.#partitions = new StickyPartition(policy, this.#partitionQueues);
  }

  /** Whether nothing waits here and nothing is under way. */
  get isIdle(): boolean {
    return [...this.#sendOrder].every((partitionQueue) => partitionQueue.isIdle);
  }

  /** Everything that waits here. */
  *queues(): Generator<RecordStore> {
    for (const partitionQueue of this.#sendOrder) yield partitionQueue.queue;
  }

  /** Where a record would wait. */
  queueFor({ key, partition, requestedPartition }: PendingRecord): PartitionQueue {
    const bound = partition ?? requestedPartition;
    if (bound !== undefined) return this.#partitionQueue(bound);
    if (key === null) return this.#unkeyed;
    const { count } = this.#partitions;
    return count === undefined
      ? this.#unassigned
      : this.#partitionQueue(this.#policy.partitionOfKey(key, count));
  }

  /** @returns whether a batch is full */
  add(record: PendingRecord): boolean {
    const { queue } = this.queueFor(record);
    if (queue.count === 0) queue.since = this.#policy.now();
    queue.push(record);
    return this.#isFull(queue);
  }

  /** Where nothing can be sent now. */
  *held(): Generator<PartitionQueue> {
    for (const partitionQueue of this.#sendOrder)
      if (partitionQueue.isHeld || this.#isWaiting(partitionQueue)) yield partitionQueue;
  }

  /** Whether a record like this one cannot be sent now. */
  isHeld(record: PendingRecord): boolean {
    const partitionQueue = this.queueFor(record);
    return partitionQueue.isHeld || this.#isWaiting(partitionQueue);
  }

  /** Whether its records have no partition that they could be sent to now. */
  #isWaiting(partitionQueue: PartitionQueue): boolean {
    if (partitionQueue === this.#unkeyed && !this.#partitions.goesUnassigned)
      return this.#partitions.areAllHeld;
    if (
      partitionQueue !== this.#unkeyed &&
      (partitionQueue !== this.#unassigned || !this.#policy.keepsSendTogether)
    )
      return false;
    // See `#clearAt`: they wait for what was sent before, wherever it went.
    for (const { isHeld, awaitsDisk } of this.#partitionQueues.values())
      if (isHeld || awaitsDisk) return true;
    return false;
  }

  /** Those with keys, while it is not known where they go. */
  get withoutPartition(): PartitionQueue {
    return this.#unassigned;
  }

  /** The next batch that is due, taken out of its queue. @param force do not wait for the linger */
  drain(now: number, force: boolean): ProducerBatch | undefined {
    for (const partitionQueue of this.#sendOrder) {
      // What was to be tried alone has been shed, or is too old.
      if (!partitionQueue.busy && partitionQueue.queue.count === 0) partitionQueue.isolation = undefined;
      if (this.#dueAt(partitionQueue, force) > now) continue;
      this.#sendOrder.delete(partitionQueue);
      this.#sendOrder.add(partitionQueue);
      if (partitionQueue.awaitingResend !== undefined)
        return this.#resume(partitionQueue, partitionQueue.awaitingResend);
      if (partitionQueue.isolation !== undefined)
        return this.#formAlone(partitionQueue, partitionQueue.isolation);
      if (partitionQueue === this.#unkeyed) return this.#formUnkeyed(now);
      return partitionQueue === this.#unassigned
        ? this.#formOfOneKey(partitionQueue)
        : this.#form(partitionQueue.queue, partitionQueue);
    }
    return undefined;
  }

  /** When the next batch is due, if nothing else happens: the moment to look again. */
  nextDue(force: boolean): number | undefined {
    let next = NEVER;
    for (const partitionQueue of this.#sendOrder) next = Math.min(next, this.#dueAt(partitionQueue, force));
    return next === NEVER ? undefined : next;
  }

  /** Puts the records of a failed send back. @param notBefore when they may be sent again */
  reenqueue(batch: ProducerBatch, records: readonly PendingRecord[], notBefore: number): void {
    for (const [partitionQueue, own] of this.#landed(batch, records)) {
      partitionQueue.recordFailure(notBefore);
      partitionQueue.reenqueue(own);
    }
  }

  /** A send failed, and the broker may have its records all the same. */
  onSent({ partition }: ProducerBatch): void {
    if (partition !== undefined) this.#partitionQueue(partition).mayHaveArrived = true;
  }

  /**
   * Whether the records of a send that failed may go to another partition: without key, from one whose broker has never been
   * reached. Where it was reached, they wait for it: elsewhere they would come after younger ones.
   */
  mayMove({ partition, records }: ProducerBatch): boolean {
    const { count = 0 } = this.#partitions;
    const isReached = partition === undefined || this.#partitionQueue(partition).mayHaveArrived;
    return (
      !isReached &&
      count > 1 &&
      records.every((record) => record.key === null && record.requestedPartition === undefined)
    );
  }

  /** Puts records back where any partition may take them, and leaves the one that failed alone until `notBefore`. */
  move({ partitionQueue }: ProducerBatch, records: readonly PendingRecord[], notBefore: number): void {
    partitionQueue.busy = false;
    partitionQueue.recordFailure(notBefore);
    this.#unkeyed.reenqueue(records);
  }

  /** Puts the one record of a failed send back: whether it is the cause is to be found out. */
  isolate(batch: ProducerBatch, records: readonly PendingRecord[]): void {
    for (const [partitionQueue, own] of this.#landed(batch, records)) {
      partitionQueue.bisectCount = 0;
      partitionQueue.reenqueue(own);
    }
  }

  /** How many records this queue could send, where its oldest has such a key. */
  waitingFor(partitionQueue: PartitionQueue, key: RecordKey | undefined): number {
    const canBorrow = partitionQueue.partition !== undefined && key === null;
    return partitionQueue.queue.count + (canBorrow ? this.#unkeyed.queue.count : 0);
  }

  /**
   * Keeps a failed batch as it is, to be sent again as it is.
   *
   * @param partition where it was sent to
   * @returns the batch that will go
   */
  keepForResend(batch: ProducerBatch, partition: number, notBefore: number): ProducerBatch {
    batch.partitionQueue.busy = false;
    const partitionQueue = this.#partitionQueue(partition);
    if (partitionQueue !== batch.partitionQueue) batch.partitionQueue.onRecordsGone();
    partitionQueue.recordFailure(notBefore);
    for (const record of batch.records) record.hasBeenSent = true;
    partitionQueue.awaitingResend = new ProducerBatch(batch.topic, partitionQueue, batch.records);
    return partitionQueue.awaitingResend;
  }

  /** Forgets the batches that wait to be sent again as they are: their records have been given up. */
  clearResend(): void {
    for (const partitionQueue of this.#partitionQueues.values()) partitionQueue.awaitingResend = undefined;
  }

  /** Puts the records of a send back that was refused because of one of them: the next ones carry half as many. */
  bisect(batch: ProducerBatch, records: readonly PendingRecord[]): void {
    for (const [partitionQueue, own] of this.#landed(batch, records)) {
      partitionQueue.startBisect(own.length);
      partitionQueue.reenqueue(own);
    }
  }

  /** A send came through: its queue may send again. */
  succeed(batch: ProducerBatch): void {
    batch.partitionQueue.busy = false;
    batch.partitionQueue.recordSuccess(batch.count);
    this.onSent(batch);
    if (batch.partition !== undefined) this.#partitions.recordSuccess(batch.partition);
  }

  /** The whole send was refused: its records are gone, and its queue may send again. */
  onRejected(batch: ProducerBatch): void {
    const { partitionQueue } = batch;
    partitionQueue.busy = false;
    partitionQueue.onRecordsGone();
    // A function that names many partitions that the topic does not have must not leave a queue of each behind.
    const { partition } = partitionQueue;
    if (partition === undefined || partition < (this.partitionCount ?? 0) || !partitionQueue.isIdle) return;
    this.#partitionQueues.delete(partition);
    this.#sendOrder.delete(partitionQueue);
  }

  /** What the client has found out about the partitions. Keyed records move to the queues of theirs. */
  learn(count: number, writable: readonly number[]): void {
    const known = this.#partitions.count;
    // Keys belong elsewhere now: those that wait must not be overtaken by what comes after them.
    if (known !== undefined && known !== count) this.forget();
    this.#partitions.learn(count, writable);
    if (known === count) return;
    this.generation++;
    this.#unassigned.failures = 0;
    for (const record of this.#unassigned.queue.drain()) this.queueFor(record).queue.push(record);
  }

  /** How many partitions the topic has, as far as is known. */
  get partitionCount(): number | undefined {
    return this.#partitions.count;
  }

  /** The partitions are not what they were (a topic that was deleted and made anew): all is to be found out again. */
  forget(): void {
    this.#partitions.forget();
    this.generation++;
    this.mustUnbind = true;
    this.#leftSince.clear();
    const bound: PendingRecord[] = [];
    for (const [partition, partitionQueue] of this.#partitionQueues) {
      for (const record of partitionQueue.queue.drain()) {
        if (record.requestedPartition === undefined) bound.push(record);
        else partitionQueue.queue.push(record);
      }
      partitionQueue.bisectCount = 0;
      partitionQueue.isolation = undefined;
      if (!partitionQueue.isIdle) continue;
      this.#partitionQueues.delete(partition);
      this.#sendOrder.delete(partitionQueue);
    }
    bound.sort((a, b) => a.seq - b.seq);
    for (const record of bound) record.partition = undefined;
    this.#unkeyed.queue.pushFront(bound.filter((record) => record.key === null));
    this.#unassigned.queue.pushFront(bound.filter((record) => record.key !== null));
  }

  /** A record is left on disk. */
  onLeft(record: PendingRecord): void {
    if (this.mustUnbind && record.partition !== undefined) this.#leftSince.add(placeOf(record));
  }

  /** A record is back from disk. */
  onReplayed(record: PendingRecord): void {
    this.#leftSince.delete(placeOf(record));
  }

  /** Whether a record on disk may go to any partition, wherever it was sent: what has waited here may. */
  isUnbound(record: PendingRecord): boolean {
    return this.mustUnbind && !this.#leftSince.has(placeOf(record));
  }

  /** Forgets all waiting times: somebody flushes. */
  beginFlush(): void {
    for (const partitionQueue of this.#sendOrder) partitionQueue.notBefore = 0;
  }

  #partitionQueue(partition: number): PartitionQueue {
    let partitionQueue = this.#partitionQueues.get(partition);
    if (partitionQueue === undefined) {
      partitionQueue = new PartitionQueue(partition, this.#policy.makeQueue());
      this.#partitionQueues.set(partition, partitionQueue);
      this.#sendOrder.add(partitionQueue);
    }
    return partitionQueue;
  }

  /** A send failed: its queue may send again. @returns the queues that its records go back to */
  #landed(batch: ProducerBatch, records: readonly PendingRecord[]): Map<PartitionQueue, PendingRecord[]> {
    batch.partitionQueue.busy = false;
    // A first send that failed may have reached the partition it was meant for: from now on it is bound to it.
    const queues = groupBy(records, (record) =>
      batch.partition === undefined ? this.queueFor(record) : this.#partitionQueue(batch.partition),
    );
    if (!queues.has(batch.partitionQueue)) {
      const [partitionQueue] = queues.keys();
      if (partitionQueue !== undefined) partitionQueue.isolation ??= batch.partitionQueue.isolation;
      batch.partitionQueue.isolation = undefined;
      batch.partitionQueue.onRecordsGone();
    }
    return queues;
  }

  #isFull({ count, bytes }: RecordStore): boolean {
    const { maxRecords, maxBytes } = this.#policy.limits;
    return count >= maxRecords || bytes >= maxBytes;
  }

  /** When the queue's next batch may go; never, as long as another send has to be answered first. */
  #dueAt(partitionQueue: PartitionQueue, force: boolean): number {
    const { queue } = partitionQueue;
    if (partitionQueue.busy) return NEVER;
    if (partitionQueue.awaitingResend !== undefined)
      return Math.max(partitionQueue.notBefore, this.#clearAt(partitionQueue));
    if (queue.count === 0) return NEVER;
    // While a refused record is looked for, a smaller batch is as full as it may get.
    const isReady =
      force ||
      partitionQueue.isTryingAgain ||
      partitionQueue.isolation !== undefined ||
      this.#isFull(queue) ||
      queue.count >= partitionQueue.sendLimit;
    const due = isReady
      ? partitionQueue.notBefore
      : Math.max(partitionQueue.notBefore, queue.since + this.#policy.limits.lingerMs);
    return Math.max(due, this.#clearAt(partitionQueue));
  }

  /** From when on no other send can be overtaken by one of this queue. */
  #clearAt(partitionQueue: PartitionQueue): number {
    const { keepsSendTogether } = this.#policy;
    const isUnassignedInFlight = keepsSendTogether && this.#unassigned.busy;
    if (partitionQueue === this.#unassigned) {
      // With a client that was handed in, keyed records are never in the queue of a partition.
      return !keepsSendTogether || (!this.#unkeyed.busy && this.#areQueuesIdle()) ? 0 : NEVER;
    }
    if (isUnassignedInFlight) return NEVER;
    if (partitionQueue !== this.#unkeyed) return this.#unkeyed.busy ? NEVER : 0;
    if (this.#partitions.goesUnassigned) return this.#areQueuesIdle() ? 0 : NEVER;
    return this.#partitions.freeAt();
  }

  #areQueuesIdle(): boolean {
    for (const partitionQueue of this.#partitionQueues.values())
      if (!partitionQueue.isIdle || partitionQueue.awaitsDisk) return false;
    return true;
  }

  #formUnkeyed(now: number): ProducerBatch {
    const { queue } = this.#unkeyed;
    const partition = this.#partitions.choose(now);
    if (partition !== undefined) this.#unkeyed.failures = 0;
    return partition === undefined
      ? this.#form(queue, this.#unkeyed, this.#policy.keepsSendTogether ? NEVER : 1)
      : this.#form(queue, this.#partitionQueue(partition));
  }

  #resume(partitionQueue: PartitionQueue, batch: ProducerBatch): ProducerBatch {
    partitionQueue.awaitingResend = undefined;
    partitionQueue.busy = true;
    return batch;
  }

  #form(queue: RecordStore, partitionQueue: PartitionQueue, limit = NEVER): ProducerBatch {
    const { maxRecords, maxBytes } = this.#policy.limits;
    const most = Math.min(maxRecords, partitionQueue.sendLimit, limit);
    const limits = { most, maxBytes };
    return this.#makeBatch(queue.takePacked(limits) ?? takeOldest(queue, limits), queue, partitionQueue);
  }

  /** The next record that is to be sent alone. Where none is left here, one that is not bound to a partition yet. */
  #formAlone(partitionQueue: PartitionQueue, { position }: RecordIsolation): ProducerBatch {
    const { queue } = partitionQueue;
    const borrowed =
      position >= queue.count && this.waitingFor(partitionQueue, queue.head?.key) > position
        ? this.#unkeyed.queue.shift()
        : undefined;
    if (borrowed !== undefined) queue.push(borrowed);
    return this.#makeBatch(takeAt(queue, Math.min(position, queue.count - 1)), queue, partitionQueue);
  }

  /**
   * The oldest records, as long as they share a key. With a client that was handed in, where every keyed send is one
   * of these, also the next few that do: that inverts no key, but records of different keys.
   */
  #formOfOneKey(partitionQueue: PartitionQueue): ProducerBatch {
    const { limits, keepsSendTogether } = this.#policy;
    const most = Math.min(limits.maxRecords, partitionQueue.sendLimit);
    const among = keepsSendTogether ? 'adjacent' : limits.maxRecords;
    const records = takeOfOneKey(partitionQueue.queue, { most, maxBytes: limits.maxBytes }, among);
    return this.#makeBatch(records, partitionQueue.queue, partitionQueue);
  }

  #makeBatch(records: Records, queue: RecordStore, partitionQueue: PartitionQueue): ProducerBatch {
    partitionQueue.busy = true;
    // What is left starts to gather anew: while this send is under way it may become a full batch. But not where the batch was
    // only so small because a refused record is looked for: then each would wait for the linger.
    if (countOf(records) < partitionQueue.sendLimit) queue.since = this.#policy.now();
    return new ProducerBatch(this.topic, partitionQueue, records);
  }
}

function placeOf({ spoolPosition }: PendingRecord): string {
  return `${spoolPosition?.segment} ${spoolPosition?.offset}`;
}
