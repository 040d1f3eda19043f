import type { DropReason, PendingRecord } from '../record/record.ts';
import type { Spool } from '../spool/spool.ts';
import type { Records } from './batch.ts';
import type { BatchingPolicy } from './batching-policy.ts';
import { byAcceptance, GiveUp } from './give-up.ts';
import { InFlightBatches } from './in-flight-batches.ts';
import type { Ledger } from './ledger.ts';
import { type BufferLimits, MemoryLimit } from './memory-limit.ts';
import type { ProducerBatch } from './producer-batch.ts';
import type { HeldTopic } from './queues/held-queues.ts';
import { Topics } from './queues/topics.ts';
import { type DropListener, RecordDropper } from './record-dropper.ts';
import { SpooledQueues } from './spooled-queues.ts';
import type { RecordStore } from './store/record-store.ts';
import { UnserializedQueue } from './unserialized-queue.ts';

/** All records that wait for the broker, within the memory limit, in a queue per topic and partition that keeps their order. */
export class RecordAccumulator {
  readonly #ledger: Ledger;
  readonly #buffer: MemoryLimit;
  readonly #resendsWhole: boolean;
  readonly #topics: Topics;
  readonly #inFlight: InFlightBatches;
  readonly #dropper: RecordDropper;
  readonly #giveUp: GiveUp;
  readonly #spool: Spool | undefined;
  readonly #spooled: SpooledQueues | undefined;
  #unserialized: UnserializedQueue | undefined;

  constructor(
    ledger: Ledger,
    limits: BufferLimits,
    batchingPolicy: Omit<BatchingPolicy, 'makeQueue'>,
    onDropped: DropListener,
    spool?: Spool,
    onHeld: (held: HeldTopic) => void = () => undefined,
  ) {
    const buffer = new MemoryLimit(limits, ledger);
    const topics = new Topics({ ...batchingPolicy, makeQueue: buffer.makeQueue });
    const dropper = new RecordDropper(ledger, spool, onDropped);
    this.#ledger = ledger;
    this.#buffer = buffer;
    this.#topics = topics;
    this.#dropper = dropper;
    this.#resendsWhole = batchingPolicy.resendsWhole;
    this.#inFlight = new InFlightBatches(ledger, spool, batchingPolicy.keepsSendTogether);
    this.#giveUp = new GiveUp({ ledger, dropper, spool, stack: buffer.makeFirmQueue() });
    this.#spool = spool;
    this.#spooled = spool && new SpooledQueues({ spool, ledger, limits, buffer, topics, dropper, onHeld });
  }

  /** Whether memory is at most half full. */
  get isHalfEmpty(): boolean {
    return this.#buffer.isHalfEmpty();
  }

  /** The batches that are with the client. */
  get inFlight(): ReadonlySet<ProducerBatch> {
    return this.#inFlight.withClient;
  }

  /** The topics of the records in memory; `undefined` if others wait on disk, or for their value. */
  waitingTopics(): readonly string[] | undefined {
    if (this.#ledger.spooledWaiting > 0 || this.unserializedCount > 0) return undefined;
    return this.#topics.waiting;
  }

  /** Counts a record as accepted, and drops it at once. */
  acceptAndDrop(record: PendingRecord, reason: DropReason, cause: unknown): void {
    this.#dropper.acceptAndDrop(record, reason, cause);
  }

  /** @returns whether a batch is full */
  add(record: PendingRecord): boolean {
    if (!this.#buffer.canHold(record.bytes)) {
      this.#dropper.dropOversize(record);
      return false;
    }
    const placed = this.#spooled?.place(record);
    if (placed === 'disk') return false;
    const shed = (victim: PendingRecord): void => this.drop(victim, 'overflow', undefined);
    if (placed === 'nowhere' || !this.#buffer.makeRoomFor(record, shed)) {
      this.acceptAndDrop(record, 'overflow', undefined);
      return false;
    }
    this.#ledger.accept(record);
    if (this.#spool?.keepsAll) this.#spool.keep(record);
    return this.#topics.of(record.topic).add(record);
  }

  /** Creates the queue of records that wait for their value before they are added. */
  expectUnserialized(): UnserializedQueue {
    this.#unserialized = new UnserializedQueue({
      ledger: this.#ledger,
      buffer: this.#buffer,
      dropper: this.#dropper,
      hasSpool: this.#spool !== undefined,
    });
    return this.#unserialized;
  }

  /** How many records wait for their value. */
  get unserializedCount(): number {
    return this.#unserialized?.queue.count ?? 0;
  }

  /**
   * Reads records back from disk if memory has room, and writes the records that must be on disk before they are sent.
   *
   * @param now wall and monotonic time, for records that expire
   * @returns whether there is more to be done at once
   */
  syncWithSpool(now: { wall: number; monotonic: number }): boolean {
    return this.#spooled?.syncWithSpool(now) === true;
  }

  /** Takes the next batch that is due; it counts as in flight. @param only the only topic to take one of */
  drain(now: number, force: boolean, only?: string): ProducerBatch | undefined {
    const batch = this.#topics.drain(now, force, only);
    if (batch !== undefined) this.#inFlight.start(batch);
    return batch;
  }

  /** When the next batch is due, on the monotonic clock. */
  nextDue(force: boolean): number | undefined {
    return this.#topics.nextDue(force);
  }

  /** @returns the records that were delivered with this batch */
  deliver(batch: ProducerBatch): Records {
    this.#spooled?.onDelivered();
    const records = this.#inFlight.deliver(batch);
    this.#topics.of(batch.topic).succeed(batch);
    return records;
  }

