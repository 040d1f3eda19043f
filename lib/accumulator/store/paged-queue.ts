import type { PendingRecord } from '../../record/record.ts';
import type { RecordPeek } from './packed-records.ts';
import type { PagePool } from './page-pool.ts';
import { PageSlices } from './page-slices.ts';
import type { RecordPage } from './record-page.ts';
import { RecordQueue } from './record-queue.ts';
import type { RecordStore, SendLimits } from './record-store.ts';

/** A queue whose records wait in pages, but for those that come back, and those that are looked at. */
export class PagedQueue implements RecordStore {
  readonly #pool: PagePool;
  readonly #onHead: (queue: RecordStore) => void;
  /** The oldest ones, as objects. */
  readonly #front = new RecordQueue();
  /** All others. Only the last page has room. An empty page is freed: there may be a thousand queues. */
  readonly #pages: RecordPage[] = [];
  #packed = 0;
  #packedBytes = 0;

  /** @param onHead its oldest record is one that was not there before, or has come back */
  constructor(pool: PagePool, onHead: (queue: RecordStore) => void) {
    this.#pool = pool;
    this.#onHead = onHead;
  }

  get count(): number {
    return this.#front.count + this.#packed;
  }

  get bytes(): number {
    return this.#front.bytes + this.#packedBytes;
  }

  get head(): RecordPeek | undefined {
    return this.#front.peek() ?? this.#pages[0]?.head;
  }

  get last(): RecordPeek | undefined {
    return this.#pages.at(-1)?.last ?? this.#front.last;
  }

  push(record: PendingRecord): void {
    this.#pack(record);
    this.#packed++;
    this.#packedBytes += record.bytes;
    if (this.#packed === 1 && this.#front.count === 0) this.#onHead(this);
  }

  pushFront(records: readonly PendingRecord[]): void {
    this.#front.pushFront(records);
    this.#onHead(this);
  }

  peek(): PendingRecord | undefined {
    const first = this.#front.peek();
    if (first !== undefined) return first;
    const record = this.#unpack();
    if (record !== undefined) this.#front.push(record);
    return record;
  }

  shift(): PendingRecord | undefined {
    return this.#front.shift() ?? this.#unpack();
  }

  pop(): PendingRecord | undefined {
    const page = this.#pages.at(-1);
    const record = page?.pop();
    if (page === undefined || record === undefined) return this.#front.pop();
    this.#onTaken(page, 1, record.bytes);
    return record;
  }

  takePacked({ most, maxBytes }: SendLimits): PageSlices | undefined {
    if (this.#front.count > 0) return undefined;
    const packed = new PageSlices();
    for (let [page] = this.#pages; page !== undefined; [page] = this.#pages) {
      const taken = page.take(most - packed.count, maxBytes - packed.bytes, packed.count === 0);
      if (taken === undefined) break;
      packed.add(taken);
      this.#onTaken(page, taken.to - taken.from, taken.bytes);
    }
    return packed.count === 0 ? undefined : packed;
  }

  takeAll(): PendingRecord[] {
    const records = [...this];
    this.#front.takeAll();
    return records;
  }

  /** All that wait, oldest first, without taking them out. Those that were packed are not any more. */
  *[Symbol.iterator](): Generator<PendingRecord> {
    yield* this.#front;
    for (let record = this.#unpack(); record !== undefined; record = this.#unpack()) {
      this.#front.push(record);
      yield record;
    }
  }

  #pack(record: PendingRecord): void {
    if (this.#pages.at(-1)?.put(record)) return;
    const page = this.#pool.take(Math.max(this.#packedBytes, 8 * record.bytes));
    page.put(record);
    this.#pages.push(page);
  }

  /** Takes the oldest of the packed ones out. */
  #unpack(): PendingRecord | undefined {
    const [page] = this.#pages;
    const record = page?.shift();
    if (page === undefined || record === undefined) return undefined;
    this.#onTaken(page, 1, record.bytes);
    return record;
  }

  /** @param page the first one, or the last one */
  #onTaken(page: RecordPage, count: number, bytes: number): void {
    this.#packed -= count;
    this.#packedBytes -= bytes;
    if (page.count > 0) return;
    if (this.#pages[0] === page) this.#pages.shift();
    else this.#pages.pop();
    page.release();
  }
}
