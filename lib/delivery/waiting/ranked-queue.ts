import type { PendingRecord } from '../record.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { Head } from './record-page.ts';

/** A queue that keeps the severities apart, for what is least severe to be found at once. Oldest first all the same. */
export class RankedQueue implements LaneQueue {
  since = 0;
  readonly #make: (severity: number) => LaneQueue;
  readonly #ranks = new Map<number, LaneQueue>();

  /** @param make makes the queue of one severity */
  constructor(make: (severity: number) => LaneQueue) {
    this.#make = make;
  }

  get count(): number {
    let count = 0;
    for (const rank of this.#ranks.values()) count += rank.count;
    return count;
  }

  get bytes(): number {
    let bytes = 0;
    for (const rank of this.#ranks.values()) bytes += rank.bytes;
    return bytes;
  }

  get head(): Head | undefined {
    return this.#oldest()?.head;
  }

  push(record: PendingRecord): void {
    this.#rankOf(record).push(record);
  }

  pushFront(records: readonly PendingRecord[]): void {
    const byRank = new Map<LaneQueue, PendingRecord[]>();
    for (const record of records) {
      const rank = this.#rankOf(record);
      const own = byRank.get(rank);
      if (own === undefined) byRank.set(rank, [record]);
      else own.push(record);
    }
    for (const [rank, own] of byRank) rank.pushFront(own);
  }

  peek(): PendingRecord | undefined {
    return this.#oldest()?.peek();
  }

  shift(): PendingRecord | undefined {
    return this.#oldest()?.shift();
  }

  /** Never: they would have to be put in order. */
  takePacked(): undefined {
    return undefined;
  }

  drain(): PendingRecord[] {
    return inOrder([...this.#ranks.values()].flatMap((rank) => rank.drain()));
  }

  /** All that wait, oldest first, without taking them out. */
  [Symbol.iterator](): Iterator<PendingRecord> {
    return inOrder([...this.#ranks.values()].flatMap((rank) => [...rank])).values();
  }

  #rankOf({ severity }: PendingRecord): LaneQueue {
    let rank = this.#ranks.get(severity);
    if (rank === undefined) {
      rank = this.#make(severity);
      this.#ranks.set(severity, rank);
    }
    return rank;
  }

  /** There are few levels. */
  #oldest(): LaneQueue | undefined {
    let oldest: LaneQueue | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const rank of this.#ranks.values()) {
      const seq = rank.head?.seq;
      if (seq === undefined || seq >= least) continue;
      oldest = rank;
      least = seq;
    }
    return oldest;
  }
}

function inOrder(records: PendingRecord[]): PendingRecord[] {
  return records.sort((a, b) => a.seq - b.seq);
}
