import type { PendingRecord } from '../../record/record.ts';
import { type PackedRecords, type RecordPeek, textBytes } from './packed-records.ts';

// Of a text in characters (a quarter of the largest page, or half of it where it is not ASCII), and of all that stands
// beside it in bytes. Larger records stay objects: a page would save nothing.
const MAX_LENGTH = 16_384;

/** Where some records stand: in one page, one behind the other. */
export interface Stretch {
  readonly page: RecordPage;
  readonly from: number;
  readonly to: number;
  /** Their size. */
  readonly bytes: number;
}

/** A piece of memory in which records wait, first in, first out; those that cannot be packed stay objects at their places. */
export class RecordPage {
  readonly packed: PackedRecords;
  readonly #onFree: (page: RecordPage) => void;
  /** Those that stay objects, and how many of them wait. No Map: see `OldestFirstIndex.oldest` for what one that is used up costs. */
  #objects: (PendingRecord | undefined)[] | undefined;
  #objectCount = 0;
  #put = 0;
  #taken = 0;
  /** What stands beside the page, in bytes: it is bounded with it. */
  #beside = 0;
  /** The queue, and batches that refer to its memory. */
  #users = 1;

  /** @param onFree nobody uses it any more, and it may be used again */
  constructor(packed: PackedRecords, onFree: (page: RecordPage) => void = () => undefined) {
    this.packed = packed;
    this.#onFree = onFree;
  }

  /** How many records wait here. */
  get count(): number {
    return this.#put - this.#taken;
  }

  get head(): RecordPeek | undefined {
    return this.count === 0 ? undefined : this.#headAt(this.#taken);
  }

  /** The same of the youngest record. */
  get last(): RecordPeek | undefined {
    return this.count === 0 ? undefined : this.#headAt(this.#put - 1);
  }

  /** Takes a record in. The object is not needed any more. @returns whether there was room */
  put(record: PendingRecord): boolean {
    const { text, key, headers } = record;
    const textSize = key === null && headers === undefined ? record.bytes : Buffer.byteLength(text);
    const beside = record.bytes - textSize;
    const kind = canBePacked(record, beside) ? this.packed.kindOf(record) : -1;
    const isAscii = textSize === text.length;
    const at = this.#put;
    const room = this.packed.roomAt(at) - this.#beside;
    if (room < (kind < 0 ? 0 : textBytes(text, isAscii) + beside)) return false;
    this.#put++;
    if (kind >= 0) {
      this.#beside += beside;
      this.packed.write(at, record, kind, isAscii);
      return true;
    }
    this.packed.skip(at);
    this.#objects ??= [];
    this.#objects[at] = record;
    this.#objectCount++;
    return true;
  }

  /** Takes the oldest record out. */
  shift(): PendingRecord | undefined {
    if (this.count === 0) return undefined;
    return this.#takeOut(this.#taken++);
  }

  /** Takes the youngest record out. */
  pop(): PendingRecord | undefined {
    if (this.count === 0) return undefined;
    return this.#takeOut(--this.#put);
  }

  /**
   * Takes the oldest records out, as they are, for a caller that has to release them. None where some have stayed objects.
   *
   * @param isFirst whether one is taken even if it has more bytes than that
   */
  take(most: number, bytes: number, isFirst: boolean): Stretch | undefined {
    if (this.#objectCount > 0) return undefined;
    const from = this.#taken;
    const last = Math.min(this.#put, from + most);
    let to = from;
    let sum = 0;
    for (; to < last; to++) {
      const next = this.packed.sizeAt(to);
      if (sum + next > bytes && !(isFirst && to === from)) break;
      sum += next;
    }
    if (to === from) return undefined;
    this.#taken = to;
    this.#users++;
    return { page: this, from, to, bytes: sum };
  }

  /** One of its users is done with it. */
  release(): void {
    if (--this.#users === 0) this.#onFree(this);
  }

  /** Makes it as good as new. */
  clear(): void {
    this.packed.clear();
    this.#objects = undefined;
    this.#objectCount = 0;
    this.#put = 0;
    this.#taken = 0;
    this.#beside = 0;
    this.#users = 1;
  }

  /** As an object. Nothing of it is held on to here. */
  #takeOut(at: number): PendingRecord {
    const record = this.#objects?.[at] ?? this.packed.unpackedAt(at);
    if (this.#objects?.[at] !== undefined) {
      this.#objects[at] = undefined;
      this.#objectCount--;
    }
    this.packed.forget(at);
    return record;
  }

  #headAt(at: number): RecordPeek {
    return this.#objects?.[at] ?? this.packed.headAt(at);
  }
}

/**
 * May be stored as bytes: no caller holds the object, it was never sent, it is not on disk, and it is short enough.
 *
 * @param beside size of its key and headers
 */
function canBePacked(record: PendingRecord, beside: number): boolean {
  const { isPinned, info, value, state, spoolPosition, hasBeenSent, partition, sentTime, text } = record;
  const isPlain =
    state !== 'in-flight' &&
    info === undefined &&
    value === undefined &&
    spoolPosition === undefined &&
    !hasBeenSent &&
    partition === undefined;
  return isPlain && !isPinned && sentTime === undefined && text.length <= MAX_LENGTH && beside <= MAX_LENGTH;
}
