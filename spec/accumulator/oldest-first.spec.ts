// All records were made into objects before the first of a full buffer was given up: in a container with little memory, the process ran
// out of it as it ended, and lost what the fallback or the disk should have got.
import { expect, it, vi } from 'vitest';
import { Ledger } from '../../lib/accumulator/ledger.ts';
import { RecordAccumulator } from '../../lib/accumulator/record-accumulator.ts';
import { RecordPage } from '../../lib/accumulator/store/record-page.ts';
import type { PendingRecord } from '../../lib/record/record.ts';
import { batchingPolicy, recordOf } from '../sender/rig.ts';

function accumulatorOf(onDropped: (record: PendingRecord) => void): {
  accumulator: RecordAccumulator;
  add(text: string, topic?: string): void;
} {
  const accumulator = new RecordAccumulator(
    new Ledger(),
    { maxRecords: 1_000, maxBytes: 1_000_000, overflow: 'drop-oldest' },
    batchingPolicy({ limits: { maxRecords: 2, maxBytes: 1_000_000, lingerMs: 0 } }),
    onDropped,
  );
  const add = (text: string, topic = 'logs'): void => {
    accumulator.add(recordOf({ text, topic }));
    accumulator.setPartitions(topic, 1, [0]);
  };
  return { accumulator, add };
}

it('one is made at a time', () => {
  const unpacked = vi.spyOn(RecordPage.prototype, 'shift');
  const unpackedAtDrops: number[] = [];
  const { accumulator, add } = accumulatorOf(() => unpackedAtDrops.push(unpacked.mock.calls.length));
  for (const text of ['a', 'b', 'c', 'd']) add(text);
  accumulator.giveUp('closed', undefined);
  unpacked.mockRestore();
  expect(unpackedAtDrops).toEqual([1, 2, 3, 4]);
});

it('those of several topics, and what is in flight, are given up in the order in which they were accepted', () => {
  const dropped: string[] = [];
  const { accumulator, add } = accumulatorOf(({ text }) => dropped.push(text));
  for (const [text, topic] of ['a logs', 'b other', 'c logs', 'd other', 'e logs'].map((each) =>
    each.split(' '),
  ))
    add(String(text), topic);
  // a and c of one topic, b and d of the other.
  accumulator.drain(0, true);
  expect(accumulator.inFlight.size).toBe(1);
  accumulator.giveUp('closed', undefined);
  expect(dropped).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('what is logged of each that is given up is not given up with it', () => {
  const dropped: string[] = [];
  const { accumulator, add } = accumulatorOf(({ text }) => {
    dropped.push(text);
    add(`${text} was dropped`);
  });
  for (const text of ['a', 'b', 'c']) add(text);
  accumulator.giveUp('closed', undefined);
  expect(dropped).toEqual(['a', 'b', 'c']);
  expect(accumulator.unsettled().map(({ text }) => text)).toEqual([
    'a was dropped',
    'b was dropped',
    'c was dropped',
  ]);
});
