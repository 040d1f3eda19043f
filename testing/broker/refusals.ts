// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// What a topic's settings forbid, record by record.
import { ERROR } from './apis.ts';
import { decodeBatch, type StoredRecord } from './record-batch.ts';

/** An error code (0 or nothing: the record is taken), or one with the message for the record. */
export type RecordRefusal = number | { readonly error: number; readonly message: string | null } | undefined;

/** What a topic refuses; the first three as Kafka's topic settings of these names have it. */
export interface TopicSettings {
  /** `message.timestamp.before.max.ms`: INVALID_TIMESTAMP for a batch with an older record. */
  readonly timestampBeforeMaxMs?: number;
  /** `message.timestamp.after.max.ms`: the same for one further ahead of the broker's clock. */
  readonly timestampAfterMaxMs?: number;
  /** `cleanup.policy=compact`: INVALID_RECORD for a batch with a record without key. */
  readonly isCompacted?: boolean;
  /** `min.insync.replicas`: NOT_ENOUGH_REPLICAS where fewer are in sync. Default 1. */
  readonly minInSyncReplicas?: number;
  /** The ids of the replicas of each partition, and of those in sync, as Metadata tells them. Default: the leader. */
  readonly replicas?: readonly number[];
  readonly inSyncReplicas?: readonly number[];
  /** `message.timestamp.type=LogAppendTime`: the broker's time, as it answers. The records keep their own. */
  readonly logAppendTime?: number;
  /** Asked for each record of each batch; the `offset` is the record's index in the batch. */
  readonly refuses?: (record: StoredRecord) => RecordRefusal;
}

export interface RecordError {
  readonly index: number;
  readonly message: string | null;
}

/** A batch that is refused, and from Produce 8 on why. */
export interface Refusal {
  readonly errorCode: number;
  readonly baseOffset: -1;
  readonly recordErrors: readonly RecordError[];
  readonly message: string | null;
}

/** Without a word on single records, and without a message: as Kafka refuses a batch as a whole. */
export const refused = (errorCode: number): Refusal => ({
  errorCode,
  baseOffset: -1,
  recordErrors: [],
  message: null,
});

/** Kafka 4 asks for no more replicas than a partition has (Partition.scala, `effectiveMinIsr`). */
export function lacksReplicas({
  minInSyncReplicas = 1,
  replicas = [0],
  inSyncReplicas = replicas,
}: TopicSettings): boolean {
  return inSyncReplicas.length < Math.min(minInSyncReplicas, replicas.length);
}

interface Limits {
  readonly partition: string;
  readonly earliest: number;
  readonly latest: number;
}

function refusalOfRecord(record: StoredRecord, settings: TopicSettings, limits: Limits): RecordRefusal {
  const { key, timestamp } = record;
  const { partition, earliest, latest } = limits;
  if (settings.isCompacted && key === null) {
    const message = `Compacted topic cannot accept message without key in topic partition ${partition}`;
    return { error: ERROR.INVALID_RECORD, message };
  }
  if (timestamp < earliest || timestamp > latest) {
    const range = `The timestamp should be within [${earliest}, ${latest}]`;
    const message = `Timestamp ${timestamp} of message with offset ${record.offset} is out of range. ${range}`;
    return { error: ERROR.INVALID_TIMESTAMP, message };
  }
  return settings.refuses?.(record);
}

/** Kafka's LogValidator names every refused record, and lets a wrong time decide the error code of the batch. */
export function refusalOf(
  settings: TopicSettings,
  topic: string,
  partition: number,
  batch: { readonly bytes: Buffer; readonly records: number },
): Refusal | null {
  const { timestampBeforeMaxMs: before, timestampAfterMaxMs: after, isCompacted, refuses } = settings;
  if (before === undefined && after === undefined && !isCompacted && refuses === undefined) return null;
  const now = Date.now();
  const limits = {
    partition: `${topic}-${partition}`,
    earliest: before === undefined ? 0 : now - before,
    latest: after === undefined ? Number.MAX_SAFE_INTEGER : now + after,
  };
  const codes: number[] = [];
  const recordErrors: RecordError[] = [];
  for (const record of decodeBatch({ ...batch, partition, baseOffset: 0, appendedAt: now })) {
    const refusal = refusalOfRecord(record, settings, limits) ?? ERROR.NONE;
    const index = record.offset;
    const { error, message } =
      typeof refusal === 'number'
        ? { error: refusal, message: `Record ${index} was refused by the stand-in` }
        : refusal;
    if (error === ERROR.NONE) continue;
    codes.push(error);
    recordErrors.push({ index, message });
  }
  const [first] = codes;
  if (first === undefined) return null;
  const isTime = codes.includes(ERROR.INVALID_TIMESTAMP);
  const why = isTime ? 'invalid timestamp' : `${codes.length} record errors in total`;
  return {
    errorCode: isTime ? ERROR.INVALID_TIMESTAMP : first,
    baseOffset: -1,
    recordErrors,
    message: `One or more records have been rejected due to ${why}`,
  };
}
