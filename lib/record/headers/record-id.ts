import { crypto } from '../../util/node-modules.ts';
import type { RecordHeaders } from '../record.ts';

const RECORD_ID = 'record-id';

// 64 random bits: two processes that share them are as good as impossible, whatever their ids and hosts.
let processId: string | undefined;

let count = 0;

/** The headers with one more: an id that is like no other, and increases within the process. */
export function withRecordId(headers: RecordHeaders | undefined): RecordHeaders {
  const withId: RecordHeaders = headers ?? Object.create(null);
  processId ??= crypto().randomBytes(8).toString('hex');
  withId[RECORD_ID] = `${processId}-${++count}`;
  return withId;
}
