import type { PendingRecord } from '../record/record.ts';
import { OldestFirstIndex } from './store/oldest-first-index.ts';
import type { RecordStore } from './store/record-store.ts';

/** Those that are neither delivered nor dropped, in the order in which they were accepted. */
export function byAcceptance(records: readonly PendingRecord[]): PendingRecord[] {
  return records.filter(({ state }) => state !== 'settled').sort((a, b) => a.seq - b.seq);
}

/**
 * The records of queues and those that are in flight, oldest first. One after the other, as all of a full buffer do not fit into a small
 * heap as objects: each has to be taken out of its queue before the next one is asked for.
 *
 * @param inFlight by acceptance
 */
export function* oldestFirst(
  queues: Iterable<RecordStore>,
  inFlight: readonly PendingRecord[],
): Generator<PendingRecord> {
  const index = new OldestFirstIndex();
  let left = 0;
  for (const queue of queues) {
    index.add(queue);
    left += queue.count;
  }
  const before = (seq: number): PendingRecord | undefined => {
    // No more than there were: whoever hears of them may log.
    const record = left > 0 ? index.oldest() : undefined;
    return record !== undefined && record.seq < seq ? record : undefined;
  };
  for (const sent of [...inFlight, undefined]) {
    const limit = sent?.seq ?? Number.POSITIVE_INFINITY;
    for (let record = before(limit); record !== undefined; record = before(limit)) {
      left--;
      yield record;
    }
    if (sent !== undefined) yield sent;
  }
}
