import type { PendingRecord } from '../../record/record.ts';

/** Which of a topic's records on disk still have to go to the partition that they were sent to. */
export class BoundInSpool {
  /** Whether what was on disk when the partitions were forgotten may go to any partition, wherever it was sent. */
  mustUnbind = false;
  /** What was sent, and left on disk, since then: it stays with its partition, as what is sent from memory does. */
  readonly #leftSince = new Set<string>();

  /** The partitions are not what they were. */
  unbind(): void {
    this.mustUnbind = true;
    this.#leftSince.clear();
  }

  /** A record is left on disk. */
  onLeft(record: PendingRecord): void {
    if (this.mustUnbind && record.partition !== undefined) this.#leftSince.add(placeOf(record));
  }

  /** A record is back from disk. */
  onReplayed(record: PendingRecord): void {
    this.#leftSince.delete(placeOf(record));
  }

  /** Whether a record on disk may go to any partition, wherever it was sent: what has waited in memory may. */
  isUnbound(record: PendingRecord): boolean {
    return this.mustUnbind && !this.#leftSince.has(placeOf(record));
  }
}

function placeOf({ spoolPosition }: PendingRecord): string {
  return `${spoolPosition?.segment} ${spoolPosition?.offset}`;
}
