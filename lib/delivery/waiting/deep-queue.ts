import type { PendingRecord } from '../record.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { PagePool } from './page-pool.ts';
import type { RecordPage } from './record-page.ts';
import { RecordQueue } from './record-queue.ts';
import type { Stagnation } from './stagnation.ts';

// So many of its youngest records a queue keeps as they are: with hundreds of queues, a page for less is a waste.
const MIN_FRESH = 16;

export interface DeepQueueParts {
  /** Nothing where records must stay objects. */
  pages: PagePool | undefined;
  stagnation: Stagnation;
  /** The queue has a new oldest record. */
  onHead(queue: LaneQueue): void;
}

/** A queue that may grow long. While nothing is taken, the records in the middle of it wait in pages. */
export class DeepQueue implements LaneQueue {
  since = 0;
  readonly #parts: DeepQueueParts;
  /** What has come back, and what was taken out of a page to be looked at. */
  readonly #front = new RecordQueue();
  readonly #pages: RecordPage[] = [];
  #packed = 0;
  #packedBytes = 0;
  readonly #fresh = new RecordQueue();
  /** How many have come since one was taken. */
  #sinceTaken = 0;

  constructor(parts: DeepQueueParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#front.count + this.#packed + this.#fresh.count;
  }

  get bytes(): number {
    return this.#front.bytes + this.#packedBytes + this.#fresh.bytes;
  }

  push(record: PendingRecord): void {
    const { stagnation } = this.#parts;
    this.#fresh.push(record);
    this.#sinceTaken++;
    stagnation.notePushed();
    if (this.count === 1) this.#parts.onHead(this);
    const { pages } = this.#parts;
    if (pages === undefined || !stagnation.hasBegun(this.#sinceTaken)) return;
    // Two, for those to be caught up with that came before.
    for (let n = 0; n < 2 && this.#fresh.count > MIN_FRESH; n++) this.#pack(pages);
  }

  pushFront(records: readonly PendingRecord[]): void {
    this.#front.pushFront(records);
    this.#parts.onHead(this);
  }

  peek(): PendingRecord | undefined {
    const first = this.#front.peek();
    if (first !== undefined) return first;
    if (this.#packed === 0) return this.#fresh.peek();
    const record = this.#unpack();
    if (record !== undefined) this.#front.push(record);
    return record;
  }

  shift(): PendingRecord | undefined {
    this.#sinceTaken = 0;
    this.#parts.stagnation.noteTaken();
    return this.#front.shift() ?? this.#unpack() ?? this.#fresh.shift();
  }

  drain(): PendingRecord[] {
    const records = [...this];
    this.#front.drain();
    this.#fresh.drain();
    return records;
  }

  /** All that wait, oldest first, without taking them out. Those that were packed are not any more. */
  *[Symbol.iterator](): Generator<PendingRecord> {
    yield* this.#front;
    for (let record = this.#unpack(); record !== undefined; record = this.#unpack()) {
      this.#front.push(record);
      yield record;
    }
    yield* this.#fresh;
  }

  /** Packs the oldest of the fresh ones. */
  #pack(pages: PagePool): void {
    const record = this.#fresh.peek();
    if (record === undefined) return;
    this.#fresh.discard(record);
    this.#packed++;
    this.#packedBytes += record.bytes;
    const last = this.#pages.at(-1);
    if (last?.put(record)) return;
    const page = pages.take(this.#packedBytes);
    page.put(record);
    this.#pages.push(page);
  }

  /** Takes the oldest of the packed ones out. */
  #unpack(): PendingRecord | undefined {
    const [page] = this.#pages;
    const record = page?.shift();
    if (page === undefined || record === undefined) return undefined;
    this.#packed--;
    this.#packedBytes -= record.bytes;
    if (page.count === 0) {
      this.#pages.shift();
      this.#parts.pages?.give(page);
    }
    return record;
  }
}
