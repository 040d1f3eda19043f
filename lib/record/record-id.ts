import { randomBytes } from 'node:crypto';
import type { RecordHeaders } from './record.ts';

const RECORD_ID = 'record-id';

// 64 random bits: two processes that share them are as good as impossible, whatever their ids and hosts.
const PROCESS_ID = randomBytes(8).toString('hex');

let count = 0;

/** The headers with one more: an id that is like no other, and increases within the process. */
export function withRecordId(headers: RecordHeaders | undefined): RecordHeaders {
  const withId: RecordHeaders = headers ?? Object.create(null);
  withId[RECORD_ID] = `${PROCESS_ID}-${++count}`;
  return withId;
}
