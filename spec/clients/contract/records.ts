// Records for the specs of this folder, as they are sent and as they are read back.
import { PendingRecord, type RecordHeaders, type RecordKey } from '../../../lib/record/record.ts';
import type { StoredRecord } from '../../../testing/broker/broker-cluster.ts';

/** The timestamp of records that need none in particular. */
export const TIME = 1_700_000_000_000;

export interface Parts {
  readonly text: string;
  readonly key?: RecordKey;
  readonly headers?: RecordHeaders | undefined;
  readonly time?: number;
}

/** `prefix 0`, `prefix 1`, … The one of the harness brings winston along. */
export function numbered(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix} ${at}`);
}

let accepted = 0;

/** Records as the accumulator has them. */
export function recordsOf(topic: string, parts: readonly (Parts | string)[]): PendingRecord[] {
  return parts.map((part) => {
    const { text, key = null, headers, time = TIME } = typeof part === 'string' ? { text: part } : part;
    const record = new PendingRecord({ topic, level: 'info', severity: 2, time, text, key, headers });
    record.seq = ++accepted;
    return record;
  });
}

/** What is to be seen of a record. Its bytes as text, a character each: buffers are slow to compare. */
export interface SeenRecord {
  readonly offset: number;
  readonly value: string;
  readonly key: string | null;
  readonly headers: [name: string, value: string][];
  readonly timestamp: number;
}

/** How a consumer has to see a record that was sent as the one at that place of its topic. */
export function sentRecord(
  { text, key = null, headers = {}, time = TIME }: Parts,
  offset: number,
): SeenRecord {
  const entries = Object.entries(headers).map(([name, value]): [string, string] => [name, bytesOf(value)]);
  return {
    offset,
    value: bytesOf(text),
    key: key === null ? null : bytesOf(key),
    headers: entries,
    timestamp: time,
  };
}

export function readRecord({ offset, value, key, headers, timestamp }: StoredRecord): SeenRecord {
  const entries = Object.entries(headers).map(([name, of]): [string, string] => [name, bytesOf(of)]);
  return { offset, value: bytesOf(value), key: key && bytesOf(key), headers: entries, timestamp };
}

function bytesOf(given: string | Buffer): string {
  return Buffer.from(given as Buffer).toString('latin1');
}
