import { crc32cOf } from './crc32c.ts';
import { type EncodedRecords, RECORD_BATCH_HEADER_BYTES } from './records-encoder.ts';

/** Who produces a batch. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** The sequence number of the batch's first record. */
  readonly firstSequence: number;
}

/** A producer that is not idempotent. */
export const NO_PRODUCER: ProducerIdentity = { producerId: -1n, producerEpoch: -1, firstSequence: -1 };

/** Where each field of a record batch stands (https://kafka.apache.org/documentation/#recordbatch). */
const AT = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const;

const MAGIC = 2;
const NO_LEADER_EPOCH = -1;
/** The lowest bits of the attributes. */
const CODEC_MASK = 0x07;

/**
 * A whole record batch of format v2.
 *
 * @param compression Kafka's number of the codec: 0 for none
 * @param compressed what the codec has made of the records, where there is one
 * @throws TypeError where it has made no bytes
 */
export function recordBatchOf(
  records: EncodedRecords,
  producer: ProducerIdentity,
  compression: number = 0,
  compressed?: Buffer,
): Buffer {
  const batch =
    compression === 0
      ? records.bytes
      : Buffer.concat([Buffer.alloc(RECORD_BATCH_HEADER_BYTES), compressed as Buffer]);
  batch.writeBigInt64BE(0n, AT.baseOffset);
  batch.writeInt32BE(batch.length - AT.partitionLeaderEpoch, AT.batchLength);
  batch.writeInt32BE(NO_LEADER_EPOCH, AT.partitionLeaderEpoch);
  batch.writeInt8(MAGIC, AT.magic);
  batch.writeInt16BE(compression & CODEC_MASK, AT.attributes);
  batch.writeInt32BE(records.count - 1, AT.lastOffsetDelta);
  batch.writeBigInt64BE(BigInt(records.baseTimestamp), AT.baseTimestamp);
  batch.writeBigInt64BE(BigInt(records.maxTimestamp), AT.maxTimestamp);
  batch.writeBigInt64BE(producer.producerId, AT.producerId);
  batch.writeInt16BE(producer.producerEpoch, AT.producerEpoch);
  batch.writeInt32BE(producer.firstSequence, AT.baseSequence);
  batch.writeInt32BE(records.count, AT.recordCount);
  batch.writeUInt32BE(crc32cOf(batch.subarray(AT.attributes)), AT.crc);
  return batch;
}