  /** Records were delivered outside of a batch of this accumulator: by the exit drain. */
  onDelivered(records: readonly PendingRecord[]): void {
    for (const record of records) {
      record.queue?.discard(record);
      this.#ledger.deliver(record);
    }
    this.#spool?.settle(records);
  }

  /** All records that are left, those in flight included, in the order of acceptance. */
  unsettled(): PendingRecord[] {
    const waiting = [...this.#topicQueues()].flatMap((queue) => [...queue]);
    return byAcceptance([...this.#inFlight.records(), ...waiting]);
  }

  /**
   * Puts the records of a failed send back where they were.
   *
   * @param isNotStored whether the broker has certainly stored none of them: then they need not be resent as one batch
   */
  reenqueue(batch: ProducerBatch, notBefore: number, isNotStored = false): void {
    const topicQueues = this.#topics.of(batch.topic);
    const { partition, records } = batch;
    // A batch whose delivery was found out at the end of the process has no records left.
    const isWhole = records.length > 0 && records.every(({ state }) => state === 'in-flight');
    if (this.#resendsWhole && !isNotStored && partition !== undefined && isWhole)
      this.#inFlight.keep(batch, topicQueues.keepForResend(batch, partition, notBefore));
    else topicQueues.reenqueue(batch, this.#inFlight.takeBack(batch), notBefore);
  }

  /** Called for a failed send whose records the broker may have stored. */
  markMayHaveArrived(batch: ProducerBatch): void {
    this.#topics.of(batch.topic).markMayHaveArrived(batch);
  }

  /**
   * Lets the records of a send that never left this process go to another partition.
   *
   * @returns false if they must keep their partition
   */
  move(batch: ProducerBatch, notBefore: number): boolean {
    const topicQueues = this.#topics.of(batch.topic);
    if (!topicQueues.mayMove(batch)) return false;
    topicQueues.move(batch, this.#inFlight.takeBack(batch, true), notBefore);
    return true;
  }

  /** Puts the records of a refused send back, to find the one that is refused: the next sends of this queue have half as many, at once. */
  bisect(batch: ProducerBatch): void {
    this.#topics.of(batch.topic).bisect(batch, this.#inFlight.takeBack(batch));
  }

  /** Puts the one record of a failed send back, to find out whether it is the cause. */
  isolate(batch: ProducerBatch): void {
    this.#topics.of(batch.topic).isolate(batch, this.#inFlight.takeBack(batch));
  }

  /** The number of records in this batch, which is still in flight, and of those that its queue could send instead. */
  waitingWith(batch: ProducerBatch): number {
    return this.#topics.of(batch.topic).waitingFor(batch.partitionQueue) + batch.count;
  }

  /** Drops the records of a send that are refused for good; the others are sent again, at once. */
  rejectPart(
    batch: ProducerBatch,
    refused: readonly PendingRecord[],
    reason: DropReason,
    cause: unknown,
  ): void {
    for (const record of refused) if (record.state === 'in-flight') this.drop(record, reason, cause);
    batch.partitionQueue.search.endBisect(Number.POSITIVE_INFINITY);
    this.reenqueue(batch, 0, true);
  }

  /** Drops the records of a send that is refused for good. */
  reject(batch: ProducerBatch, reason: DropReason, cause: unknown): void {
    for (const record of this.#inFlight.remove(batch)) this.drop(record, reason, cause);
    this.#topics.of(batch.topic).onRejected(batch);
  }

  setPartitions(topic: string, count: number, writable: readonly number[]): void {
    const topicQueues = this.#topics.get(topic);
    // Keys are about to move to other queues. Write new records to disk first: in the segment of their present queue they come after
    // older records of the same key; in that of their next queue, they could come before them.
    if (topicQueues !== undefined && topicQueues.partitionCount !== count) this.#spool?.writeKept();
    topicQueues?.setPartitions(count, writable);
    this.#spooled?.look();
  }

  /** Whether the queue of this record cannot send now. */
  isHeld(record: PendingRecord): boolean {
    return this.#topics.get(record.topic)?.isHeld(record) === true;
  }

  /** Remembers why a send to the topic has failed. */
  recordError(topic: string, cause: unknown): void {
    this.#topics.of(topic).recordError(cause);
  }

  /** How many partitions the topic has, as far as is known. */
  partitionCount(topic: string): number | undefined {
    return this.#topics.get(topic)?.partitionCount;
  }

  forgetPartitions(topic: string): void {
    // As in `setPartitions`.
    this.#spool?.writeKept();
    this.#topics.get(topic)?.forgetPartitions();
    this.#spooled?.look();
  }

  beginFlush(): void {
    for (const topicQueues of this.#topics) topicQueues.beginFlush();
  }

  /** Drops records that were accepted before `moment`. @returns when the oldest remaining record was accepted */
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

  /** Gives up all records that are left, those in flight included: writes them to disk, or drops them. */
  giveUp(reason: DropReason, cause: unknown): void {
    const inFlight = byAcceptance(this.#inFlight.records());
    this.#inFlight.clearResend();
    for (const topicQueues of this.#topics) topicQueues.clearResend();
    this.#giveUp.run([...this.#topicQueues()], inFlight, reason, cause);
    // Not to disk: from there they would be sent with their text as value, which the topic's consumers do not expect.
    for (const record of [...(this.#unserialized ?? [])]) this.drop(record, reason, cause);
  }

  drop(record: PendingRecord, reason: DropReason, cause: unknown): void {
    this.#dropper.drop(record, reason, cause);
  }

  *#topicQueues(): Generator<RecordStore> {
    for (const topicQueues of this.#topics) yield* topicQueues.queues();
  }

  *#queues(): Generator<RecordStore> {
    if (this.#unserialized !== undefined) yield this.#unserialized.queue;
    yield* this.#topicQueues();
  }
}
