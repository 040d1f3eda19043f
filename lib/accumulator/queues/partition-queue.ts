import type { PendingRecord } from '../../record/record.ts';
import type { BatchingPolicy } from '../batching-policy.ts';
import { ProducerBatch } from '../producer-batch.ts';
import type { RecordStore } from '../store/record-store.ts';
import { RecordSearch } from './record-search.ts';

export const NEVER: number = Number.POSITIVE_INFINITY;

/**
 * Records that must keep their order. So at most one send is in flight: with several, a retry would change the order.
 */
export class PartitionQueue {
  /** The partition of its sends; `undefined` if the client chooses. */
  readonly partition: number | undefined;
  readonly queue: RecordStore;
  /** The search for a record that the broker refuses. */
  readonly search: RecordSearch = new RecordSearch();
  readonly #policy: BatchingPolicy;
  /**
   * When, on the monotonic clock, its records began to wait for a full batch. Their timestamps would not do: if the system
   * clock were set back, they would wait for as long.
   */
  #since = 0;
  #isBusy = false;
  #awaitingResend: ProducerBatch | undefined;
  #mayHaveArrived = false;
  /** The `seq` of the youngest record that was sent before, by this process or an earlier one, and waits here again. */
  #sentUpTo: number = Number.NEGATIVE_INFINITY;
  #failures = 0;
  /** Nothing is sent before this moment. */
  #notBefore = 0;
  #awaitsDisk = false;
  #retimings = 0;

  constructor(partition: number | undefined, policy: BatchingPolicy) {
    this.partition = partition;
    this.queue = policy.makeQueue();
    this.#policy = policy;
  }

  /** Whether a send is under way. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** A failed batch that has to be resent unchanged, before anything else. */
  get awaitingResend(): ProducerBatch | undefined {
    return this.#awaitingResend;
  }

  /** Whether a broker may have a record of this queue; false as long as no send has left this process. */
  get mayHaveArrived(): boolean {
    return this.#mayHaveArrived;
  }

  /** Failed sends in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether records that were sent from here wait on disk. Records without a partition must not be sent here before them. */
  get awaitsDisk(): boolean {
    return this.#awaitsDisk;
  }

  /**
   * Whether the send in flight may have younger records than some that wait here: with the option `producer`, a send has records of one
   * key only. Then no record of this queue is moved to disk.
   */
  get mayOvertakeItself(): boolean {
    return this.#isBusy && this.partition === undefined && !this.#policy.keepsSendTogether;
  }

  /** Whether nothing waits here and nothing is under way. */
  get isIdle(): boolean {
    return !this.#isBusy && this.#awaitingResend === undefined && this.queue.count === 0;
  }

