import { DROP_REASONS, type DropReason, type PendingRecord } from '../record/record.ts';
import { type SettlementWatcher, SettlementWatchers } from './settlement-watchers.ts';
import type { PageSlices } from './store/page-slices.ts';

/** A number of records, and their size in bytes. */
export interface Quantity {
  count: number;
  bytes: number;
}

/**
 * Counts the records. Every record that was accepted is, at every moment, in exactly one place:
 *
 *     accepted === delivered + queued + inFlight + (spooled - replayed) + the sum of dropped
 *
 * Each method moves records from one place to another, so the law holds by construction.
 */
export class Ledger {
  accepted = 0;
  delivered = 0;
  /** Delivered records whose timestamp in Kafka is not their own time. */
  retimed = 0;
  /** All records that were ever only on disk; `replayed` counts those that were read back. */
  spooled = 0;
  replayed = 0;
  inFlight = 0;
  readonly dropped: Record<DropReason, number> = {
    overflow: 0,
    oversize: 0,
    rejected: 0,
    expired: 0,
    closed: 0,
    invalid: 0,
  };
  /** Records that wait, and the bytes of all that memory holds, in flight included. */
  queued = 0;
  inMemoryBytes = 0;
  queuedBytes = 0;
  /** The records that wait, by severity. */
  #queuedBySeverity: Map<number, Quantity> | undefined;

  /** The position of the youngest record. Not `accepted`, which may fall: a position is never given twice. */
  #lastSeq = 0;
  #withdrawn: PendingRecord | undefined;
  /** Records that are counted as only on disk, and that another process may have taken over. */
  #disowned = 0;
  #nextAdopted = Number.MIN_SAFE_INTEGER;
  readonly #watchers = new SettlementWatchers();

  /** Records that memory holds: waiting or in flight. */
  get inMemory(): number {
    return this.queued + this.inFlight;
  }

  /** All that were ever accepted or adopted: it only grows. */
  get everAccepted(): number {
    return this.#lastSeq + this.#nextAdopted - Number.MIN_SAFE_INTEGER;
  }

  /** Records that are only on disk. */
  get spooledWaiting(): number {
    return this.spooled - this.replayed - this.#disowned;
  }

  /** All records that are neither delivered nor dropped. */
  get unsettled(): number {
    return this.inMemory + this.spooledWaiting;
  }

  get droppedTotal(): number {
    return DROP_REASONS.reduce((sum, reason) => sum + this.dropped[reason], 0);
  }

  /** Starts to count by severity the records that wait. Packed records cannot be counted like this. */
  countBySeverity(): ReadonlyMap<number, Quantity> {
    this.#queuedBySeverity ??= new Map();
    return this.#queuedBySeverity;
  }

