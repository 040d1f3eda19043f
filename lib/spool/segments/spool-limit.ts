import type { PendingRecord } from '../../record/record.ts';
import type { QueueState } from '../spool-options.ts';
import { FILE_HEADER, FRAME_BYTES } from './frames.ts';
import { JOURNAL_BYTES } from './segment.ts';
import type { Segments } from './segments.ts';

// A field of JSON may take more than its text (escapes), so what a record will take is only guessed at beforehand.
const FIELDS_BYTES = 128;
// What those that are held may take of `maxBytes` while others are sent. The rest is for the others.
const HELD_DISK_SHARE = 0.75;

/** Whether there is room on disk, within `spool.maxBytes`. */
export class SpoolLimit {
  readonly #maxBytes: number;
  readonly #segments: Segments;

  constructor(maxBytes: number, segments: Segments) {
    this.#maxBytes = maxBytes;
    this.#segments = segments;
  }

  /** Whether there is room for those that are not on disk yet. @param state how their queue fares */
  hasRoomFor(records: readonly PendingRecord[], state: QueueState): boolean {
    let room = FILE_HEADER.length;
    for (const record of records) if (record.spoolPosition === undefined) room += sizeOf(record);
    return (
      this.#segments.bytes + room <=
      this.#maxBytes * (state === 'held-while-others-send' ? HELD_DISK_SHARE : 1)
    );
  }

  /** @throws when there is not enough */
  check(records: readonly PendingRecord[], state: QueueState): void {
    if (this.hasRoomFor(records, state)) return;
    const reserve =
      state === 'held-while-others-send' ? ', and a quarter of it is kept for what can be sent' : '';
    throw new Error(`the spool is full (spool.maxBytes is ${this.#maxBytes}${reserve})`);
  }
}

function sizeOf({ bytes }: PendingRecord): number {
  return FRAME_BYTES + FIELDS_BYTES + JOURNAL_BYTES + bytes;
}
