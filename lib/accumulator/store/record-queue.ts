import type { PendingRecord, RecordQueueRef } from '../../record/record.ts';

// Below this many, moving the rest of an array costs nothing worth avoiding.
const SMALL = 256;

/**
 * First in, first out, with two extras that delivery needs: records that come back go to the front, and any
 * record can be discarded from the middle. A discarded one stays in the array until it is reached or the array
 * is compacted; every operation is amortised O(1), but for a `pushFront` of records that are not the last ones
 * taken from the front.
 */
export class RecordQueue implements RecordQueueRef {
  #items: (PendingRecord | undefined)[] = [];
  #head = 0;
  #count = 0;
  #bytes = 0;

  /** How many records wait here. */
  get count(): number {
    return this.#count;
  }

  /** Their size in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  push(record: PendingRecord): void {
    this.#items.push(record);
    this.#own(record);
  }

  /** Puts records back before all others, in the order given. */
  pushFront(records: readonly PendingRecord[]): void {
    const start = this.#head - records.length;
    // The usual case, a send that failed: they still stand where they were taken from. Checked one by one, because
    // a record that stood in the array twice would be sent twice.
    if (start >= 0 && records.every((record, at) => this.#items[start + at] === record)) this.#head = start;
    else {
      this.#items = records.concat(this.#waiting());
      this.#head = 0;
    }
    for (const record of records) this.#own(record);
  }

  /** The oldest record, or nothing. */
  peek(): PendingRecord | undefined {
    while (this.#head < this.#items.length) {
      const record = this.#items[this.#head];
      if (record?.queue === this) return record;
      this.#head++;
    }
    return undefined;
  }

  shift(): PendingRecord | undefined {
    const record = this.peek();
    if (record !== undefined) {
      this.#head++;
      this.discard(record);
    }
    return record;
  }

  /** The youngest record, or nothing. */
  get last(): PendingRecord | undefined {
    while (this.#items.length > this.#head) {
      const record = this.#items.at(-1);
      if (record?.queue === this) return record;
      this.#items.pop();
    }
    return undefined;
  }

  /** Takes out the youngest record. */
  pop(): PendingRecord | undefined {
    const record = this.last;
    if (record === undefined) return undefined;
    this.#items.pop();
    this.discard(record);
    return record;
  }

  /** Takes out a record that waits here, wherever it stands. */
  discard(record: PendingRecord): void {
    record.queue = undefined;
    this.#count--;
    this.#bytes -= record.bytes;
    // In an outage it is always the oldest: removed, or the array would keep as many that are gone as there are.
    if (this.#items[this.#head] === record) this.#items[this.#head++] = undefined;
    if (this.#items.length > SMALL && this.#items.length > 2 * this.#count) {
      this.#items = this.#waiting();
      this.#head = 0;
    }
  }

  /** Takes out all that wait, oldest first. */
  takeAll(): PendingRecord[] {
    const records = this.#waiting();
    for (const record of records) record.queue = undefined;
    this.#items = [];
    this.#head = 0;
    this.#count = 0;
    this.#bytes = 0;
    return records;
  }

  /** All that wait, oldest first, without taking them out. */
  *[Symbol.iterator](): Generator<PendingRecord> {
    for (let at = this.#head; at < this.#items.length; at++) {
      const record = this.#items[at];
      if (record?.queue === this) yield record;
    }
  }

  #own(record: PendingRecord): void {
    record.queue = this;
    this.#count++;
    this.#bytes += record.bytes;
  }

  #waiting(): PendingRecord[] {
    return this.#items.filter(
      (record, at): record is PendingRecord => at >= this.#head && record?.queue === this,
    );
  }
}
