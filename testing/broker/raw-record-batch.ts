// For the specs of the Kafka stand-in: a record batch (magic 2), written by hand, right or with one thing wrong.
import { gzipSync } from 'node:zlib';

export type Bytes = readonly number[];

function ofSize(size: number, write: (buffer: Buffer) => void): Bytes {
  const buffer = Buffer.alloc(size);
  write(buffer);
  return [...buffer];
}

export const int16 = (value: number): Bytes => ofSize(2, (buffer) => buffer.writeInt16BE(value));
export const int32 = (value: number): Bytes => ofSize(4, (buffer) => buffer.writeInt32BE(value));
export const int64 = (value: number): Bytes => ofSize(8, (buffer) => buffer.writeBigInt64BE(BigInt(value)));
export const int64Of = (bytes: Buffer): number => Number(bytes.readBigInt64BE());
export const text = (value: string): Bytes => [...Buffer.from(value)];

export function uvarint(value: number): Bytes {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) + 0x80);
  return [...bytes, left];
}

const varint = (value: number): Bytes => uvarint(value < 0 ? -2 * value - 1 : 2 * value);

const varintBytes = (value: string | null): Bytes =>
  value === null ? varint(-1) : [...varint(Buffer.byteLength(value)), ...text(value)];

/** CRC-32C (Castagnoli), bit by bit. */
function crc32c(bytes: Bytes): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

export interface RawRecord {
  readonly value: string;
  readonly key?: string | null;
  readonly timestamp?: number;
  readonly offsetDelta?: number;
  /** Added to the length that the record says it has. */
  readonly lengthOff?: number;
}

export interface RawBatchOptions {
  readonly attributes?: number;
  /** Of the bytes of the records, by the codec in `attributes`. Default: gzip for codec 1, else none. */
  readonly compress?: (records: Buffer) => Buffer;
  readonly lastOffsetDelta?: number;
  readonly records?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  /** Added to the length that the batch says it has. */
  readonly lengthOff?: number;
  readonly crcOff?: number;
}

function encodeRecord(record: RawRecord, index: number, firstTimestamp: number): Bytes {
  const { value, key = null, timestamp = firstTimestamp, offsetDelta = index, lengthOff = 0 } = record;
  const body = [
    0, // attributes
    ...varint(timestamp - firstTimestamp),
    ...varint(offsetDelta),
    ...varintBytes(key),
    ...varintBytes(value),
    ...varint(0), // headers
  ];
  return [...varint(body.length + lengthOff), ...body];
}

export function recordBatch(records: readonly (string | RawRecord)[], options: RawBatchOptions = {}): Buffer {
  const { attributes = 0, lengthOff = 0, crcOff = 0 } = options;
  const items = records.map((record) => (typeof record === 'string' ? { value: record } : record));
  const first = items[0]?.timestamp ?? Date.now();
  const plain = Buffer.from(items.flatMap((record, index) => [...encodeRecord(record, index, first)]));
  const compress = options.compress ?? (attributes === 1 ? gzipSync : (bytes: Buffer): Buffer => bytes);
  const checked = [
    ...int16(attributes),
    ...int32(options.lastOffsetDelta ?? items.length - 1),
    ...int64(first),
    ...int64(Math.max(first, ...items.map(({ timestamp = first }) => timestamp))),
    ...int64(options.producerId ?? -1),
    ...int16(options.producerEpoch ?? -1),
    ...int32(options.baseSequence ?? -1),
    ...int32(options.records ?? items.length),
    ...compress(plain),
  ];
  const crc = ofSize(4, (buffer) => buffer.writeUInt32BE((crc32c(checked) + crcOff) % 2 ** 32));
  const rest = [...int32(-1), 2, ...crc, ...checked]; // leader epoch, magic
  return Buffer.from([...int64(0), ...int32(rest.length + lengthOff), ...rest]);
}
