import type { PendingRecord } from '../../record/record.ts';
import type { RecordPeek } from './packed-records.ts';
import type { PageSlices } from './page-slices.ts';

/** How much one send may carry. A record that is larger by itself goes alone. */
export interface SendLimits {
  most: number;
  maxBytes: number;
}

/** The records that wait in a partition queue, oldest first. */
export interface RecordStore extends Iterable<PendingRecord> {
  /** How many records wait here. */
  readonly count: number;
  /** Their size in bytes. */
  readonly bytes: number;
  /** What can be told of the oldest record, if there is one. */
  readonly head: RecordPeek | undefined;
  /** The same of the youngest record. */
  readonly last: RecordPeek | undefined;
  push(record: PendingRecord): void;
  /** Puts records back before all others, in the order given. */
  pushFront(records: readonly PendingRecord[]): void;
  /** The oldest record, or nothing. */
  peek(): PendingRecord | undefined;
  shift(): PendingRecord | undefined;
  /** Takes out the youngest record. */
  pop(): PendingRecord | undefined;
  /** Takes the oldest records out, as many as one send may carry, if they are all packed. */
  takePacked(limits: SendLimits): PageSlices | undefined;
  /** Takes out all that wait, oldest first. */
  takeAll(): PendingRecord[];
}
