// Records with all that a record may have, made of their numbers; and what Kafka's own Java client has to find of them.
import { expect } from 'vitest';
import type { JavaRecord } from './java-read-back.ts';
import { headersOf, keyOf, textOf } from './mixed-record.ts';

/** Each number once, with key, headers and time as they were given, and in the order of its key within a partition. */
export function expectMixedRecords(
  read: readonly JavaRecord[],
  count: number,
  timeOf: (number: number) => number | undefined,
): void {
  const seen = read.map(({ value }) => Number.parseInt(String(value), 10));
  expect([...seen].sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
  const next = new Map<number, number>();
  for (const [at, record] of read.entries()) {
    const number = seen[at] ?? Number.NaN;
    const key = keyOf(number);
    const headers = Object.entries(headersOf(number)).filter(([, value]) => value !== undefined);
    const offset = next.get(record.partition) ?? 0;
    next.set(record.partition, offset + 1);
    expect(record).toEqual({
      partition: key === null ? record.partition : record.keyPartition,
      offset,
      timestamp: timeOf(number),
      keyPartition: key === null ? -1 : record.partition,
      key: key === null ? null : Buffer.from(key as string),
      value: Buffer.from(textOf(number)),
      headers: headers.map(([header, value]) => [header, Buffer.from(value as string)]),
    });
  }
  const streams = new Map<string, number[]>();
  for (const [at, { partition, key }] of read.entries()) {
    const stream = `${partition} ${key?.toString('hex') ?? ''}`;
    streams.set(stream, [...(streams.get(stream) ?? []), seen[at] ?? Number.NaN]);
  }
  for (const numbers of streams.values()) expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
}
