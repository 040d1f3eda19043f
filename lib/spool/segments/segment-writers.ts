import type { PendingRecord } from '../../record/record.ts';
import { crypto } from '../../util/node-modules.ts';
import { isGone } from '../is-gone.ts';
import type { QueueState } from '../spool-options.ts';
import { Segment } from './segment.ts';
import { SegmentWriter } from './segment-writer.ts';
import type { Segments } from './segments.ts';
import { SpoolLimit } from './spool-limit.ts';

export interface SegmentWritersParts {
  readonly maxBytes: number;
  readonly segments: Segments;
  /** Where new segments go. @throws when it cannot be made */
  directory(): string;
  /** All records of a segment are settled, and nothing more is written to it. */
  onSettled(segment: Segment): void;
  /** Nothing can be written. */
  onError(cause: unknown): void;
}

/** Writes records within `spool.maxBytes`: those of queues that are held into other segments than the others'. Never throws. */
export class SegmentWriters {
  readonly #parts: SegmentWritersParts;
  readonly #limit: SpoolLimit;
  readonly #flowing: SegmentWriter;
  readonly #held: SegmentWriter;
  #startedAt = 0;

  constructor(parts: SegmentWritersParts) {
    this.#parts = parts;
    this.#limit = new SpoolLimit(parts.maxBytes, parts.segments);
    this.#flowing = this.#makeWriter();
    this.#held = this.#makeWriter();
  }

  /** @param startedAt the wall clock of the process: what is written from now on comes after all that was written before it */
  begin(startedAt: number): void {
    this.#startedAt = startedAt;
  }

  /** @param keeps whether memory keeps them, too @returns whether it could be done */
  store(records: readonly PendingRecord[], state: QueueState, keeps: boolean): boolean {
    if (records.length === 0) return true;
    const writer = state === 'flowing' ? this.#flowing : this.#held;
    try {
      // What has been settled in a segment that is being written takes its room until then.
      if (!this.#limit.hasRoomFor(records, state)) this.seal();
      this.#limit.check(records, state);
      try {
        writer.append(records, keeps, state !== 'flowing');
      } catch (error) {
        if (!isGone(error)) throw error;
        // Somebody has cleaned up, or taken this one for dead: there is another directory now.
        writer.append(records, keeps, state !== 'flowing');
      }
      return true;
    } catch (error) {
      // What memory has of these queues is older than what comes next: it must be able to come before that on disk.
      writer.seal();
      this.#parts.onError(error);
      return false;
    }
  }

  /**
   * Writes as many as there is room for, the youngest of them: what only memory has then is older than what is on disk.
   *
   * @returns whether all were written
   */
  storeWhatFits(records: readonly PendingRecord[], state: QueueState, keeps: boolean): boolean {
    if (this.store(records, state, keeps)) return true;
    const half = records.length >> 1;
    if (half === 0 || !this.storeWhatFits(records.slice(half), state, keeps)) return false;
    // By the name of their segment, the older ones come first on disk, too, and what comes next behind the younger ones.
    this.seal();
    this.storeWhatFits(records.slice(0, half), state, keeps);
    this.seal();
    return false;
  }

  /** What is written next begins new segments. */
  seal(): void {
    this.#flowing.seal();
    this.#held.seal();
  }

  /** How the name of a segment begins whose first record has this position in the order of acceptance. */
  nameFor(seq: number): string {
    return `${padded(this.#startedAt)}-${padded(seq)}`;
  }

  #makeWriter(): SegmentWriter {
    return new SegmentWriter(
      this.#parts.segments,
      (seq) => this.#makeSegment(seq),
      (sealed) => {
        if (sealed.unsettled === 0) this.#parts.onSettled(sealed);
      },
    );
  }

  #makeSegment(seq: number): Segment {
    const salt = crypto().randomBytes(4).toString('hex');
    return new Segment(this.#parts.directory(), `${this.nameFor(seq)}-${salt}`).create();
  }
}

/** Sixteen digits: as many as a safe integer can have. */
function padded(number: number): string {
  return String(number).padStart(16, '0');
}
