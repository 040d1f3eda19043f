import type { DropReason, PendingRecord } from '../record/record.ts';
import type { Spool } from '../spool/spool.ts';
import { isPacked, type Records } from './batch.ts';
import type { BatchingPolicy } from './batching-policy.ts';
import type { HeldTopic } from './held-queues.ts';
import type { Ledger } from './ledger.ts';
import { type BufferLimits, MemoryLimit } from './memory-limit.ts';
import type { ProducerBatch } from './producer-batch.ts';
import { SpooledQueues } from './spooled-queues.ts';
import type { RecordStore } from './store/record-store.ts';
import { TopicQueues } from './topic-queues.ts';

// How many topics may be known before those with nothing to send are forgotten. A topic's queues are a few hundred
// bytes, and what they have learnt is found out again with the next send.
const MAX_TOPICS = 1_000;

// With a spool: the share of memory that is kept for records that wait for their value, which cannot go to disk.
const UNSERIALIZED_SHARE = 0.1;

/** Told of each record that will not reach Kafka; it is still whole, and already counted. */
export type DropListener = (record: PendingRecord, reason: DropReason, cause: unknown) => void;

/** All records that wait for the broker, within the memory limit, in a queue per topic and partition that keeps their order. */
export class RecordAccumulator {
  readonly #ledger: Ledger;
  readonly #buffer: MemoryLimit;
  readonly #batchingPolicy: BatchingPolicy;
  readonly #onDropped: DropListener;
  readonly #spool: Spool | undefined;
  readonly #spooled: SpooledQueues | undefined;
  readonly #topics = new Map<string, TopicQueues>();
  readonly #inFlight = new Set<ProducerBatch>();
  /** Failed batches that go again as they are. Their records count as in flight: the broker may have them. */
  readonly #awaitingResend = new Set<ProducerBatch>();
  /** Records that wait for their value, if there is a `serialize`: before all queues, in the order of acceptance. */
  #unserialized: RecordStore | undefined;
  #tidyAt = MAX_TOPICS;