  /** Gives a record the position that it gets when it is accepted next. */
  assignSeq(record: PendingRecord): void {
    if (record !== this.#withdrawn) record.seq = this.#lastSeq + 1;
  }

  accept(record: PendingRecord): void {
    this.#takeSeq(record);
    this.accepted++;
    this.#queue(record, 1);
    this.inMemoryBytes += record.bytes;
  }

  /**
   * Takes back the acceptance of a record that is accepted again next, with another size. It keeps its position, so that
   * flushes that wait for it still do.
   */
  withdraw(record: PendingRecord): void {
    this.accepted--;
    this.#withdrawn = record;
    this.#queue(record, -1);
    this.inMemoryBytes -= record.bytes;
  }

  /** Accepts a record that goes to disk at once. */
  acceptSpooled(record: PendingRecord): void {
    this.#takeSeq(record);
    this.accepted++;
    record.state = 'settled';
    this.spooled++;
  }

  /**
   * Counts records that another process has left on disk.
   *
   * @param positions how many positions in the order of acceptance to reserve for them
   * @returns the first of these positions, before those of all records that were accepted here
   */
  adopt(count: number, positions: number = count): number {
    const first = this.#nextAdopted;
    this.#nextAdopted += positions;
    // Disowned records that were found again are counted already.
    const found = Math.min(count, this.#disowned);
    this.#disowned -= found;
    this.#count(count - found);
    this.#watchers.onAdopted(count);
    return first;
  }

  /** Other processes may take over the records on disk: no flush waits for them until they are found again. */
  disown(): void {
    this.#disowned += this.spooledWaiting;
  }

  /** The scan is over: disowned records that it did not find belong to other processes, and do not count here any more. */
  forgetDisowned(): void {
    this.#count(-this.#disowned);
    this.#disowned = 0;
  }

  #count(spooled: number): void {
    this.accepted += spooled;
    this.spooled += spooled;
  }

  /** A record that was only on disk was read back into memory. */
  replay(record: PendingRecord): void {
    this.replayed++;
    this.#queue(record, 1);
    this.inMemoryBytes += record.bytes;
  }

  /** A record is only on disk from now on. */
  spool(record: PendingRecord): void {
    this.spooled++;
    this.#leaveMemory(record);
  }

  /** Counts records on disk that cannot be read any more as dropped. */
  loseSpooled(count: number): void {
    this.replayed += count;
    this.dropped.invalid += count;
    this.#watchers.onLost(count);
  }

  startSend(record: PendingRecord): void {
    record.state = 'in-flight';
    this.#queue(record, -1);
    this.inFlight++;
  }

  /** The same for packed records. */
  startSendOfPages({ count, bytes }: Quantity): void {
    this.queued -= count;
    this.queuedBytes -= bytes;
    this.inFlight += count;
  }

  reenqueue(record: PendingRecord): void {
    record.state = 'queued';
    this.#queue(record, 1);
    this.inFlight--;
  }

  deliver(record: PendingRecord): void {
    this.delivered++;
    if (record.sentTime !== undefined) this.retimed++;
    this.#settle(record, 'delivered');
  }

  /** The same for packed records in flight. */
  deliverPages(packed: PageSlices): void {
    const { count, bytes } = packed;
    this.delivered += count;
    this.inFlight -= count;
    this.inMemoryBytes -= bytes;
    if (this.#watchers.size === 0) return;
    packed.each((page, at) => this.#watchers.onSettled(page.seqAt(at), 'delivered'));
  }

  drop(record: PendingRecord, reason: DropReason): void {
    this.dropped[reason]++;
    this.#settle(record, 'dropped');
  }

  /** Watches all records that are accepted so far. @param awaitsOlder whether older ones may be adopted until `noOlderToCome` */
  watch(awaitsOlder = false): SettlementWatcher {
    const watcher: SettlementWatcher = {
      upTo: this.#lastSeq,
      delivered: this.delivered,
      dropped: this.droppedTotal,
      pending: this.unsettled,
      awaitsOlder,
      onDone: undefined,
    };
    this.#watchers.add(watcher);
    return watcher;
  }

  noOlderToCome(watcher: SettlementWatcher): void {
    this.#watchers.noOlderToCome(watcher);
  }

  unwatch(watcher: SettlementWatcher): void {
    this.#watchers.delete(watcher);
  }

  #takeSeq(record: PendingRecord): void {
    this.assignSeq(record);
    this.#lastSeq = Math.max(this.#lastSeq, record.seq);
  }

  #settle(record: PendingRecord, outcome: 'delivered' | 'dropped'): void {
    this.#leaveMemory(record);
    this.#watchers.onSettled(record.seq, outcome);
  }

  /** @param by -1 if the record no longer waits */
  #queue({ bytes, severity }: PendingRecord, by: 1 | -1): void {
    this.queued += by;
    this.queuedBytes += by * bytes;
    if (this.#queuedBySeverity === undefined) return;
    const quantity = this.#queuedBySeverity.get(severity);
    if (quantity === undefined) this.#queuedBySeverity.set(severity, { count: by, bytes: by * bytes });
    else {
      quantity.count += by;
      quantity.bytes += by * bytes;
    }
  }

  #leaveMemory(record: PendingRecord): void {
    if (record.state === 'in-flight') this.inFlight--;
    else this.#queue(record, -1);
    this.inMemoryBytes -= record.bytes;
    record.state = 'settled';
  }
}
