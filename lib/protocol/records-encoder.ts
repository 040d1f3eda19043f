import { sizeOfVarint, writeVarint } from './varint.ts';

/** Headers of a record, by name. */
export type HeaderValues = Readonly<Record<string, string | Buffer>>;

/** Records in Kafka's format v2, as they stand in a record batch behind its header. */
export interface EncodedRecords {
  /** The encoded records; before them `RECORD_BATCH_HEADER_BYTES` that are free for the header of the batch. */
  readonly bytes: Buffer;
  readonly count: number;
  /** Epoch milliseconds of the first record: those of the others are written as differences to it. */
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
}

/** Size of a record batch without its records (https://kafka.apache.org/documentation/#recordbatch). */
export const RECORD_BATCH_HEADER_BYTES: number = 61;

// Length of the record, attributes, timestamp delta, offset delta, length of the key, length of the value, number of headers:
// the most bytes that these take.
const MAX_FIELD_BYTES = 5 + 1 + 10 + 5 + 5 + 5 + 5;
const NO_VALUE = -1;

/** Writes records one behind the other. */
export class RecordsEncoder {
  #bytes: Buffer;
  #end = RECORD_BATCH_HEADER_BYTES;
  #count = 0;
  #baseTimestamp = 0;
  #maxTimestamp = Number.NEGATIVE_INFINITY;

  /** @param bytes size of all values, keys and headers: where they are more, memory is copied once */
  constructor(count: number, bytes: number) {
    this.#bytes = Buffer.allocUnsafe(RECORD_BATCH_HEADER_BYTES + bytes + count * MAX_FIELD_BYTES);
  }

  /** @param timestamp epoch milliseconds */
  addText(
    timestamp: number,
    key: string | Buffer | null,
    text: string,
    headers: HeaderValues | undefined,
  ): void {
    const length = Buffer.byteLength(text);
    this.#begin(timestamp, key, length, headers);
    this.#end += this.#bytes.write(text, this.#end);
    this.#writeHeaders(headers);
  }

  /** The same of a value that may be bytes. */
  addValue(
    timestamp: number,
    key: string | Buffer | null,
    value: string | Buffer,
    headers: HeaderValues | undefined,
  ): void {
    if (typeof value === 'string') this.addText(timestamp, key, value, headers);
    else this.addBytes(timestamp, key, { source: value, from: 0, to: value.length }, headers);
  }

  /** The same of a value that stands in memory as UTF-8. */
  addBytes(
    timestamp: number,
    key: string | Buffer | null,
    { source, from, to }: { source: Buffer; from: number; to: number },
    headers: HeaderValues | undefined,
  ): void {
    this.#begin(timestamp, key, to - from, headers);
    this.#end += source.copy(this.#bytes, this.#end, from, to);
    this.#writeHeaders(headers);
  }

  /** All records that were added. */
  finish(): EncodedRecords {
    return {
      bytes: this.#bytes.subarray(0, this.#end),
      count: this.#count,
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: this.#maxTimestamp,
    };
  }

  /** Writes what stands before the value. */
  #begin(
    timestamp: number,
    key: string | Buffer | null,
    length: number,
    headers: HeaderValues | undefined,
  ): void {
    if (this.#count === 0) this.#baseTimestamp = timestamp;
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    const delta = timestamp - this.#baseTimestamp;
    const keyLength = key === null ? NO_VALUE : Buffer.byteLength(key);
    const keyBytes = Math.max(0, keyLength);
    const headersSize = headers === undefined ? 1 : sizeOfHeaders(headers);
    const size =
      1 +
      sizeOfVarint(delta) +
      sizeOfVarint(this.#count) +
      sizeOfVarint(keyLength) +
      keyBytes +
      sizeOfVarint(length) +
      length +
      headersSize;
    this.#reserve(MAX_FIELD_BYTES + size);
    const bytes = this.#bytes;
    let end = writeVarint(bytes, this.#end, size);
    // Attributes: none are defined.
    bytes[end++] = 0;
    end = writeVarint(bytes, end, delta);
    end = writeVarint(bytes, end, this.#count);
    end = writeVarint(bytes, end, keyLength);
    if (typeof key === 'string') end += bytes.write(key, end);
    else if (key !== null) end += key.copy(bytes, end);
    this.#end = writeVarint(bytes, end, length);
    this.#count++;
  }

  #writeHeaders(headers: HeaderValues | undefined): void {
    const bytes = this.#bytes;
    if (headers === undefined) {
      bytes[this.#end++] = 0;
      return;
    }
    const names = Object.keys(headers);
    let end = writeVarint(bytes, this.#end, names.length);
    for (const name of names) {
      const value = headers[name] ?? '';
      end = writeVarint(bytes, end, Buffer.byteLength(name));
      end += bytes.write(name, end);
      end = writeVarint(bytes, end, Buffer.byteLength(value));
      end += typeof value === 'string' ? bytes.write(value, end) : value.copy(bytes, end);
    }
    this.#end = end;
  }

  #reserve(size: number): void {
    if (this.#end + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * this.#bytes.length + size);
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

function sizeOfHeaders(headers: HeaderValues): number {
  const names = Object.keys(headers);
  let size = sizeOfVarint(names.length);
  for (const name of names) {
    const nameSize = Buffer.byteLength(name);
    const valueSize = Buffer.byteLength(headers[name] ?? '');
    size += sizeOfVarint(nameSize) + nameSize + sizeOfVarint(valueSize) + valueSize;
  }
  return size;
}
