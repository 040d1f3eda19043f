import type { PendingRecord } from '../../record/record.ts';
import type { PackedRecords } from './packed-records.ts';
import type { Stretch } from './record-page.ts';

/** Records that have been taken out of a queue as they stand in its pages. Whoever has them has to `release` them. */
export class PageSlices {
  readonly stretches: Stretch[] = [];
  count = 0;
  bytes = 0;

  add(stretch: Stretch): void {
    this.stretches.push(stretch);
    this.count += stretch.to - stretch.from;
    this.bytes += stretch.bytes;
  }

  /** One after the other, in their order. */
  each(visit: (packed: PackedRecords, at: number) => void): void {
    for (const { page, from, to } of this.stretches)
      for (let at = from; at < to; at++) visit(page.packed, at);
  }

  /** Whether one of them passes; those behind it are not asked for. */
  some(test: (packed: PackedRecords, at: number) => boolean): boolean {
    for (const { page, from, to } of this.stretches)
      for (let at = from; at < to; at++) if (test(page.packed, at)) return true;
    return false;
  }

  /** Copies of them, as objects. */
  toObjects(): PendingRecord[] {
    const records: PendingRecord[] = [];
    this.each((packed, at) => records.push(packed.unpackedAt(at)));
    return records;
  }

  /** They are not needed any more: their pages may be used again. */
  release(): void {
    for (const { page } of this.stretches) page.release();
  }
}
