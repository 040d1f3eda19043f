// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Record batches v2: the fixed header for the hot path, the records only for whoever reads them.
import zlib from 'node:zlib';
import { ERROR } from './apis.ts';
import { errorOfRecords } from './record-check.ts';
import { crc32C, Decoder, decodeRecord } from './wire.ts';

const LOG_OVERHEAD = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const RECORDS_AT = 61;
const CODEC_MASK = 0x07;
const MAGIC = 2;
const CONTROL_FLAG = 0x20;

type Decompress = (bytes: Buffer) => Buffer;

// By the numbers that Kafka gives them: none, gzip, snappy, lz4, zstd. What Node cannot read is refused.
const CODECS: readonly (Decompress | undefined)[] = [
  (bytes) => bytes,
  zlib.gunzipSync,
  undefined,
  undefined,
  // Since Node 22.15.
  (zlib as { zstdDecompressSync?: Decompress }).zstdDecompressSync,
];

export interface BatchHeader {
  readonly records: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

export interface StoredBatch {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
  readonly records: number;
  readonly bytes: Buffer;
  readonly appendedAt: number;
  /** The version of the Produce request that carried it. */
  readonly produceVersion: number;
}

export interface StoredRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer;
  /** A header that was sent with several values holds an array at run time, as kafkajs decodes it. */
  readonly headers: Record<string, Buffer>;
  /** The record's own timestamp (CreateTime), in ms. */
  readonly timestamp: number;
  /** When the stand-in stored it, as Date.now(). */
  readonly appendedAt: number;
}

/** The header of the one batch that a Produce request may carry per partition, or the code it is refused with. */
export function readHeader(bytes: Buffer): BatchHeader | number {
  if (bytes.length < RECORDS_AT || bytes.length !== LOG_OVERHEAD + bytes.readInt32BE(8)) {
    return ERROR.CORRUPT_MESSAGE;
  }
  if (bytes.readInt8(MAGIC_AT) !== MAGIC) return ERROR.INVALID_RECORD;
  if (bytes.readUInt32BE(CRC_AT) !== crc32C(bytes.subarray(ATTRIBUTES_AT))) return ERROR.CORRUPT_MESSAGE;
  const records = bytes.readInt32BE(57);
  const lastOffsetDelta = bytes.readInt32BE(23);
  if (records < 1 || lastOffsetDelta !== records - 1) return ERROR.INVALID_RECORD;
  if ((bytes.readInt16BE(ATTRIBUTES_AT) & CONTROL_FLAG) !== 0) return ERROR.INVALID_RECORD;
  const producerId = bytes.readBigInt64BE(43);
  const producerEpoch = bytes.readInt16BE(51);
  const baseSequence = bytes.readInt32BE(53);
  if (producerId >= 0n && (producerEpoch < 0 || baseSequence < 0)) return ERROR.INVALID_RECORD;
  return { records, producerId, producerEpoch, baseSequence };
}

/** The code that a batch with a good header is refused with for its records; 0 otherwise. */
export function errorOfBody(bytes: Buffer, records: number): number {
  const decompress = codecOf(bytes);
  if (decompress === undefined) return ERROR.UNSUPPORTED_COMPRESSION_TYPE;
  let body: Buffer;
  try {
    body = decompress(bytes.subarray(RECORDS_AT));
  } catch {
    return ERROR.INVALID_RECORD;
  }
  return errorOfRecords(body, records);
}

/** The base offset is outside the checksum, so the broker may write it into the bytes that the client sent. */
export function writeBaseOffset(bytes: Buffer, offset: number): void {
  bytes.writeBigInt64BE(BigInt(offset), 0);
}

const codecOf = (bytes: Buffer): Decompress | undefined =>
  CODECS[bytes.readInt16BE(ATTRIBUTES_AT) & CODEC_MASK];

/** Of a batch that errorOfBody() has nothing against. */
export function decodeBatch(batch: Omit<StoredBatch, 'topic' | 'produceVersion'>): StoredRecord[] {
  const { bytes, partition, appendedAt } = batch;
  const context = {
    firstOffset: String(batch.baseOffset),
    firstTimestamp: bytes.readBigInt64BE(27).toString(),
    maxTimestamp: bytes.readBigInt64BE(35).toString(),
    magicByte: MAGIC,
  };
  const body = codecOf(bytes)?.(bytes.subarray(RECORDS_AT));
  const decoder = new Decoder(body ?? Buffer.alloc(0));
  const records: StoredRecord[] = [];
  for (let i = 0; i < batch.records; i += 1) {
    const { offset, timestamp, key, value, headers } = decodeRecord(
      new Decoder(decoder.readVarIntBytes() ?? Buffer.alloc(0)),
      context,
    );
    records.push({
      partition,
      offset: Number(offset),
      key,
      value: value ?? Buffer.alloc(0),
      headers,
      timestamp: Number(timestamp),
      appendedAt,
    });
  }
  return records;
}
