import type { PendingRecord, RecordHeaders } from '../record.ts';

/** The header that has a record's own time, in epoch milliseconds, where the broker has refused it. */
export const ORIGINAL_TIMESTAMP = 'original-timestamp';

/** The timestamp that a record has in Kafka. */
export function timestampOf({ sentTime, time }: PendingRecord): number {
  return sentTime ?? time;
}

/** The headers that a record has in Kafka. One of the caller's by that name stays. */
export function headersToSend({ headers, sentTime, time }: PendingRecord): RecordHeaders | undefined {
  if (sentTime === undefined || headers?.[ORIGINAL_TIMESTAMP] !== undefined) return headers;
  // Without a prototype: `__proto__` is a name like any other here.
  const withOriginal: RecordHeaders = Object.assign(Object.create(null), headers);
  withOriginal[ORIGINAL_TIMESTAMP] = String(time);
  return withOriginal;
}
