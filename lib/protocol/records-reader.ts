import { ByteReader } from './byte-reader.ts';
import { type EncodedRecords, RECORD_BATCH_HEADER_BYTES } from './records-encoder.ts';

/** A record as it stands in a batch. */
export interface ReadRecord {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
}

/** Reads records that were encoded, the first ones or all of them. */
export function readRecords(
  { bytes, count, baseTimestamp }: EncodedRecords,
  most: number = count,
): ReadRecord[] {
  const reader = new ByteReader(bytes.subarray(RECORD_BATCH_HEADER_BYTES));
  return Array.from({ length: Math.min(most, count) }, () => readRecord(reader, baseTimestamp));
}

function readRecord(reader: ByteReader, baseTimestamp: number): ReadRecord {
  // Its length, and its attributes.
  reader.varint();
  reader.skip(1);
  const timestamp = baseTimestamp + reader.varint();
  // Its place in the batch.
  reader.varint();
  const key = reader.bytes(reader.varint());
  const value = reader.bytes(reader.varint());
  const headers = Array.from({ length: reader.varint() }, () => {
    const name = reader.bytes(reader.varint())?.toString() ?? '';
    return [name, reader.bytes(reader.varint())] as const;
  });
  return { timestamp, key, value, headers };
}
