import { isPartition } from '../../record/partition.ts';
import { PendingRecord, type RecordHeaders, type RecordKey } from '../../record/record.ts';
import { recordTime } from '../../time/record-time.ts';

/** A Buffer, as JSON has it here. */
type Base64 = [string];
type Stored = string | Base64;

/** A record as it stands on disk: JSON, in the order of the fields of FORMAT.md. */
export function payloadOf(record: PendingRecord): Buffer {
  const { seq, time, severity, level, topic, key, headers, text, value, requestedPartition } = record;
  const pairs = headers && Object.entries(headers).map(([name, value]) => [name, storedOf(value)]);
  const fields = [
    seq,
    time,
    severity,
    level,
    topic,
    key === null ? null : storedOf(key),
    pairs ?? null,
    text,
    ...(requestedPartition === undefined && value === undefined ? [] : [requestedPartition ?? null]),
    ...(value === undefined ? [] : [storedOf(value)]),
  ];
  return Buffer.from(JSON.stringify(fields));
}

/** @throws for a payload that is no record */
export function recordOf(payload: Buffer): PendingRecord {
  const fields = JSON.parse(payload.toString()) as [
    number,
    unknown,
    number,
    string,
    string,
    Stored | null,
    [string, Stored][] | null,
    string,
    (number | null)?,
    Stored?,
  ];
  const [seq, time, severity, level, topic, key, pairs, text, requestedPartition, value] = fields;
  if (typeof topic !== 'string' || typeof text !== 'string') throw new TypeError('not a record');
  let headers: RecordHeaders | undefined;
  if (pairs !== null) {
    headers = Object.create(null) as RecordHeaders;
    for (const [name, value] of pairs) headers[name] = restored(value);
  }
  const recordKey: RecordKey = key === null ? null : restored(key);
  const record = new PendingRecord({
    topic,
    level,
    severity,
    time: recordTime(time),
    text,
    key: recordKey,
    headers,
    ...(value !== undefined && { value: restored(value) }),
    ...(isPartition(requestedPartition) && { requestedPartition }),
  });
  record.seq = seq;
  return record;
}

function storedOf(value: string | Buffer): Stored {
  return typeof value === 'string' ? value : [value.toString('base64')];
}

function restored(stored: Stored): string | Buffer {
  return typeof stored === 'string' ? stored : Buffer.from(stored[0], 'base64');
}
