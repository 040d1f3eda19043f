import { PendingRecord, type RecordHeaders, type RecordKey } from '../record.ts';

// One number each: time, seq, acceptedAt, bytes, where the text ends, and its kind with how it is written.
const FIELDS = 6;
const FIELD_BYTES = Float64Array.BYTES_PER_ELEMENT;

// Found by going through all of them: more levels than this nobody has.
const MOST_KINDS = 16;

/** What many records have in common. */
interface Kind {
  readonly topic: string;
  readonly level: string;
  readonly severity: number;
}

/**
 * Records that wait, first in, first out, not as objects: their texts and numbers stand in one piece of memory outside
 * of V8's heap, the texts from its beginning on, the numbers from its end.
 *
 * Objects that wait for long grow old, and V8 lets several times as much garbage of old ones lie as is alive: 180 MiB
 * in an outage, for 16 MiB of text (benchmarks/BOUNDS.md).
 */
export class RecordPage {
  /** How many bytes it takes. */
  readonly size: number;
  readonly #texts: Buffer;
  readonly #numbers: Float64Array;
  readonly #kinds: Kind[] = [];
  /** What else a record has, by its place. */
  readonly #keys = new Map<number, RecordKey>();
  readonly #headers = new Map<number, RecordHeaders>();
  /** Those that stay objects. */
  readonly #whole = new Map<number, PendingRecord>();
  #put = 0;
  #taken = 0;
  #textEnd = 0;

  constructor(size: number) {
    this.size = size;
    // Not out of Node's pool: it has to begin where a number may stand.
    this.#texts = Buffer.allocUnsafeSlow(size);
    this.#numbers = new Float64Array(this.#texts.buffer);
  }

  /** How many records wait here. */
  get count(): number {
    return this.#put - this.#taken;
  }

  /** Takes a record in. The object is not needed any more. @returns whether there was room */
  put(record: PendingRecord): boolean {
    const { text, key, headers } = record;
    const kind = canBePacked(record, this.size) ? this.#kindOf(record) : -1;
    const isAscii = isAsciiIn(record);
    const begin = this.#textEnd;
    // What is not ASCII as V8 has it, two bytes a character: UTF-8 would not give half a surrogate pair back.
    const textBytes = kind < 0 ? 0 : isAscii ? text.length : 2 * text.length;
    const fields = this.#fieldsOf(this.#put);
    if (begin + textBytes > fields * FIELD_BYTES) return false;
    const at = this.#put++;
    this.#textEnd = begin + textBytes;
    this.#numbers[fields + 4] = this.#textEnd;
    if (kind < 0) {
      this.#whole.set(at, record);
      return true;
    }
    this.#numbers[fields] = record.time;
    this.#numbers[fields + 1] = record.seq;
    this.#numbers[fields + 2] = record.acceptedAt;
    this.#numbers[fields + 3] = record.bytes;
    this.#numbers[fields + 5] = 2 * kind + (isAscii ? 0 : 1);
    this.#texts.write(text, begin, isAscii ? 'latin1' : 'utf16le');
    if (key !== null) this.#keys.set(at, key);
    if (headers !== undefined) this.#headers.set(at, headers);
    return true;
  }

  /** Takes the oldest record out. */
  shift(): PendingRecord | undefined {
    if (this.#taken === this.#put) return undefined;
    const at = this.#taken++;
    return this.#whole.get(at) ?? this.#unpacked(at);
  }

  /** Makes it as good as new. */
  clear(): void {
    this.#kinds.length = 0;
    this.#keys.clear();
    this.#headers.clear();
    this.#whole.clear();
    this.#put = 0;
    this.#taken = 0;
    this.#textEnd = 0;
  }

  #unpacked(at: number): PendingRecord {
    const fields = this.#fieldsOf(at);
    const number = (field: number): number => this.#numbers[fields + field] as number;
    const begin = at === 0 ? 0 : (this.#numbers[this.#fieldsOf(at - 1) + 4] as number);
    const { topic, level, severity } = this.#kinds[number(5) >> 1] as Kind;
    const text = this.#texts.toString(number(5) % 2 === 0 ? 'latin1' : 'utf16le', begin, number(4));
    const record = new PendingRecord(
      topic,
      level,
      severity,
      number(0),
      text,
      this.#keys.get(at) ?? null,
      this.#headers.get(at),
      undefined,
      number(3),
    );
    record.seq = number(1);
    record.acceptedAt = number(2);
    return record;
  }

  /** Where a record's numbers begin. */
  #fieldsOf(at: number): number {
    return this.#numbers.length - (at + 1) * FIELDS;
  }

  /** @returns less than 0 if there are too many */
  #kindOf({ topic, level, severity }: PendingRecord): number {
    const found = this.#kinds.findIndex(
      (kind) => kind.level === level && kind.severity === severity && kind.topic === topic,
    );
    if (found >= 0 || this.#kinds.length === MOST_KINDS) return found;
    return this.#kinds.push({ topic, level, severity }) - 1;
  }
}

/** Not one that somebody else holds on to, that has been sent or stands on disk, or whose text would fill a page. */
function canBePacked({ info, place, isBack, partition, text }: PendingRecord, size: number): boolean {
  const isKnownElsewhere = info !== undefined || place !== undefined || isBack || partition !== undefined;
  return !isKnownElsewhere && text.length <= size / 4;
}

function isAsciiIn({ text, key, headers, bytes }: PendingRecord): boolean {
  const textBytes = key === null && headers === undefined ? bytes : Buffer.byteLength(text);
  return textBytes === text.length;
}
