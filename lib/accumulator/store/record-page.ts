import { PendingRecord, type RecordHeaders, type RecordKey } from '../../record/record.ts';

// What stands of a record among the numbers.
const TIME = 0;
const SEQ = 1;
const ACCEPTED_AT = 2;
const QUEUE_INDEX = 3;
const BYTES = 4;
const TEXT_END = 5;
/** Twice the number of its kind, and one more where its text is not ASCII. */
const KIND = 6;
const FIELDS = 7;
const FIELD_BYTES = Float64Array.BYTES_PER_ELEMENT;

// Found by going through all of them: more levels than this nobody has.
const MAX_KINDS = 16;

// Of a text in characters (a quarter of the largest page, or half of it where it is not ASCII), and of all that stands
// beside it in bytes: more is as well off as objects.
const MAX_LENGTH = 16_384;

/** What many records have in common. */
interface Kind {
  readonly topic: string;
  readonly level: string;
  readonly severity: number;
  readonly requestedPartition: number | undefined;
}

const UNKNOWN: Kind = { topic: '', level: '', severity: 0, requestedPartition: undefined };

/** What can be seen of the oldest record without making an object of it. */
export type Head = Pick<
  PendingRecord,
  'seq' | 'acceptedAt' | 'queueIndex' | 'hasBeenSent' | 'bytes' | 'key' | 'requestedPartition'
>;

/** Where some records stand: in one page, one behind the other. */
export interface Stretch {
  readonly page: RecordPage;
  readonly from: number;
  readonly to: number;
  /** Their size. */
  readonly bytes: number;
}

/**
 * Records that wait, not as objects: their texts and numbers stand in one piece of memory outside of V8's heap, the
 * texts from its beginning on, the numbers from its end.
 *
 * Objects that wait grow old. While records flow, V8 copies each of them twice before they are gone; and in an outage it lets
 * several times as much garbage of old ones lie as is alive: 180 MiB for 16 MiB of text (benchmarks/BOUNDS.md).
 */
export class RecordPage {
  readonly #texts: Buffer;
  readonly #numbers: Float64Array;
  readonly #onFree: (page: RecordPage) => void;
  readonly #kinds: Kind[] = [];
  /** What else a record has, by its place. */
  #keys: RecordKey[] | undefined;
  #headers: (RecordHeaders | undefined)[] | undefined;
  /** Those that stay objects, and how many of them wait. No Map: see `OldestFirstIndex.oldest` for what one that is used up costs. */
  #whole: (PendingRecord | undefined)[] | undefined;
  #wholes = 0;
  #put = 0;
  #taken = 0;
  #textEnd = 0;
  /** What stands beside the page, in bytes: it is bounded with it. */
  #beside = 0;
  /** The queue, and batches that refer to its memory. */
  #users = 1;

  /**
   * @param memory a multiple of 8 bytes, and nobody else's
   * @param onFree nobody uses it any more, and it may be used again
   */
  constructor(memory: ArrayBufferLike, onFree: (page: RecordPage) => void = () => undefined) {
    this.#texts = Buffer.from(memory);
    this.#numbers = new Float64Array(memory);
    this.#onFree = onFree;
  }

  /** How many bytes it takes. */
  get size(): number {
    return this.#texts.length;
  }

  /** How many records wait here. */
  get count(): number {
    return this.#put - this.#taken;
  }

  /** Whether none has a key or headers. */
  get isPlain(): boolean {
    return this.#keys === undefined && this.#headers === undefined;
  }

  get head(): Head | undefined {
    return this.count === 0 ? undefined : this.#headAt(this.#taken);
  }

  /** The same of the youngest record. */
  get last(): Head | undefined {
    return this.count === 0 ? undefined : this.#headAt(this.#put - 1);
  }

