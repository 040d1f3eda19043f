import type { PendingRecord } from '../../record/record.ts';
import type { RecordStore } from './record-store.ts';

// Below this many entries it is not worth tidying.
const SMALL = 64;

/** A queue, and the oldest record that it had when it was last looked at. */
interface Entry {
  readonly queue: RecordStore;
  seq: number;
  /** Whether another entry of the same queue has taken its place. */
  isStale: boolean;
}

/**
 * Finds the queue with the oldest record without scanning all queues. A queue may have lost records since it was looked at:
 * that its oldest is a younger one now is found out when it comes first.
 */
export class OldestFirstIndex {
  /** By `seq`. Those before `#start` are done with. */
  #entries: Entry[] = [];
  #start = 0;
  readonly #of = new Map<RecordStore, Entry>();
  #tidyAt = SMALL;

  /** A queue has its first record, or an older one in front. */
  add(queue: RecordStore): void {
    const { head } = queue;
    const known = this.#of.get(queue);
    if (head === undefined || (known !== undefined && known.seq <= head.seq)) return;
    if (known !== undefined) known.isStale = true;
    if (this.#entries.length >= this.#tidyAt) this.#tidy();
    const entry = { queue, seq: head.seq, isStale: false };
    this.#of.set(queue, entry);
    this.#insert(entry);
  }

  /** The oldest record of all. */
  oldest(): PendingRecord | undefined {
    for (let entry = this.#entries[this.#start]; entry !== undefined; entry = this.#entries[this.#start]) {
      const head = entry.isStale ? undefined : entry.queue.head;
      if (head !== undefined && head.seq <= entry.seq) return entry.queue.peek();
      this.#start++;
      if (entry.isStale) continue;
      if (head === undefined) this.#of.delete(entry.queue);
      else {
        // The same entry: a Map that loses and gets one for each record leaves garbage that V8 takes for old.
        entry.seq = head.seq;
        this.#insert(entry);
      }
      if (this.#start > SMALL && 2 * this.#start > this.#entries.length) this.#tidy();
    }
    return undefined;
  }

  #insert(entry: Entry): void {
    let low = this.#start;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.seq ?? 0) < entry.seq) low = middle + 1;
      else high = middle;
    }
    // As a rule that is the end: what comes is younger than all that waits.
    this.#entries.splice(low, 0, entry);
  }

  /** Removes entries that are done with, and queues that are empty: it may be that nobody ever asks for the oldest. */
  #tidy(): void {
    this.#entries = this.#entries.filter((entry, at) => {
      if (at < this.#start || entry.isStale) return false;
      if (entry.queue.count > 0) return true;
      this.#of.delete(entry.queue);
      return false;
    });
    this.#start = 0;
    this.#tidyAt = Math.max(SMALL, 2 * this.#entries.length);
  }
}
