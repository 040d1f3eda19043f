import type { PendingRecord } from '../record/record.ts';
import { PageSlices } from './store/page-slices.ts';

/** Records as objects, or packed in pages. */
export type Records = readonly PendingRecord[] | PageSlices;

/** Records of one topic that go to Kafka in one send, as a client sees them. */
export interface Batch {
  readonly topic: string;
  readonly content: Records;
  /** The partition of all its records; `undefined` until the client has chosen one. */
  readonly partition: number | undefined;
  /** Called when the client has chosen the partition; for each record again, if kafkajs does not group the batch at once (`asOneGroup`). */
  bindTo(partition: number): void;
}

export function isPacked(records: Records): records is PageSlices {
  return records instanceof PageSlices;
}

export function countOf(records: Records): number {
  return isPacked(records) ? records.count : records.length;
}

export function bytesOf(records: Records): number {
  return isPacked(records) ? records.bytes : records.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Their positions in the order of acceptance. */
export function seqsOf(records: Records): number[] {
  if (!isPacked(records)) return records.map(({ seq }) => seq);
  const seqs: number[] = [];
  records.each((page, at) => seqs.push(page.seqAt(at)));
  return seqs;
}
