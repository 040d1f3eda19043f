import type { PendingRecord } from '../record/record.ts';
import type { Ledger, Quantity } from './ledger.ts';
import { OldestFirstIndex } from './store/oldest-first-index.ts';
import { PagePool } from './store/page-pool.ts';
import { PagedQueue } from './store/paged-queue.ts';
import type { RecordStore } from './store/record-store.ts';
import { SeverityQueue } from './store/severity-queue.ts';

/** What gives way when the buffer is full. `drop-lowest`: the least severe level first, then the oldest. */
export type OverflowPolicy = 'drop-oldest' | 'drop-newest' | 'drop-lowest';

export interface BufferLimits {
  maxRecords: number;
  maxBytes: number;
  overflow: OverflowPolicy;
}

const NONE: Quantity = { count: 0, bytes: 0 };

/**
 * Decides what memory may hold until the broker has it. Counts what waits and what is in flight; sheds only
 * what waits, because a record that is with the Kafka client cannot be called back.
 */
export class MemoryLimit {
  readonly #limits: BufferLimits;
  readonly #ledger: Ledger;
  readonly #pages = new PagePool();
  readonly #queuedBySeverity: ReadonlyMap<number, Quantity> | undefined;
  #reserve = 0;
  /** By severity, the least severe one first; a single one, unless the policy asks for more. */
  #indexes: [severity: number, index: OldestFirstIndex][] = [];

  constructor(limits: BufferLimits, ledger: Ledger) {
    this.#limits = limits;
    this.#ledger = ledger;
    if (limits.overflow === 'drop-lowest') this.#queuedBySeverity = ledger.countBySeverity();
  }

  /** A new queue, whose records do not give way. */
  makeFirmQueue(): RecordStore {
    return new PagedQueue(this.#pages, () => undefined);
  }

  /** A new queue, whose records may have to give way. */
  readonly makeQueue = (): RecordStore => {
    if (this.#limits.overflow === 'drop-newest') return this.makeFirmQueue();
    if (this.#limits.overflow === 'drop-oldest') return this.#makeQueue(0);
    return new SeverityQueue((severity) => this.#makeQueue(severity));
  };

  /** Keeps a share for records that wait for their value: they cannot go to disk. */
  reserve(share: number): void {
    this.#reserve = share;
  }

  /** Whether a record of this size could ever be held. */
  canHold(bytes: number): boolean {
    return bytes <= this.#limits.maxBytes;
  }

  /**
   * Makes room for a record, or finds that it must not come in. Nothing is shed in vain.
   *
   * @param shed is called for each record that gives way; it takes the record out of its queue and counts it as dropped
   * @returns whether the record may come in
   */
  makeRoomFor(record: PendingRecord, shed: (victim: PendingRecord) => void): boolean {
    if (this.hasRoomFor(record.bytes)) return true;
    if (!this.#canMakeRoomFor(record)) return false;
    while (!this.hasRoomFor(record.bytes)) {
      const victim = this.#firstToGoFor(record);
      if (victim === undefined) return false;
      shed(victim);
    }
    return true;
  }

  /**
   * Whether a record of this size may come in without another giving way.
   *
   * @param keepsReserve whether it may not take what is kept for records that wait for their value
   * @param without what would not be there any more
   */
  hasRoomFor(bytes: number, keepsReserve = false, without: Quantity = NONE): boolean {
    const { inMemory, inMemoryBytes } = this.#ledger;
    const { maxRecords, maxBytes } = this.#limits;
    const share = keepsReserve ? 1 - this.#reserve : 1;
    return (
      inMemory - without.count < share * maxRecords &&
      inMemoryBytes - without.bytes + bytes <= share * maxBytes
    );
  }

  /**
   * Makes room for a record among those of its own queue: the oldest give way. Nothing is shed in vain.
   *
   * @param shed as for `makeRoomFor`
   * @param keepsReserve as for `hasRoomFor`
   * @returns whether there is room
   */
  makeRoomIn(
    queue: RecordStore,
    { bytes }: PendingRecord,
    shed: (victim: PendingRecord) => void,
    keepsReserve = false,
  ): boolean {
    const own = this.#limits.overflow === 'drop-newest' ? NONE : queue;
    if (!this.hasRoomFor(bytes, keepsReserve, own)) return false;
    while (!this.hasRoomFor(bytes, keepsReserve)) {
      const oldest = queue.peek();
      if (oldest === undefined) return false;
      shed(oldest);
    }
    return true;
  }

  /** Whether it is at most half full, not counting these, which may have `share` of the limit for themselves. */
  isHalfEmpty({ count, bytes }: Quantity = NONE, share = 1): boolean {
    const { inMemory, inMemoryBytes } = this.#ledger;
    const { maxRecords, maxBytes } = this.#limits;
    return (
      inMemory - count <= (maxRecords - Math.min(count, share * maxRecords)) / 2 &&
      inMemoryBytes - bytes <= (maxBytes - Math.min(bytes, share * maxBytes)) / 2
    );
  }

  #makeQueue(severity: number): PagedQueue {
    const index = this.#indexFor(severity);
    return new PagedQueue(this.#pages, (queue) => index.add(queue));
  }

  #indexFor(severity: number): OldestFirstIndex {
    const known = this.#indexes.find(([of]) => of === severity);
    if (known !== undefined) return known[1];
    const index = new OldestFirstIndex();
    this.#indexes.push([severity, index]);
    // winston's numbers grow with unimportance.
    this.#indexes.sort(([a], [b]) => b - a);
    return index;
  }

  #canMakeRoomFor(newcomer: PendingRecord): boolean {
    const { overflow, maxRecords, maxBytes } = this.#limits;
    if (overflow === 'drop-newest') return false;
    const { inMemory, inMemoryBytes, queued, queuedBytes } = this.#ledger;
    let records = inMemory + 1 - maxRecords;
    let bytes = inMemoryBytes + newcomer.bytes - maxBytes;
    if (overflow === 'drop-oldest') return records <= queued && bytes <= queuedBytes;
    for (const [severity, waiting] of this.#queuedBySeverity ?? []) {
      if (severity < newcomer.severity) continue;
      records -= waiting.count;
      bytes -= waiting.bytes;
    }
    return records <= 0 && bytes <= 0;
  }

  #firstToGoFor(newcomer: PendingRecord): PendingRecord | undefined {
    const least = this.#limits.overflow === 'drop-lowest' ? newcomer.severity : 0;
    for (const [severity, index] of this.#indexes) {
      const oldest = severity < least ? undefined : index.oldest();
      if (oldest !== undefined) return oldest;
    }
    return undefined;
  }
}
