import { mkdirSync, rmSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import type { PendingRecord } from '../../../lib/record/record.ts';
import type { Segment } from '../../../lib/spool/segments/segment.ts';
import { SegmentWriters } from '../../../lib/spool/segments/segment-writers.ts';
import { Segments } from '../../../lib/spool/segments/segments.ts';
import { directoryOfSpec, recordWith, replaceInFs, systemError } from '../rig.ts';

/** Writers into a directory that is there, what they have told of, and the segments that they have made. */
function writersOf(maxBytes = 1_000_000) {
  const directory = directoryOfSpec();
  mkdirSync(directory);
  const segments = new Segments();
  const settled: Segment[] = [];
  const errors: string[] = [];
  const remove = (segment: Segment): void => {
    segments.delete(segment);
    segment.remove();
  };
  const writers = new SegmentWriters({
    maxBytes,
    segments,
    directory: () => {
      mkdirSync(directory, { recursive: true });
      return directory;
    },
    onSettled: (segment) => {
      settled.push(segment);
      remove(segment);
    },
    onError: (cause) => errors.push((cause as Error).message),
  });
  writers.begin(1_700_000_000_000);
  onTestFinished(() => {
    for (const segment of segments) segment.close();
  });
  /** By segment, in the order in which they are read. */
  const onDisk = (): string[][] =>
    [...segments].map((segment) => {
      const texts: string[] = [];
      for (let next = segment.take(); next !== undefined; next = segment.take()) texts.push(next.text.trim());
      return texts;
    });
  const settle = (...records: PendingRecord[]): void => {
    for (const [segment, entries] of segments.entriesOf(records)) {
      segment.settle(entries);
      // As the spool does.
      if (segment.unsettled === 0 && segment.isSealed) remove(segment);
    }
  };
  return { directory, segments, settled, errors, writers, onDisk, settle };
}

const record = (seq: number): PendingRecord => recordWith(`record ${seq}`.padEnd(1_000), { seq });
const records = (...seqs: number[]): PendingRecord[] => seqs.map(record);

/** For a record, its journal, and the header of a segment; twice as much has room for two, and none for three. */
const ROOM_FOR_ONE = 1_500;

it('nothing is written for no records', () => {
  const { writers, segments } = writersOf(0);
  expect(writers.store([], 'flowing', false)).toBe(true);
  expect([...segments]).toEqual([]);
});

it('one call writes behind the other, and what is held into a segment of its own, which is passed over', () => {
  const { writers, segments, onDisk } = writersOf();
  for (const seq of [1, 2]) expect(writers.store(records(seq), 'flowing', false)).toBe(true);
  for (const seq of [3, 4]) expect(writers.store(records(seq), 'held', false)).toBe(true);
  expect(writers.store(records(5), 'held-while-others-send', false)).toBe(true);
  expect(writers.store(records(6), 'flowing', true)).toBe(true);
  const counts = [...segments].map(({ records: all, waiting, unread }) => [all, waiting, unread]);
  // Memory has the last one, too.
  expect(counts).toEqual([
    [3, 2, 2],
    [3, 3, 0],
  ]);
  segments.beginAnew();
  expect(onDisk()).toEqual([
    ['record 1', 'record 2'],
    ['record 3', 'record 4', 'record 5'],
  ]);
});

it('a name begins with the start of the process and the first record, and is no other segment’s', () => {
  const { writers, segments } = writersOf();
  writers.store(records(7, 8), 'flowing', false);
  writers.store(records(7), 'held', false);
  const begin = '0001700000000000-0000000000000007';
  expect(writers.nameFor(7)).toBe(begin);
  const names = [...segments].map(({ name }) => name);
  for (const name of names) expect(name).toMatch(new RegExp(`^${begin}-[0-9a-f]{8}$`));
  expect(new Set(names).size).toBe(2);
});

it('begins new segments after a seal, and lets go of those whose records are all done with', () => {
  const { writers, segments, settled, settle } = writersOf();
  const [one, two, three] = records(1, 2, 3) as [PendingRecord, PendingRecord, PendingRecord];
  writers.store([one, two], 'flowing', true);
  writers.store([three], 'held', true);
  const [flowing, held] = [...segments];
  settle(one, three);
  writers.seal();
  expect([flowing?.isSealed, held?.isSealed, settled]).toEqual([true, true, [held]]);
  // Sealed once.
  writers.seal();
  expect(settled).toEqual([held]);
  writers.store(records(4), 'flowing', true);
  expect([...segments].map(({ records: all }) => all)).toEqual([2, 1]);
});

it('seals a segment that is full when the next record comes', () => {
  const { writers, segments, settled, settle } = writersOf(10_000_000);
  const large = recordWith('x'.repeat(1_048_576), { seq: 1 });
  writers.store([large], 'flowing', true);
  settle(large);
  expect(settled).toEqual([]);
  writers.store(records(2), 'flowing', true);
  writers.store(records(3), 'flowing', true);
  expect(settled).toHaveLength(1);
  expect([...segments].map(({ records: all }) => all)).toEqual([2]);
});

it('has the room again of what is done with in a segment that is being written', () => {
  const { writers, settled, errors, settle } = writersOf(ROOM_FOR_ONE);
  const [one] = records(1) as [PendingRecord];
  expect(writers.store([one], 'flowing', true)).toBe(true);
  settle(one);
  expect(settled).toEqual([]);
  expect(writers.store(records(2), 'flowing', true)).toBe(true);
  expect(settled).toHaveLength(1);
  expect(writers.store(records(3), 'flowing', true)).toBe(false);
  expect(errors).toEqual(['the spool is full (spool.maxBytes is 1500)']);
});

it('what comes after records for which there was no room begins a new segment', () => {
  const { writers, segments, errors, settle } = writersOf(2 * ROOM_FOR_ONE);
  const before = records(1, 2);
  expect(writers.store(before, 'flowing', true)).toBe(true);
  expect(writers.store(records(3), 'flowing', true)).toBe(false);
  expect(errors).toHaveLength(1);
  settle(...before);
  expect(writers.store(records(6), 'flowing', false)).toBe(true);
  expect([...segments].map(({ name }) => name.slice(0, 33))).toContain(writers.nameFor(6));
});

it('writes once more, in the same way, where the directory is gone', () => {
  for (const [state, keeps, unread] of [
    ['flowing', false, 1],
    ['flowing', true, 0],
    ['held', false, 0],
  ] as const) {
    const { writers, directory, segments, errors } = writersOf();
    expect(writers.store(records(1), state, false)).toBe(true);
    rmSync(directory, { recursive: true });
    expect(writers.store(records(2), state, keeps)).toBe(true);
    expect(errors).toEqual([]);
    const last = [...segments].at(-1);
    expect([last?.name.slice(0, 33), last?.waiting, last?.unread]).toEqual([
      writers.nameFor(2),
      keeps ? 0 : 1,
      unread,
    ]);
  }
});

it('tells of any other failure, once, and begins a new segment', () => {
  const { writers, segments, settled, errors, settle } = writersOf();
  const [one] = records(1) as [PendingRecord];
  writers.store([one], 'flowing', true);
  writers.store(records(2), 'held', true);
  settle(one);
  let isFull = true;
  let tried = 0;
  replaceInFs('writeSync', (real) => (fd: number, bytes: Buffer, at: number) => {
    if (!isFull) return real(fd, bytes, at);
    tried++;
    throw systemError('ENOSPC');
  });
  expect(writers.store(records(3), 'flowing', true)).toBe(false);
  expect([tried, errors, settled.length]).toEqual([1, ['ENOSPC: refused'], 1]);
  isFull = false;
  expect(writers.store(records(4), 'flowing', true)).toBe(true);
  expect([...segments].map(({ name }) => name.slice(0, 33))).toEqual(
    [2, 4].map((seq) => writers.nameFor(seq)),
  );
});

it('of what does not fit it writes the youngest, and they are read in their order', () => {
  const { writers, errors, onDisk } = writersOf(3 * ROOM_FOR_ONE);
  expect(writers.storeWhatFits(records(1, 2, 3, 4, 5, 6, 7, 8), 'flowing', false)).toBe(false);
  expect(onDisk()).toEqual([['record 5'], ['record 6'], ['record 7', 'record 8']]);
  // Of all of them, of the younger half, and of its older half.
  expect(errors).toEqual(Array(3).fill('the spool is full (spool.maxBytes is 4500)'));
});

it('a single record that does not fit is not tried again and again', () => {
  const { writers, errors, segments } = writersOf(10);
  expect(writers.storeWhatFits(records(1), 'flowing', false)).toBe(false);
  expect(errors).toHaveLength(1);
  expect([...segments]).toEqual([]);
});

it('what fits is written at once, and what comes next behind it', () => {
  const { writers, segments, errors } = writersOf();
  expect(writers.storeWhatFits(records(1, 2), 'flowing', false)).toBe(true);
  expect(writers.storeWhatFits(records(3), 'flowing', false)).toBe(true);
  expect([...segments].map(({ records: all }) => all)).toEqual([3]);
  expect(errors).toEqual([]);
});

it('what comes after a part that fitted stands behind the older half of it, too', () => {
  const { writers, onDisk, settle, segments } = writersOf(3 * ROOM_FOR_ONE);
  const eight = records(1, 2, 3, 4, 5, 6, 7, 8);
  expect(writers.storeWhatFits(eight, 'flowing', true)).toBe(false);
  settle(...eight.filter(({ spoolPosition }) => spoolPosition !== undefined).slice(1));
  expect(writers.store(records(9), 'flowing', false)).toBe(true);
  expect([...segments].at(-1)?.name.slice(0, 33)).toBe(writers.nameFor(9));
  expect(onDisk().flat()).toEqual(['record 9']);
});