  constructor(
    ledger: Ledger,
    limits: BufferLimits,
    batchingPolicy: Omit<BatchingPolicy, 'makeQueue'>,
    onDropped: DropListener,
    spool?: Spool,
    onHeld: (held: HeldTopic) => void = () => undefined,
  ) {
    this.#spool = spool;
    this.#ledger = ledger;
    this.#buffer = new MemoryLimit(limits, ledger);
    this.#batchingPolicy = { ...batchingPolicy, makeQueue: this.#buffer.makeQueue };
    this.#onDropped = onDropped;
    if (spool === undefined) return;
    this.#spooled = new SpooledQueues({
      ...{ spool, ledger, limits, onHeld },
      buffer: this.#buffer,
      topics: this.#topics,
      queuesOf: (topic) => this.#topicQueues(topic),
      drop: (record, reason, cause) => this.drop(record, reason, cause),
    });
  }

  /** Whether what memory holds leaves at least as much room again. */
  get isHalfEmpty(): boolean {
    return this.#buffer.isHalfEmpty;
  }

  /** How many batches are with the client. */
  get batchesInFlight(): number {
    return this.#inFlight.size;
  }

  /** The batches that are with the client. */
  get inFlight(): ReadonlySet<ProducerBatch> {
    return this.#inFlight;
  }

  /** The topics that records in memory are for; nothing where others wait on disk, or for their value. */
  waitingTopics(): readonly string[] | undefined {
    if (this.#ledger.spooledWaiting > 0 || this.firstUnserialized !== undefined) return undefined;
    return [...this.#topics].filter(([, queues]) => !queues.isIdle).map(([topic]) => topic);
  }

  /** How many topics it remembers. */
  get topics(): number {
    return this.#topics.size;
  }

  /** Takes no record in; it is counted and told as any other that is dropped. */
  acceptAndDrop(record: PendingRecord, reason: DropReason, cause: unknown): void {
    this.#ledger.accept(record);
    this.drop(record, reason, cause);
  }

  /** @returns whether a batch is full */
  add(record: PendingRecord): boolean {
    if (!this.#buffer.canHold(record.bytes)) {
      const cause = new Error(`${record.bytes} bytes are more than the buffer may hold`);
      this.acceptAndDrop(record, 'oversize', cause);
      return false;
    }
    if (this.#spooled?.takesIn(record, () => this.acceptAndDrop(record, 'overflow', undefined))) return false;
    if (!this.#buffer.makeRoomFor(record, (victim) => this.drop(victim, 'overflow', undefined))) {
      this.acceptAndDrop(record, 'overflow', undefined);
      return false;
    }
    this.#ledger.accept(record);
    if (this.#spool?.keepsAll) this.#spool.keep(record);
    return this.#topicQueues(record.topic).add(record);
  }

  /** Makes room for records that wait for their value. */
  expectUnserialized(): void {
    this.#unserialized = this.#buffer.makeQueue();
    if (this.#spool !== undefined) this.#buffer.reserve = UNSERIALIZED_SHARE;
  }

  /** Those, oldest first. */
  get unserialized(): Iterable<PendingRecord> {
    return this.#unserialized ?? [];
  }

  /** The oldest of them. */
  get firstUnserialized(): PendingRecord | undefined {
    return this.#unserialized?.peek();
  }

  /** Takes in a record whose value is not known yet. @returns whether it waits */
  hold(record: PendingRecord): boolean {
    const queue = this.#unserialized;
    if (queue === undefined || !this.#buffer.canHold(record.bytes)) {
      this.add(record);
      return false;
    }
    record.isPinned = true;
    const shed = (victim: PendingRecord): void => this.drop(victim, 'overflow', undefined);
    // With a spool, what waits for the broker is not to be lost for it.
    const hasRoom =
      this.#spool === undefined
        ? this.#buffer.makeRoomFor(record, shed)
        : this.#buffer.makeRoomIn(queue, record, shed);
    if (!hasRoom) {
      this.acceptAndDrop(record, 'overflow', undefined);
      return false;
    }
    this.#ledger.accept(record);
    queue.push(record);
    return true;
  }

  /** Takes out the oldest record that waits for its value, to be added with that. */
  takeUnserialized(value: string | Buffer): PendingRecord | undefined {
    const record = this.#unserialized?.shift();
    if (record === undefined) return undefined;
    this.#ledger.withdraw(record);
    record.isPinned = false;
    record.serialization = undefined;
    record.setValue(value);
    return record;
  }

  /**
   * Takes records back from disk, as memory has room, and writes there what has to be there before it is sent.
   *
   * @param now wall and monotonic time, for records that expire
   * @returns whether there is more to be done at once
   */
  replayFromSpool(now: { wall: number; monotonic: number }): boolean {
    return this.#spooled?.replayFromSpool(now) === true;
  }

  /** The next batch that is due, now in flight. @param only the one topic that may be asked */
  drain(now: number, force: boolean, only?: string): ProducerBatch | undefined {
    for (const [topic, topicQueues] of this.#topics) {
      if (only !== undefined && topic !== only) continue;
      const batch = topicQueues.drain(now, force);
      if (batch === undefined) continue;
      if (!this.#awaitingResend.delete(batch)) {
        const { content } = batch;
        if (isPacked(content)) this.#ledger.startSendOfPages(content);
        else {
          for (const record of content) this.#ledger.startSend(record);
          this.#bind(batch);
        }
      }
      this.#inFlight.add(batch);
      // To the end of the line: a topic that is always busy must not starve the others.
      this.#topics.delete(topic);
      this.#topics.set(topic, topicQueues);
      return batch;
    }
    return undefined;
  }

  /** When the next batch is due, on the monotonic clock. */
  nextDue(force: boolean): number | undefined {
    let next: number | undefined;
    for (const topicQueues of this.#topics.values()) {
      const due = topicQueues.nextDue(force);
      if (due !== undefined && (next === undefined || due < next)) next = due;
    }
    return next;
  }

  /** @returns the records that were delivered by this */
  deliver(batch: ProducerBatch): Records {
    this.#spooled?.onDelivered();
    const { content } = batch;
    if (isPacked(content)) {
      this.#inFlight.delete(batch);
      this.#ledger.deliverPages(content);
      this.#topicQueues(batch.topic).succeed(batch);
      return content;
    }
    const records = this.#landed(batch);
    for (const record of records) this.#ledger.deliver(record);
    this.#spool?.settle(records);
    this.#topicQueues(batch.topic).succeed(batch);
    return records;
  }

  /** The same for records that have reached Kafka without a batch of this accumulator. */
  onDelivered(records: readonly PendingRecord[]): void {
    for (const record of records) {
      record.queue?.discard(record);
      this.#ledger.deliver(record);
    }
    this.#spool?.settle(records);
  }

  /** All that is left, what is in flight included, by the order of its acceptance. */
  unsettled(): PendingRecord[] {
    const left = [...this.#topics.values()].flatMap((topicQueues) =>
      [...topicQueues.queues()].flatMap((queue) => [...queue]),
    );
    // Of some, the client has only now found the partition.
    for (const batch of this.#inFlight) this.#bind(batch);
    const inFlight = [...this.#inFlight, ...this.#awaitingResend].flatMap((batch) => batch.records);
    return [...inFlight, ...left].filter(({ state }) => state !== 'settled').sort((a, b) => a.seq - b.seq);
  }

  /** Puts the records of a failed send back where they were. @param isUnsent whether the broker cannot have any */
  reenqueue(batch: ProducerBatch, notBefore: number, isUnsent = false): void {
    const topicQueues = this.#topicQueues(batch.topic);
    const { partition, records } = batch;
    // It has none any more where it turned out to have been delivered, as the process ended.
    const isWhole = records.length > 0 && records.every(({ state }) => state === 'in-flight');
    if (this.#batchingPolicy.resendsWhole && !isUnsent && partition !== undefined && isWhole) {
      this.#inFlight.delete(batch);
      this.#bind(batch);
      this.#awaitingResend.add(topicQueues.keepForResend(batch, partition, notBefore));
      return;
    }
    topicQueues.reenqueue(batch, this.#returned(batch), notBefore);
  }

  /** A send failed, and the broker may have its records all the same. */
  onSent(batch: ProducerBatch): void {
    this.#topicQueues(batch.topic).onSent(batch);
  }

  /**
   * Has the records of a send, of which nothing was sent, go to another partition.
   *
   * @returns false where they have to stay with theirs
   */
  move(batch: ProducerBatch, notBefore: number): boolean {
    const topicQueues = this.#topicQueues(batch.topic);
    if (!topicQueues.mayMove(batch)) return false;
    const records = this.#landed(batch);
    for (const record of records) {
      this.#ledger.reenqueue(record);
      record.partition = undefined;
    }
    topicQueues.move(batch, records, notBefore);
    return true;
  }

  /** The same, but one of them is at fault: the next sends from there carry half as many, at once. */
  bisect(batch: ProducerBatch): void {
    const records = this.#returned(batch);
    this.#topicQueues(batch.topic).bisect(batch, records);
  }

  /** The same, of one record: whether it is the cause is to be found out. */
  isolate(batch: ProducerBatch): void {
    const records = this.#returned(batch);
    this.#topicQueues(batch.topic).isolate(batch, records);
  }

  /** How many records could be sent in place of this batch, which is still with the client, and the batch itself. */
  waitingWith(batch: ProducerBatch): number {
    return (
      this.#topicQueues(batch.topic).waitingFor(batch.partitionQueue, batch.records[0]?.key) + batch.count
    );
  }

  /** Some of the records of a send are refused for good; the others go again, at once. */
  rejectPart(
    batch: ProducerBatch,
    refused: readonly PendingRecord[],
    reason: DropReason,
    cause: unknown,
  ): void {
    for (const record of refused) if (record.state === 'in-flight') this.drop(record, reason, cause);
    batch.partitionQueue.endBisect();
    this.reenqueue(batch, 0, true);
  }

  /** The records of a send that is refused for good. */
  reject(batch: ProducerBatch, reason: DropReason, cause: unknown): void {
    for (const record of this.#landed(batch)) this.drop(record, reason, cause);
    this.#topicQueues(batch.topic).onRejected(batch);
  }

  learn(topic: string, count: number, writable: readonly number[]): void {
    const topicQueues = this.#topics.get(topic);
    if (topicQueues !== undefined && topicQueues.partitionCount !== count) this.#writeKept();
    topicQueues?.learn(count, writable);
    this.#spooled?.look();
  }

  /** Whether records like this one cannot be sent now. */
  isHeld(record: PendingRecord): boolean {
    return this.#topics.get(record.topic)?.isHeld(record) === true;
  }

  /** Why a send to the topic has failed. */
  recordError(topic: string, cause: unknown): void {
    const topicQueues = this.#topicQueues(topic);
    topicQueues.errors++;
    topicQueues.lastError = cause;
  }

  /** How many partitions the topic has, as far as is known. */
  partitionCount(topic: string): number | undefined {
    return this.#topics.get(topic)?.partitionCount;
  }

  forget(topic: string): void {
    this.#writeKept();
    this.#topics.get(topic)?.forget();
    this.#spooled?.look();
  }

  /**
   * Keys are about to belong to other queues. What is new has to be on disk before: by its queue now, it stands behind what was
   * written of the same key; by its next one, it could come into a segment before that.
   */
  #writeKept(): void {
    this.#spool?.writeKept();
  }

  beginFlush(): void {
    for (const topicQueues of this.#topics.values()) topicQueues.beginFlush();
  }

  /** Drops what was accepted before `moment`. @returns when the oldest that is left was accepted, if any is */
  expire(moment: number): number | undefined {
    let oldest: number | undefined;
    for (const queue of this.#queues()) {
      for (let { head } = queue; head !== undefined; head = queue.head) {
        if (head.acceptedAt >= moment) {
          oldest = Math.min(oldest ?? head.acceptedAt, head.acceptedAt);
          break;
        }
        const record = queue.peek();
        if (record !== undefined) this.drop(record, 'expired', undefined);
      }
    }
    return oldest;
  }

  /** Gives up all that is left, what is in flight included, to disk or for good: nobody will wait for its answer. */
  giveUp(reason: DropReason, cause: unknown): void {
    const all = this.unsettled();
    this.#awaitingResend.clear();
    for (const topicQueues of this.#topics.values()) topicQueues.clearResend();
    for (const record of this.#spool?.leave(all) ?? []) {
      record.queue?.discard(record);
      this.#ledger.spool(record);
      record.text = '';
      record.value = undefined;
    }
    for (const record of all) if (record.state !== 'settled') this.drop(record, reason, cause);
    // Not to disk: from there it would be sent with its text, which those who read the topic do not expect.
    for (const record of [...this.unserialized]) this.drop(record, reason, cause);
  }

  drop(record: PendingRecord, reason: DropReason, cause: unknown): void {
    record.queue?.discard(record);
    this.#ledger.drop(record, reason);
    this.#onDropped(record, reason, cause);
    // Not before: a process that is killed now has it handed on again by the next, and not by none.
    if (record.spoolPosition !== undefined) this.#spool?.settle([record]);
    record.text = '';
    record.value = undefined;
    record.serialization = undefined;
  }

  /** A batch is back from the client. Some of its records may have been given up in the meantime. */
  #landed(batch: ProducerBatch): PendingRecord[] {
    this.#inFlight.delete(batch);
    return batch.records.filter((record) => record.state === 'in-flight');
  }

  #returned(batch: ProducerBatch): PendingRecord[] {
    const records = this.#landed(batch);
    for (const record of records) this.#ledger.reenqueue(record);
    this.#bind(batch);
    return records;
  }

  /**
   * Notes where records go, or that they may go anywhere again. The one that sends them after this process has ended would
   * otherwise put them behind younger ones that another partition has got already: those with key, too, when partitions
   * were added in between. With a client that was handed in, keys find their way by it.
   */
  #bind({ records, partition }: ProducerBatch): void {
    const { keepsSendTogether } = this.#batchingPolicy;
    const changed = records.filter(
      (record) => record.partition !== partition && (keepsSendTogether || record.key === null),
    );
    for (const record of changed) record.partition = partition;
    if (partition !== undefined) this.#spool?.bind(changed);
  }

  *#queues(): Generator<RecordStore> {
    if (this.#unserialized !== undefined) yield this.#unserialized;
    for (const topicQueues of this.#topics.values()) yield* topicQueues.queues();
  }

  #topicQueues(topic: string): TopicQueues {
    let topicQueues = this.#topics.get(topic);
    if (topicQueues === undefined) {
      if (this.#topics.size >= this.#tidyAt) this.#forgetIdleTopics();
      topicQueues = new TopicQueues(topic, this.#batchingPolicy);
      this.#topics.set(topic, topicQueues);
    }
    return topicQueues;
  }

  #forgetIdleTopics(): void {
    for (const [topic, topicQueues] of this.#topics) if (topicQueues.isIdle) this.#topics.delete(topic);
    // Not with each topic from then on: in an outage none of them is idle.
    this.#tidyAt = Math.max(MAX_TOPICS, 2 * this.#topics.size);
  }
}
