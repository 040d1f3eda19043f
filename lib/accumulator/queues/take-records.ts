import type { PendingRecord } from '../../record/record.ts';
import { toBuffer } from '../../util/to-buffer.ts';
import type { RecordStore, SendLimits } from '../store/record-store.ts';

/** Takes the oldest records out of the queue, as many as one send may carry. */
export function takeOldest(queue: RecordStore, { most, maxBytes }: SendLimits): PendingRecord[] {
  const records: PendingRecord[] = [];
  let bytes = 0;
  while (records.length < most) {
    // Without making an object of one that stays.
    const next = queue.head?.bytes ?? 0;
    if (records.length > 0 && bytes + next > maxBytes) break;
    const record = queue.shift();
    if (record === undefined) break;
    bytes += next;
    records.push(record);
  }
  return records;
}

/** Takes one record out of the queue, by its place; 0 is the oldest. None that was never sent is passed over. */
export function takeAt(queue: RecordStore, place: number): PendingRecord[] {
  let at = 0;
  let found: PendingRecord | undefined;
  for (const record of queue) {
    found = record;
    if (at++ >= place || !record.hasBeenSent) break;
  }
  if (found === undefined) return [];
  found.queue?.discard(found);
  return [found];
}

/**
 * Takes the oldest record, and those that share its key, out of the queue.
 *
 * @param among where to look for the others: only right behind it, or among so many of the oldest
 */
export function takeOfOneKey(
  queue: RecordStore,
  { most, maxBytes }: SendLimits,
  among: 'adjacent' | number,
): PendingRecord[] {
  const key = queue.head?.key ?? '';
  const records: PendingRecord[] = [];
  let bytes = 0;
  let seen = 0;
  for (const record of queue) {
    if (records.length >= most || (among !== 'adjacent' && ++seen > among)) break;
    if (record.key === null || !isSameKey(record.key, key)) {
      if (among === 'adjacent') break;
      continue;
    }
    if (records.length > 0 && bytes + record.bytes > maxBytes) break;
    bytes += record.bytes;
    records.push(record);
  }
  for (const record of records) record.queue?.discard(record);
  return records;
}

/** As bytes: that is what Kafka sees, and two Buffers that are no UTF-8 may well look the same as text. */
function isSameKey(a: string | Buffer, b: string | Buffer): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b;
  return toBuffer(a).equals(toBuffer(b));
}
