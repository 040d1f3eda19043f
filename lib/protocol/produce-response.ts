import { ByteReader } from './byte-reader.ts';
import { FIRST_FLEXIBLE_PRODUCE } from './produce-request.ts';

// From these versions on there is more in the response.
const FIRST_LOG_START_OFFSET = 5;
const FIRST_RECORD_ERRORS = 8;

/** A record of a batch that the broker refuses. */
export interface RecordError {
  /** Its place in the batch, from 0. */
  readonly batchIndex: number;
  readonly message: string | null;
}

/** What a broker answers for one partition. */
export interface PartitionResponse {
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: string;
  readonly logAppendTime: string;
  readonly logStartOffset?: string;
  /** From version 8 on: which records are why the batch was refused. None where all are. */
  readonly recordErrors: readonly RecordError[];
  readonly errorMessage: string | null;
}

export interface ProduceResponse {
  readonly topics: readonly {
    readonly topicName: string;
    readonly partitions: readonly PartitionResponse[];
  }[];
  /** How long the broker asks the client to send nothing, because a quota was exceeded. */
  readonly throttleTimeMs: number;
}

/** A response that cannot be read. Nobody knows what became of the batch: by its name it is no fault of a record. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** @throws ProtocolError where the response is shorter than it says */
export function readProduceResponse(payload: Buffer, version: number): ProduceResponse {
  try {
    return read(payload, version);
  } catch {
    // Without the RangeError as its cause: that would count as a fault of the records (send-result.ts goes by the root cause).
    throw new ProtocolError(
      `the answer to Produce version ${version} cannot be read: it ends after ${payload.length} bytes`,
    );
  }
}

function read(payload: Buffer, version: number): ProduceResponse {
  const reader = new ByteReader(payload, version >= FIRST_FLEXIBLE_PRODUCE);
  // Of the response's header.
  reader.taggedFields();
  const topics = reader.array(() => {
    const topicName = reader.string() ?? '';
    const partitions = reader.array(() => readPartition(reader, version));
    reader.taggedFields();
    return { topicName, partitions };
  });
  return { topics, throttleTimeMs: reader.int32() };
}

function readPartition(reader: ByteReader, version: number): PartitionResponse {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const baseOffset = String(reader.int64());
  const logAppendTime = String(reader.int64());
  const start = version >= FIRST_LOG_START_OFFSET ? { logStartOffset: String(reader.int64()) } : {};
  const hasRecordErrors = version >= FIRST_RECORD_ERRORS;
  const recordErrors = hasRecordErrors ? reader.array(() => readRecordError(reader)) : [];
  const errorMessage = hasRecordErrors ? reader.string() : null;
  reader.taggedFields();
  return { partition, errorCode, baseOffset, logAppendTime, ...start, recordErrors, errorMessage };
}

function readRecordError(reader: ByteReader): RecordError {
  const batchIndex = reader.int32();
  const message = reader.string();
  reader.taggedFields();
  return { batchIndex, message };
}
