import type { PendingRecord } from '../record.ts';
import type { LaneQueue } from './lane-queue.ts';

/** A queue, and the oldest record it had when it was last looked at. */
interface Entry {
  readonly queue: LaneQueue;
  seq: number;
}

/** All queues whose records give way alike: finds the oldest of all records in them, without going through all queues. */
export class Shelf {
  /** Youngest oldest record first. A queue may have lost records since, and even all: its place is corrected when it is reached. */
  #entries: Entry[] = [];
  #tidyAt = 64;

  /** How many queues it knows, empty ones included. */
  get size(): number {
    return this.#entries.length;
  }

  /** A queue has its first record, or an older one in front. */
  note(queue: LaneQueue): void {
    const { head } = queue;
    if (head === undefined) return;
    const known = this.#entries.findLastIndex((entry) => entry.queue === queue);
    if (known >= 0) this.#entries.splice(known, 1);
    if (this.#entries.length >= this.#tidyAt) this.#tidy();
    this.#insert({ queue, seq: head.seq });
  }

  /** The oldest record of all. */
  oldest(): PendingRecord | undefined {
    for (let entry = this.#entries.at(-1); entry !== undefined; entry = this.#entries.at(-1)) {
      const { head } = entry.queue;
      if (head?.seq === entry.seq) return entry.queue.peek();
      this.#entries.pop();
      if (head !== undefined) this.#insert({ queue: entry.queue, seq: head.seq });
    }
    return undefined;
  }

  /** How much there is, in all queues. */
  total(of: 'count' | 'bytes'): number {
    return this.#entries.reduce((sum, { queue }) => sum + queue[of], 0);
  }

  #insert(entry: Entry): void {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.seq ?? 0) > entry.seq) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, entry);
  }

  /** Lets go of queues that have become empty: nothing may ever have to give way. */
  #tidy(): void {
    this.#entries = this.#entries.filter(({ queue }) => queue.count > 0);
    this.#tidyAt = Math.max(64, 2 * this.#entries.length);
  }
}
