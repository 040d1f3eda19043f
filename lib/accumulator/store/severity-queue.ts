import type { PendingRecord } from '../../record/record.ts';
import { groupBy } from '../../util/group-by.ts';
import type { RecordPeek } from './packed-records.ts';
import type { RecordStore } from './record-store.ts';

/**
 * A queue that keeps the severities apart, for what is least severe to be found at once. All the same they come out in
 * the order they went in: by their turns, because the order of acceptance may be another one (records that another
 * process has left on disk, records that were sent and have come back).
 *
 * Not one queue for all severities: a page is free once all of its records are gone. Where one record in a hundred is severe
 * and the others give way, 100,000 records of 200 bytes were in 244 MiB of pages after a million, and in 25 MiB by severity.
 */
export class SeverityQueue implements RecordStore {
  readonly #make: (severity: number) => RecordStore;
  readonly #bySeverity = new Map<number, RecordStore>();
  #firstIndex = 0;
  #nextIndex = 0;

  /** @param make makes the queue of one severity */
  constructor(make: (severity: number) => RecordStore) {
    this.#make = make;
  }

  get count(): number {
    let count = 0;
    for (const rank of this.#bySeverity.values()) count += rank.count;
    return count;
  }

  get bytes(): number {
    let bytes = 0;
    for (const rank of this.#bySeverity.values()) bytes += rank.bytes;
    return bytes;
  }

  get head(): RecordPeek | undefined {
    return this.#oldest()?.head;
  }

  get last(): RecordPeek | undefined {
    return this.#youngest()?.last;
  }

  push(record: PendingRecord): void {
    record.queueIndex = this.#nextIndex++;
    this.#rankOf(record).push(record);
  }

  pushFront(records: readonly PendingRecord[]): void {
    this.#firstIndex -= records.length;
    for (const [at, record] of records.entries()) record.queueIndex = this.#firstIndex + at;
    for (const [rank, own] of groupBy(records, (record) => this.#rankOf(record))) rank.pushFront(own);
  }

  peek(): PendingRecord | undefined {
    return this.#oldest()?.peek();
  }

  shift(): PendingRecord | undefined {
    return this.#oldest()?.shift();
  }

  pop(): PendingRecord | undefined {
    return this.#youngest()?.pop();
  }

  /** Never: they would have to be put in order. */
  takePacked(): undefined {
    return undefined;
  }

  takeAll(): PendingRecord[] {
    const records = [...this.#bySeverity.values()].flatMap((rank) => rank.takeAll());
    return records.sort((a, b) => a.queueIndex - b.queueIndex);
  }

  /** All that wait, oldest first, without taking them out. */
  *[Symbol.iterator](): Generator<PendingRecord> {
    const ranks = [...this.#bySeverity.values()].map((rank) => rank[Symbol.iterator]());
    const heads = ranks.map((rank) => rank.next());
    for (;;) {
      let first = -1;
      let least = Number.POSITIVE_INFINITY;
      for (const [at, { done, value }] of heads.entries()) {
        if (done || value.queueIndex >= least) continue;
        first = at;
        least = value.queueIndex;
      }
      const head = heads[first];
      const rank = ranks[first];
      if (head === undefined || rank === undefined) return;
      yield head.value;
      heads[first] = rank.next();
    }
  }

  #rankOf({ severity }: PendingRecord): RecordStore {
    let rank = this.#bySeverity.get(severity);
    if (rank === undefined) {
      rank = this.#make(severity);
      this.#bySeverity.set(severity, rank);
    }
    return rank;
  }

  /** There are few levels. */
  #oldest(): RecordStore | undefined {
    let oldest: RecordStore | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const rank of this.#bySeverity.values()) {
      const queueIndex = rank.head?.queueIndex;
      if (queueIndex === undefined || queueIndex >= least) continue;
      oldest = rank;
      least = queueIndex;
    }
    return oldest;
  }

  #youngest(): RecordStore | undefined {
    let youngest: RecordStore | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const rank of this.#bySeverity.values()) {
      const queueIndex = rank.last?.queueIndex;
      if (queueIndex === undefined || queueIndex <= most) continue;
      youngest = rank;
      most = queueIndex;
    }
    return youngest;
  }
}
