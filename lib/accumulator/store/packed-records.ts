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

/** What many records have in common. */
interface Kind {
  readonly topic: string;
  readonly level: string;
  readonly severity: number;
  readonly requestedPartition: number | undefined;
}

const UNKNOWN: Kind = { topic: '', level: '', severity: 0, requestedPartition: undefined };

/** What can be seen of a record without making an object of it. */
export type RecordPeek = Pick<
  PendingRecord,
  'seq' | 'acceptedAt' | 'queueIndex' | 'hasBeenSent' | 'bytes' | 'key'
>;

/**
 * Records that wait, not as objects: their texts and numbers stand in one piece of memory outside of V8's heap, the
 * texts from its beginning on, the numbers from its end.
 *
 * Objects that wait grow old. While records flow, V8 copies each of them twice before they are gone; and in an outage it lets
 * several times as much garbage of old ones lie as is alive: 180 MiB for 16 MiB of text (benchmarks/BOUNDS.md).
 */
export class PackedRecords {
  readonly #texts: Buffer;
  readonly #numbers: Float64Array;
  readonly #kinds: Kind[] = [];
  /** What else a record has, by its place. */
  #keys: RecordKey[] | undefined;
  #headers: (RecordHeaders | undefined)[] | undefined;

  /** @param memory a multiple of 8 bytes, and nobody else's */
  constructor(memory: ArrayBufferLike, keys?: RecordKey[], headers?: RecordHeaders[]) {
    this.#texts = Buffer.from(memory);
    this.#numbers = new Float64Array(memory);
    this.#keys = keys;
    this.#headers = headers;
  }

  /** How many bytes it takes. */
  get size(): number {
    return this.#texts.length;
  }

  /** Whether none has a key or headers. */
  get isPlain(): boolean {
    return this.#keys === undefined && this.#headers === undefined;
  }

  /** How many bytes there are for the text of a record at this place. */
  roomAt(at: number): number {
    return (this.#numbers.length - (at + 1) * FIELDS) * FIELD_BYTES - this.beginOf(at);
  }

  /** Puts a record behind the last one. There is room for it. */
  write(at: number, record: PendingRecord, kind: number, isAscii: boolean): void {
    const { text, key, headers } = record;
    const fields = this.#numbers.length - (at + 1) * FIELDS;
    const begin = this.beginOf(at);
    this.#numbers[fields + TIME] = record.time;
    this.#numbers[fields + SEQ] = record.seq;
    this.#numbers[fields + ACCEPTED_AT] = record.acceptedAt;
    this.#numbers[fields + QUEUE_INDEX] = record.queueIndex;
    this.#numbers[fields + BYTES] = record.bytes;
    this.#numbers[fields + TEXT_END] = begin + textBytes(text, isAscii);
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
  }

  /** Leaves this place behind the last one without a text. */
  skip(at: number): void {
    this.#numbers[this.#numbers.length - (at + 1) * FIELDS + TEXT_END] = this.beginOf(at);
  }

  /** Holds on to nothing of a record that is not in the memory itself. */
  forget(at: number): void {
    if (this.#keys !== undefined) this.#keys[at] = null;
    if (this.#headers !== undefined) this.#headers[at] = undefined;
  }

  /** The same of all of them. */
  clear(): void {
    this.#kinds.length = 0;
    this.#keys = undefined;
    this.#headers = undefined;
  }

  headAt(at: number): RecordPeek {
    return {
      seq: this.#number(at, SEQ),
      acceptedAt: this.#number(at, ACCEPTED_AT),
      queueIndex: this.#number(at, QUEUE_INDEX),
      hasBeenSent: false,
      bytes: this.sizeAt(at),
      key: this.keyAt(at),
    };
  }

  /** The size of a record, as it is counted. */
  sizeAt(at: number): number {
    return this.#number(at, BYTES);
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
    return { source: this.#texts, from: this.beginOf(at), to: this.#number(at, TEXT_END) };
  }

  textAt(at: number): string {
    const encoding = this.isAsciiAt(at) ? 'latin1' : 'utf16le';
    return this.#texts.toString(encoding, this.beginOf(at), this.#number(at, TEXT_END));
  }

  /** A copy, as an object. */
  unpackedAt(at: number): PendingRecord {
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
      this.sizeAt(at),
    );
    record.seq = this.seqAt(at);
    record.acceptedAt = this.#number(at, ACCEPTED_AT);
    record.queueIndex = this.#number(at, QUEUE_INDEX);
    return record;
  }

  /** A copy of what stands here of some records, but for their keys and headers. */
  copyOf(from: number, to: number): ArrayBuffer {
    const begin = this.beginOf(from);
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

  /** The number of its kind, less than 0 if there are too many. */
  kindOf({ topic, level, severity, requestedPartition }: PendingRecord): number {
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

  #number(at: number, field: number): number {
    return this.#numbers[this.#numbers.length - (at + 1) * FIELDS + field] as number;
  }

  #kindAt(at: number): Kind {
    return this.#kinds[this.#number(at, KIND) >> 1] ?? UNKNOWN;
  }

  /** Where its text begins. */
  beginOf(at: number): number {
    return at === 0 ? 0 : this.#number(at - 1, TEXT_END);
  }
}

/** What a text takes. What is not ASCII as V8 has it, two bytes a character: UTF-8 would not give half a surrogate pair back. */
export function textBytes(text: string, isAscii: boolean): number {
  return isAscii ? text.length : 2 * text.length;
}