  /**
   * Whether its last send failed, so its records cannot be sent now. False if it has only the one record that is tried alone:
   * others must come, to show whether that record is the cause.
   */
  get isHeld(): boolean {
    const isAlone = this.search.isIsolating && this.queue.count + Number(this.#isBusy) < 2;
    return this.#failures > 0 && !this.isIdle && !isAlone;
  }

  /** @returns whether a whole batch waits here */
  add(record: PendingRecord): boolean {
    if (this.queue.count === 0) this.#since = this.#policy.now();
    // A record with a partition was sent by another process.
    if (record.partition !== undefined) this.#onBack(record);
    this.queue.push(record);
    return this.#isFull;
  }

  /** When its next batch is due, as far as it depends on this queue alone. @param force do not wait for the linger */
  dueAt(force: boolean): number {
    if (this.#isBusy) return NEVER;
    if (this.#awaitingResend !== undefined) return this.#notBefore;
    if (this.queue.count === 0) return NEVER;
    // Records that were sent before do not linger again. During a bisect, a batch of `sendLimit` records is full.
    const isReady =
      force ||
      this.#failures > 0 ||
      this.queue.head?.hasBeenSent === true ||
      this.search.isIsolating ||
      this.#isFull ||
      this.queue.count >= this.search.sendLimit;
    return isReady ? this.#notBefore : Math.max(this.#notBefore, this.#since + this.#policy.limits.lingerMs);
  }

  /**
   * When it can take the next batch of records without a key. Not while
   * - a send is under way, or a batch waits to be sent again,
   * - a refused record is searched for, and is still queued,
   * - its next record is on disk,
   * - records wait here that have been sent before: there may be some without a key among them.
   *
   * Other records that wait here do not matter: they have a key, or the option `partition` has chosen this partition, and no order is
   * promised between these and records without a key.
   */
  get freeAt(): number {
    const isClosed =
      this.#isBusy ||
      this.#awaitingResend !== undefined ||
      (this.search.isBisecting && this.queue.count > 0) ||
      this.search.isIsolating ||
      this.#awaitsDisk ||
      (this.queue.head?.seq ?? Number.POSITIVE_INFINITY) <= this.#sentUpTo;
    return isClosed ? NEVER : this.#notBefore;
  }

  /** A batch is sent. @param from the queue in which its records have waited */
  startSend(records: number, from: PartitionQueue = this): void {
    this.#isBusy = true;
    // The linger starts anew for the remaining records, which may become a full batch while this send is in flight. Not during a
    // bisect: its small batches would each wait for the linger.
    if (records < this.search.sendLimit) from.#since = this.#policy.now();
  }

  /** Takes the batch that waits to be resent, if there is one. */
  startResend(): ProducerBatch | undefined {
    const batch = this.#awaitingResend;
    this.#awaitingResend = undefined;
    if (batch !== undefined) this.#isBusy = true;
    return batch;
  }

  /** A send is over. */
  endSend(): void {
    this.#isBusy = false;
  }

  /** Keeps the records of a failed batch, to be resent unchanged. @returns the batch that will be sent */
  keepForResend({ topic, records }: ProducerBatch): ProducerBatch {
    for (const record of records) record.hasBeenSent = true;
    this.#awaitingResend = new ProducerBatch(topic, this, records);
    return this.#awaitingResend;
  }

  /** Forgets the batch that waits to be resent: its records have been given up. */
  clearResend(): void {
    this.#awaitingResend = undefined;
  }

  /** Called when the broker has, or may have, the records of a send. */
  markMayHaveArrived(): void {
    this.#mayHaveArrived = true;
  }

  /** Sets whether records that were sent from here wait on disk. */
  setAwaitsDisk(isOnDisk: boolean): void {
    this.#awaitsDisk = isOnDisk;
  }

  /** Records are sent with the time of the send, because the broker has refused theirs. @returns how often in a row */
  onRetimed(): number {
    return ++this.#retimings;
  }

  /** Lets the next send begin at once, for a flush. */
  retryNow(): void {
    this.#notBefore = 0;
  }

  /** Called when the records that wait here go to another partition than the one that failed. */
  forgetFailures(): void {
    this.#failures = 0;
  }

  /** Takes the records of a failed send back. */
  reenqueue(records: readonly PendingRecord[]): void {
    for (const record of records) {
      record.hasBeenSent = true;
      this.#onBack(record);
    }
    this.putBack(records);
  }

  /** Puts records back in the order of acceptance: usually before all others. */
  putBack(records: readonly PendingRecord[]): void {
    const youngest = records.reduce((most, { seq }) => Math.max(most, seq), Number.NEGATIVE_INFINITY);
    const older: PendingRecord[] = [];
    while ((this.queue.head?.seq ?? Number.POSITIVE_INFINITY) < youngest) {
      const record = this.queue.shift();
      if (record !== undefined) older.push(record);
    }
    this.queue.pushFront(older.length === 0 ? records : older.concat(records).sort((a, b) => a.seq - b.seq));
  }

  /** Whether a record that was sent alone is older than all that wait here. */
  isOldest({ records: [record] }: ProducerBatch): boolean {
    return (record?.seq ?? 0) < (this.queue.head?.seq ?? Number.POSITIVE_INFINITY);
  }

  /** A send failed, and may be tried again later. */
  recordFailure(notBefore: number): void {
    this.#failures++;
    this.#notBefore = notBefore;
  }

  /** A send of so many records came through. */
  recordSuccess(records: number): void {
    this.#failures = 0;
    this.#notBefore = 0;
    this.#retimings = 0;
    this.search.recordSuccess(records);
  }

  /** The records of a send do not come back here: they were refused for good, or moved to another queue. */
  onRecordsGone(): void {
    this.#failures = 0;
    this.#notBefore = 0;
    this.search.onRecordsGone();
  }

  get #isFull(): boolean {
    const { maxRecords, maxBytes } = this.#policy.limits;
    return this.queue.count >= maxRecords || this.queue.bytes >= maxBytes;
  }

  #onBack({ seq }: PendingRecord): void {
    this.#sentUpTo = Math.max(this.#sentUpTo, seq);
  }
}
