import type { PendingRecord } from '../../record/record.ts';
import type { Segment } from './segment.ts';
import type { Segments } from './segments.ts';

// How large a segment grows: what is read at once, in about a millisecond, and what one record that is not
// acknowledged yet keeps on disk.
const SEGMENT_BYTES = 1_048_576;

/** Writes records into segments, one segment after the other. */
export class SegmentWriter {
  readonly #segments: Segments;
  readonly #make: (seq: number) => Segment;
  readonly #onSealed: (segment: Segment) => void;
  #current: Segment | undefined;

  /**
   * @param make makes the segment that begins with this position in the order of acceptance
   * @param onSealed nothing more is written to a segment
   */
  constructor(segments: Segments, make: (seq: number) => Segment, onSealed: (segment: Segment) => void) {
    this.#segments = segments;
    this.#make = make;
    this.#onSealed = onSealed;
  }

  /** @throws when they cannot be written */
  append(records: readonly PendingRecord[], keeps: boolean, isPassedOver: boolean): void {
    this.#segments.append(this.#writable(records[0]?.seq ?? 0), records, keeps, isPassedOver);
  }

  /** The next record begins a new segment. */
  seal(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    current.seal();
    this.#onSealed(current);
  }

  #writable(seq: number): Segment {
    const current = this.#current;
    // Sealed by a reader, or because a write failed.
    if (current !== undefined && !current.isSealed && current.bytes < SEGMENT_BYTES) return current;
    this.seal();
    const segment = this.#make(seq);
    this.#segments.add(segment);
    this.#current = segment;
    return segment;
  }
}
