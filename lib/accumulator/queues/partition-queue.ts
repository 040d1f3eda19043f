import type { PendingRecord } from '../../record/record.ts';
import type { BatchLimits } from '../batching-policy.ts';
import type { ProducerBatch } from '../producer-batch.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { RecordIsolation } from './record-isolation.ts';

export const NEVER: number = Number.POSITIVE_INFINITY;

// From this send limit on, a queue no longer counts as wary: no batch is likely to be larger.
const FULL = 1_024;

/**
 * A stream of records that must keep its order, and therefore has at most one send under way: several would
 * be inverted by a retry.
 */
export class PartitionQueue {
  /** Where its sends go; nothing where the client chooses. */
  readonly partition: number | undefined;
  readonly queue: RecordStore;
  /**
   * Since when, on the monotonic clock, its records have been waiting to form a batch. Not read off their
   * timestamps: a system clock that is set back would hold them for as long.
   */
  since = 0;
  /** Whether a send is under way. */
  busy = false;
  /** A failed batch that has to go again as it is, before anything else. */
  awaitingResend: ProducerBatch | undefined;
  /** Whether a broker may have any of what was sent from here: not, where no send ever left this process. */
  mayHaveArrived = false;
  /** The position of the youngest record that was sent from here, and has come back. Also by another process. */
  sentUpTo: number = Number.NEGATIVE_INFINITY;
  /** Failed sends in a row. */
  failures = 0;
  /** Nothing is sent before this moment. */
  notBefore = 0;
  /** How many records a send may carry: lowered while a record that the broker refuses is looked for. */
  sendLimit: number = NEVER;
  /** So many records, from the oldest on, are known to have a refused one among them. */
  bisectCount = 0;
  /** Whether records that were sent from here wait on disk. What may go to any partition must not go before them. */
  awaitsDisk = false;
  /** Whether part of the batch that is being bisected got through. */
  hasPartArrived = false;
  /** While it is being found out whether a record or the client is the cause: its records are sent one by one. */
  isolation: RecordIsolation | undefined;
  /** How often in a row records were sent with other times, because the broker had refused theirs. */
  retimings = 0;

  constructor(partition: number | undefined, queue: RecordStore) {
    this.partition = partition;
    this.queue = queue;
  }

  /** Whether nothing waits here and nothing is under way. */
  get isIdle(): boolean {
    return !this.busy && this.awaitingResend === undefined && this.queue.count === 0;
  }

  /** Whether the oldest record that waits here has been sent before: then it has waited long enough. */
  get isTryingAgain(): boolean {
    return this.failures > 0 || this.queue.head?.hasBeenSent === true;
  }

  /** Whether something waits here that was sent from here before. */
  get hasSent(): boolean {
    const { head } = this.queue;
    return head !== undefined && head.seq <= this.sentUpTo;
  }

  /** Whether a whole batch waits here. */
  isFull({ maxRecords, maxBytes }: BatchLimits): boolean {
    return this.queue.count >= maxRecords || this.queue.bytes >= maxBytes;
  }

  /** When its next batch is due, as far as it depends on this queue alone. @param force do not wait for the linger */
  dueAt(limits: BatchLimits, force: boolean): number {
    if (this.busy) return NEVER;
    if (this.awaitingResend !== undefined) return this.notBefore;
    if (this.queue.count === 0) return NEVER;
    // While a refused record is looked for, a smaller batch is as full as it may get.
    const isReady =
      force ||
      this.isTryingAgain ||
      this.isolation !== undefined ||
      this.isFull(limits) ||
      this.queue.count >= this.sendLimit;
    return isReady ? this.notBefore : Math.max(this.notBefore, this.since + limits.lingerMs);
  }

  /** Whether its last send failed: what waits here cannot be sent now. */
  get isHeld(): boolean {
    return this.failures > 0 && !this.isIdle;
  }

  /** Whether a refused record is being looked for here, and has not been shed in the meantime. */
  get isBisecting(): boolean {
    return this.bisectCount > 0 && this.queue.count > 0;
  }

  /** Whether a refused record was found here lately: batches are still smaller than they may be. */
  get isWary(): boolean {
    return this.sendLimit < FULL;
  }

  /** Takes in a record that has not been sent by this process. */
  add(record: PendingRecord): void {
    if (record.partition !== undefined) this.#onBack(record);
    this.queue.push(record);
  }

  /** Takes the records of a failed send back. */
  reenqueue(records: readonly PendingRecord[]): void {
    for (const record of records) {
      record.hasBeenSent = true;
      this.#onBack(record);
    }
    this.queue.pushFront(records);
  }

  /** Puts what was sent before, and waits again, in the order of acceptance: one by one, each goes back to its place in that. */
  sortSent(): void {
    const sent: PendingRecord[] = [];
    while (this.queue.head?.hasBeenSent) {
      const record = this.queue.shift();
      if (record !== undefined) sent.push(record);
    }
    this.queue.pushFront(sent.sort((a, b) => a.seq - b.seq));
  }

  /** A send failed, and may be tried again later. */
  recordFailure(notBefore: number): void {
    this.failures++;
    this.notBefore = notBefore;
  }

  /** A send of so many records came through. */
  recordSuccess(records: number): void {
    this.failures = 0;
    this.notBefore = 0;
    this.retimings = 0;
    // Not by a batch that was sent before.
    if (records === 1 && this.isolation?.recordSuccess() === true) this.isolation = undefined;
    if (this.bisectCount > records) {
      this.hasPartArrived = true;
      // The refused record was not among those, so it is among the rest.
      this.startBisect(this.bisectCount - records);
      return;
    }
    this.bisectCount = 0;
    // Doubling back up: where one record is refused, the next may well be too.
    this.sendLimit *= 2;
  }

  /** One of the oldest records, so many of them, is refused: the next send has half of them. */
  startBisect(bisectCount: number): void {
    if (this.bisectCount === 0) this.hasPartArrived = false;
    this.bisectCount = bisectCount;
    this.sendLimit = Math.max(1, bisectCount >> 1);
  }

  /** What waits is refused together: there is no record to be found. */
  endBisect(): void {
    this.bisectCount = 0;
    this.sendLimit = NEVER;
  }

  /** The records of a send are gone from here: refused for good, or moved to another queue. */
  onRecordsGone(): void {
    this.failures = 0;
    this.notBefore = 0;
    if (this.bisectCount > 0) this.sendLimit = 1;
    this.bisectCount = 0;
  }

  #onBack({ seq }: PendingRecord): void {
    this.sentUpTo = Math.max(this.sentUpTo, seq);
  }
}
