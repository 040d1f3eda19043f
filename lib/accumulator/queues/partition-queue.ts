import type { PendingRecord } from '../../record/record.ts';
import type { BatchingPolicy } from '../batching-policy.ts';
import { ProducerBatch } from '../producer-batch.ts';
import type { RecordStore } from '../store/record-store.ts';
import { RecordSearch } from './record-search.ts';

export const NEVER: number = Number.POSITIVE_INFINITY;

/**
 * A stream of records that must keep its order, and therefore has at most one send under way: several would
 * be inverted by a retry.
 */
export class PartitionQueue {
  /** Where its sends go; nothing where the client chooses. */
  readonly partition: number | undefined;
  readonly queue: RecordStore;
  /** For a record that cannot be sent. */
  readonly search: RecordSearch = new RecordSearch();
  readonly #policy: BatchingPolicy;
  /**
   * Since when, on the monotonic clock, its records have been waiting to form a batch. Not read off their
   * timestamps: a system clock that is set back would hold them for as long.
   */
  #since = 0;
  #isBusy = false;
  #awaitingResend: ProducerBatch | undefined;
  #mayHaveArrived = false;
  /** The position of the youngest record that was sent from here, by this process or an earlier one, and waits again. */
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

  /** A failed batch that has to go again as it is, before anything else. */
  get awaitingResend(): ProducerBatch | undefined {
    return this.#awaitingResend;
  }

  /** Whether a broker may have any of what was sent from here: not, where no send ever left this process. */
  get mayHaveArrived(): boolean {
    return this.#mayHaveArrived;
  }

  /** Failed sends in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether records that were sent from here wait on disk. What may go to any partition must not go before them. */
  get awaitsDisk(): boolean {
    return this.#awaitsDisk;
  }

  /**
   * With a `producer` handed in, a send may carry younger records of one key past older ones of other keys that wait here. Then nothing
   * is written from here to disk.
   */
  get mayOvertakeItself(): boolean {
    return this.#isBusy && this.partition === undefined && !this.#policy.keepsSendTogether;
  }

  /** Whether nothing waits here and nothing is under way. */
  get isIdle(): boolean {
    return !this.#isBusy && this.#awaitingResend === undefined && this.queue.count === 0;
  }

  /**
   * Whether its last send failed: what waits here cannot be sent now. Not where memory has only the one record that is tried
   * alone: others have to come, to show whether it is the cause.
   */
  get isHeld(): boolean {
    const isAlone = this.search.isIsolating && this.queue.count + Number(this.#isBusy) < 2;
    return this.#failures > 0 && !this.isIdle && !isAlone;
  }

  /** @returns whether a whole batch waits here */
  add(record: PendingRecord): boolean {
    if (this.queue.count === 0) this.#since = this.#policy.now();
    // Another process has sent it.
    if (record.partition !== undefined) this.#onBack(record);
    this.queue.push(record);
    return this.#isFull;
  }

  /** When its next batch is due, as far as it depends on this queue alone. @param force do not wait for the linger */
  dueAt(force: boolean): number {
    if (this.#isBusy) return NEVER;
    if (this.#awaitingResend !== undefined) return this.#notBefore;
    if (this.queue.count === 0) return NEVER;
    // What has been sent before has waited long enough. While a refused record is looked for, a smaller batch is as full as it may get.
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
   * When it can take the next batch without a key. Not while
   * - a send is under way, or a batch waits to be sent again,
   * - a refused record is searched for, and is still queued,
   * - its next record is on disk,
   * - records wait here that have been sent before: there may be some without a key among them.
   *
   * Others that wait here do not matter. They have a key, or the option `partition` has put them here: no order is promised between
   * them and those without one.
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

  /** A batch of so many records is sent. @param from where they have waited */
  startSend(records: number, from: PartitionQueue = this): void {
    this.#isBusy = true;
    // What is left starts to gather anew: while this send is under way it may become a full batch. But not where the batch was
    // only so small because a refused record is looked for: then each would wait for the linger.
    if (records < this.search.sendLimit) from.#since = this.#policy.now();
  }

  /** The batch that waits to go again is sent, if there is one. */
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

  /** The records of a failed batch are to go again as they are. @returns the batch that will go */
  keepForResend({ topic, records }: ProducerBatch): ProducerBatch {
    for (const record of records) record.hasBeenSent = true;
    this.#awaitingResend = new ProducerBatch(topic, this, records);
    return this.#awaitingResend;
  }

  /** The records that were to go again as they are have been given up. */
  clearResend(): void {
    this.#awaitingResend = undefined;
  }

  /** The broker has the records of a send, or may have them although the send failed. */
  markMayHaveArrived(): void {
    this.#mayHaveArrived = true;
  }

  /** Records that were sent from here wait on disk; or have all come back. */
  setAwaitsDisk(isOnDisk: boolean): void {
    this.#awaitsDisk = isOnDisk;
  }

  /** Records are sent with other times, because the broker has refused theirs. @returns how often in a row */
  onRetimed(): number {
    return ++this.#retimings;
  }

  /** Somebody flushes: its next send need not wait. */
  retryNow(): void {
    this.#notBefore = 0;
  }

  /** What waits here goes to another partition than the one that failed. */
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

  /** Puts records where they stand in the order of acceptance: among those that wait, as a rule before all of them. */
  putBack(records: readonly PendingRecord[]): void {
    const youngest = records.reduce((most, { seq }) => Math.max(most, seq), Number.NEGATIVE_INFINITY);
    const older: PendingRecord[] = [];
    while ((this.queue.head?.seq ?? Number.POSITIVE_INFINITY) < youngest) {
      const record = this.queue.shift();
      if (record !== undefined) older.push(record);
    }
    this.queue.pushFront(older.length === 0 ? records : older.concat(records).sort((a, b) => a.seq - b.seq));
  }

  /** Whether one that was sent alone is older than all that wait here. */
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

  /** The records of a send are gone from here: refused for good, or moved to another queue. */
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
