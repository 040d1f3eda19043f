import type { PendingRecord } from '../record/record.ts';
import type { Ledger } from './ledger.ts';
import type { MemoryLimit } from './memory-limit.ts';
import type { RecordDropper } from './record-dropper.ts';
import type { RecordStore } from './store/record-store.ts';

// With a spool: the share of memory that is kept for records that wait for their value, which cannot go to disk.
const UNSERIALIZED_SHARE = 0.1;

export interface UnserializedQueueParts {
  readonly ledger: Ledger;
  readonly buffer: MemoryLimit;
  readonly dropper: RecordDropper;
  readonly hasSpool: boolean;
}

/** Records that wait for their value, if there is a `serialize`: before all queues, in the order of acceptance. */
export class UnserializedQueue {
  readonly #parts: UnserializedQueueParts;
  readonly queue: RecordStore;

  constructor(parts: UnserializedQueueParts) {
    this.#parts = parts;
    this.queue = parts.buffer.makeQueue();
    if (parts.hasSpool) parts.buffer.reserve(UNSERIALIZED_SHARE);
  }

  /** Oldest first. */
  [Symbol.iterator](): Iterator<PendingRecord> {
    return this.queue[Symbol.iterator]();
  }

  /** The oldest of them. */
  get first(): PendingRecord | undefined {
    return this.queue.peek();
  }

  /** Takes in a record whose value is not known yet. @returns whether it waits */
  add(record: PendingRecord): boolean {
    const { ledger, buffer, dropper, hasSpool } = this.#parts;
    if (!buffer.canHold(record.bytes)) {
      dropper.dropOversize(record);
      return false;
    }
    record.isPinned = true;
    const shed = (victim: PendingRecord): void => dropper.drop(victim, 'overflow', undefined);
    // With a spool, what waits for the broker is not to be lost for it.
    const hasRoom = hasSpool ? buffer.makeRoomIn(this.queue, record, shed) : buffer.makeRoomFor(record, shed);
    if (!hasRoom) {
      dropper.acceptAndDrop(record, 'overflow', undefined);
      return false;
    }
    ledger.accept(record);
    this.queue.push(record);
    return true;
  }

  /** Takes out the oldest record, to be added with its value. */
  take(value: string | Buffer): PendingRecord | undefined {
    const record = this.queue.shift();
    if (record === undefined) return undefined;
    this.#parts.ledger.withdraw(record);
    record.isPinned = false;
    record.setValue(value);
    return record;
  }

  /** `serialize` makes no value of a record that waits. */
  drop(record: PendingRecord, cause: unknown): void {
    this.#parts.dropper.drop(record, 'invalid', cause);
  }

  /** `serialize` makes no value of a record that has not waited. */
  refuse(record: PendingRecord, cause: unknown): void {
    this.#parts.dropper.acceptAndDrop(record, 'invalid', cause);
  }
}