  /** Takes a record in. The object is not needed any more. @returns whether there was room */
  put(record: PendingRecord): boolean {
    const { text, key, headers } = record;
    const textSize = key === null && headers === undefined ? record.bytes : Buffer.byteLength(text);
    const beside = record.bytes - textSize;
    const kind = canBePacked(record, beside) ? this.#kindOf(record) : -1;
    const isAscii = textSize === text.length;
    // What is not ASCII as V8 has it, two bytes a character: UTF-8 would not give half a surrogate pair back.
    const textBytes = isAscii ? text.length : 2 * text.length;
    const begin = this.#textEnd;
    const at = this.#put;
    const fields = this.#numbers.length - (at + 1) * FIELDS;
    const room = fields * FIELD_BYTES - begin - this.#beside;
    if (room < (kind < 0 ? 0 : textBytes + beside)) return false;
    this.#put++;
    if (kind < 0) {
      this.#numbers[fields + TEXT_END] = begin;
      this.#whole ??= [];
      this.#whole[at] = record;
      this.#wholes++;
      return true;
    }
    this.#textEnd = begin + textBytes;
    this.#beside += beside;
    this.#numbers[fields + TIME] = record.time;
    this.#numbers[fields + SEQ] = record.seq;
    this.#numbers[fields + ACCEPTED_AT] = record.acceptedAt;
    this.#numbers[fields + QUEUE_INDEX] = record.queueIndex;
    this.#numbers[fields + BYTES] = record.bytes;
    this.#numbers[fields + TEXT_END] = this.#textEnd;
    this.#numbers[fields + KIND] = 2 * kind + (isAscii ? 0 : 1);
    this.#texts.write(text, begin, isAscii ? 'latin1' : 'utf16le');
    if (key !== null) {
      this.#keys ??= [];
      this.#keys[at] = key;
    }
    if (headers !== undefined) {
      this.#headers ??= [];
      this.#headers[at] = headers;
    }
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
    const at = --this.#put;
    this.#textEnd = this.#beginOf(at);
    return this.#takeOut(at);
  }

