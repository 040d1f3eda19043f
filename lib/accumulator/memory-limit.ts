import type { PendingRecord } from '../record/record.ts';
import type { Ledger, Quantity } from './ledger.ts';
import { OldestFirstIndex } from './store/oldest-first-index.ts';
import { PagePool } from './store/page-pool.ts';
import { PagedQueue } from './store/paged-queue.ts';
import type { RecordStore } from './store/record-store.ts';
import { SeverityQueue } from './store/severity-queue.ts';

/** Which records are dropped when the buffer is full. `drop-lowest`: the least severe level first, then the oldest. */
export type OverflowPolicy = 'drop-oldest' | 'drop-newest' | 'drop-lowest';

export interface BufferLimits {
  maxRecords: number;
  maxBytes: number;
  overflow: OverflowPolicy;
}

const NONE: Quantity = { count: 0, bytes: 0 };

/**
 * Applies the limits of the option `buffer`. Records that wait and records in flight count; only those that wait can be
 * dropped, because a record that the Kafka client has cannot be taken back.
 */
export class MemoryLimit {
  readonly #limits: BufferLimits;
  readonly #ledger: Ledger;
  readonly #pages = new PagePool();
  readonly #queuedBySeverity: ReadonlyMap<number, Quantity> | undefined;
  #reserve = 0;
  /** By severity, the least severe first; with any other policy than `drop-lowest`, a single index. */
  #indexes: [severity: number, index: OldestFirstIndex][] = [];

  constructor(limits: BufferLimits, ledger: Ledger) {
    this.#limits = limits;
    this.#ledger = ledger;
    if (limits.overflow === 'drop-lowest') this.#queuedBySeverity = ledger.countBySeverity();
  }

  /** Creates a queue whose records this limit does not drop. */
  makeFirmQueue(): RecordStore {
    return new PagedQueue(this.#pages, () => undefined);
  }

  /** Creates a queue whose records this limit can find and drop. */
  readonly makeQueue = (): RecordStore => {
    if (this.#limits.overflow === 'drop-newest') return this.makeFirmQueue();
    if (this.#limits.overflow === 'drop-oldest') return this.#makeQueue(0);
    return new SeverityQueue((severity) => this.#makeQueue(severity));
  };

  /** Reserves a share for records that wait for their value, because they cannot go to disk. */
  reserve(share: number): void {
    this.#reserve = share;
  }

  /** Whether a record of this size could ever be held. */
  canHold(bytes: number): boolean {
    return bytes <= this.#limits.maxBytes;
  }

  /**
   * Makes room for a record, if dropping others can. If it cannot, nothing is dropped.
   *
   * @param shed is called for each record to drop; it removes the record from its queue and counts it as dropped
   * @returns whether there is room
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
   * Whether there is room for a record of this size without dropping another.
   *
   * @param keepsReserve whether to leave the reserve for records that wait for their value free
   * @param without records to be ignored, because they could be dropped
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
   * Makes room for a record by dropping the oldest of its own queue. If that cannot make room, nothing is dropped.
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

  /** Whether memory is at most half full without `quantity`, which may take up to `share` of the limit for itself. */
  isHalfEmpty(quantity: Quantity = NONE, share = 1): boolean {
    const { count, bytes } = quantity;
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
    // In winston's levels, a higher number is less severe.
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