  /**
   * Takes the oldest records out, as they are, for a caller that has to release them. None where some have stayed objects.
   *
   * @param isFirst whether one is taken even if it has more bytes than that
   */
  take(most: number, bytes: number, isFirst: boolean): Stretch | undefined {
    if (this.#wholes > 0) return undefined;
    const from = this.#taken;
    const last = Math.min(this.#put, from + most);
    let to = from;
    let sum = 0;
    for (; to < last; to++) {
      const next = this.#number(to, BYTES);
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
    this.#kinds.length = 0;
    this.#keys = undefined;
    this.#headers = undefined;
    this.#whole = undefined;
    this.#wholes = 0;
    this.#put = 0;
    this.#taken = 0;
    this.#textEnd = 0;
    this.#beside = 0;
    this.#users = 1;
  }

  timeAt(at: number): number {
    return this.#number(at, TIME);
  }

  seqAt(at: number): number {
    return this.#number(at, SEQ);
  }

  keyAt(at: number): RecordKey {
    return this.#keys?.[at] ?? null;
  }

  headersAt(at: number): RecordHeaders | undefined {
    return this.#headers?.[at];
  }

  isAsciiAt(at: number): boolean {
    return this.#number(at, KIND) % 2 === 0;
  }

  /** Where the text of a record stands. Its bytes are the same in UTF-8 only where it is ASCII. */
  bytesAt(at: number): { readonly source: Buffer; readonly from: number; readonly to: number } {
    return { source: this.#texts, from: this.#beginOf(at), to: this.#number(at, TEXT_END) };
  }

  textAt(at: number): string {
    const encoding = this.isAsciiAt(at) ? 'latin1' : 'utf16le';
    return this.#texts.toString(encoding, this.#beginOf(at), this.#number(at, TEXT_END));
  }

  unpackedAt(at: number): PendingRecord {
    const whole = this.#whole?.[at];
    if (whole !== undefined) return whole;
    const { topic, level, severity, requestedPartition } = this.#kindAt(at);
    const record = new PendingRecord(
      {
        topic,
        level,
        severity,
        time: this.timeAt(at),
        text: this.textAt(at),
        key: this.keyAt(at),
        headers: this.headersAt(at),
        requestedPartition,
      },
      this.#number(at, BYTES),
    );
    record.seq = this.seqAt(at);
    record.acceptedAt = this.#number(at, ACCEPTED_AT);
    record.queueIndex = this.#number(at, QUEUE_INDEX);
    return record;
  }

  /** A copy of what stands here of some records, but for their keys and headers. */
  copyOf(from: number, to: number): ArrayBuffer {
    const begin = this.#beginOf(from);
    const end = this.#number(to - 1, TEXT_END);
    const textBytes = Math.ceil((end - begin) / FIELD_BYTES) * FIELD_BYTES;
    const memory = new ArrayBuffer(textBytes + (to - from) * FIELDS * FIELD_BYTES);
    new Uint8Array(memory).set(this.#texts.subarray(begin, end));
    const numbers = new Float64Array(memory, textBytes);
    const { length } = this.#numbers;
    numbers.set(this.#numbers.subarray(length - to * FIELDS, length - from * FIELDS));
    for (let at = TEXT_END; at < numbers.length; at += FIELDS) numbers[at] = (numbers[at] as number) - begin;
    return memory;
  }

  /** What `copyOf` has made, as a page. */
  static filled(
    memory: ArrayBuffer,
    count: number,
    { keys, headers }: { keys: RecordKey[]; headers: RecordHeaders[] },
  ): RecordPage {
    const page = new RecordPage(memory);
    page.#put = count;
    page.#keys = keys;
    page.#headers = headers;
    return page;
  }

  /** As an object. Nothing of it is held on to here. */
  #takeOut(at: number): PendingRecord {
    const record = this.unpackedAt(at);
    if (this.#whole?.[at] !== undefined) {
      this.#whole[at] = undefined;
      this.#wholes--;
    }
    if (this.#keys !== undefined) this.#keys[at] = null;
    if (this.#headers !== undefined) this.#headers[at] = undefined;
    return record;
  }

  #headAt(at: number): Head {
    return (
      this.#whole?.[at] ?? {
        seq: this.#number(at, SEQ),
        acceptedAt: this.#number(at, ACCEPTED_AT),
        queueIndex: this.#number(at, QUEUE_INDEX),
        hasBeenSent: false,
        bytes: this.#number(at, BYTES),
        key: this.keyAt(at),
        requestedPartition: this.#kindAt(at).requestedPartition,
      }
    );
  }

  #number(at: number, field: number): number {
    return this.#numbers[this.#numbers.length - (at + 1) * FIELDS + field] as number;
  }

  #kindAt(at: number): Kind {
    return this.#kinds[this.#number(at, KIND) >> 1] ?? UNKNOWN;
  }

  #beginOf(at: number): number {
    return at === 0 ? 0 : this.#number(at - 1, TEXT_END);
  }

  /** @returns less than 0 if there are too many */
  #kindOf({ topic, level, severity, requestedPartition }: PendingRecord): number {
    const found = this.#kinds.findIndex(
      (kind) =>
        kind.level === level &&
        kind.severity === severity &&
        kind.topic === topic &&
        kind.requestedPartition === requestedPartition,
    );
    if (found >= 0 || this.#kinds.length === MAX_KINDS) return found;
    return this.#kinds.push({ topic, level, severity, requestedPartition }) - 1;
  }
}

/**
 * May be stored as bytes: no caller holds the object, it was never sent, it is not on disk, and it is short enough.
 *
 * @param beside size of its key and headers
 */
function canBePacked(record: PendingRecord, beside: number): boolean {
  const { isPinned, info, value, spoolPosition, hasBeenSent, partition, sentTime, text } = record;
  const isPlain =
    info === undefined &&
    value === undefined &&
    spoolPosition === undefined &&
    !hasBeenSent &&
    partition === undefined;
  return isPlain && !isPinned && sentTime === undefined && text.length <= MAX_LENGTH && beside <= MAX_LENGTH;
}
