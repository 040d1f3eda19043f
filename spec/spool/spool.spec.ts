import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { PendingRecord } from '../../lib/record/record.ts';
import { Spool } from '../../lib/spool/spool.ts';
import { HeldClock } from '../sender/rig.ts';
import { liveHeap } from '../support/garbage.ts';
import { directoryOfSpec, filesIn, openSpool, recordWith } from './rig.ts';

it('closed while it looks through what others have left, it leaves the rest to them', async () => {
  const options = { directory: directoryOfSpec(), mode: 'overflow', maxBytes: 1_000_000 } as const;
  const clock = new HeldClock();
  const adopted: number[] = [];
  const errors: unknown[] = [];
  const spool = () =>
    new Spool(options, clock, {
      onAdopted: (records) => adopted.push(records),
      onDamaged: (stretches) => errors.push(`${stretches} damaged`),
      onLost: (records) => errors.push(`${records} lost`),
      onError: (cause) => errors.push(cause),
      onWork: () => undefined,
    });
  const first = spool();
  first.open();
  first.store([recordWith('one')]);
  first.close();
  const second = spool();
  second.open();
  expect(second.scan).toBeDefined();
  second.close();
  await clock.settle();
  expect({ adopted, errors, next: second.peek() }).toEqual({ adopted: [], errors: [], next: undefined });
  const third = spool();
  third.open();
  await clock.settle();
  expect({ adopted, errors, isScanning: third.scan !== undefined }).toEqual({
    adopted: [1],
    errors: [],
    isScanning: false,
  });
  expect(third.take()?.text).toBe('one');
  third.close();
});

describe('what is passed over', () => {
  const record = (topic: string, seq: number): PendingRecord => recordWith(`${topic} ${seq}`, { topic, seq });

  /** Takes what is not for the topic, and leaves the rest. */
  function readPast(spool: Spool, topic: string): string[] {
    const texts: string[] = [];
    for (let next = spool.peek(); next !== undefined; next = spool.peek()) {
      if (next.topic === topic) spool.passOver();
      else {
        spool.take();
        texts.push(next.text);
        spool.settle([next]);
      }
    }
    return texts;
  }

  it('is read again, in its order, when all is begun anew', () => {
    const { spool, errors } = openSpool(directoryOfSpec());
    for (let seq = 1; seq <= 100; seq++) spool.store([record(seq % 2 === 0 ? 'held' : 'other', seq)]);
    expect(readPast(spool, 'held').length).toBe(50);
    expect(spool.hasUnread).toBe(false);
    // What comes now of it stands behind, and is not read either.
    spool.store([record('held', 101)], 'held');
    expect(spool.peek()).toBeUndefined();
    spool.beginAnew();
    const expected = Array.from({ length: 50 }, (_, at) => `held ${2 * at + 2}`);
    expect(readPast(spool, 'nothing')).toEqual([...expected, 'held 101']);
    expect(errors).toEqual([]);
    spool.close();
  });

  it('is not kept in memory record by record, however many there are', () => {
    const { spool, errors } = openSpool(directoryOfSpec());
    const many = 50_000;
    const storeIn = (where: Spool, count: number): void => {
      for (let seq = 1; seq <= count; seq += 500)
        where.store(
          Array.from({ length: 500 }, (_, at) => record(at % 2 === 0 ? 'other' : 'held', seq + at)),
        );
    };
    // In another one before: what the engine keeps of the code it has run is not meant.
    const { spool: another } = openSpool(directoryOfSpec());
    storeIn(another, many / 5);
    readPast(another, 'held');
    another.beginAnew();
    readPast(another, 'held');
    another.close();
    // A set of the offsets of half of them takes more than that.
    const limit = liveHeap() + 400_000;
    storeIn(spool, many);
    expect(readPast(spool, 'held').length).toBe(many / 2);
    expect(liveHeap()).toBeLessThan(limit);
    spool.beginAnew();
    expect(readPast(spool, 'held')).toEqual([]);
    expect(liveHeap()).toBeLessThan(limit);
    expect(errors).toEqual([]);
    spool.close();
  });

  it('does not keep on disk what is written beside it and delivered', () => {
    const directory = directoryOfSpec();
    const { spool } = openSpool(directory);
    for (let seq = 1; seq <= 10_000; seq++) {
      if (seq % 100 === 0) spool.store([record('held', seq)], 'held');
      else spool.store([record('other', seq)]);
      if (seq % 500 === 0) readPast(spool, 'held');
    }
    const size = filesIn(directory).reduce((sum, file) => sum + statSync(file).size, 0);
    expect(size).toBeLessThan(100 * 200);
    spool.close();
  });

  it('and left by memory comes before what was written earlier and is younger, also for the next process', async () => {
    const directory = directoryOfSpec();
    const { spool } = openSpool(directory);
    // Another topic's, older; then memory is full, and the topic's youngest go to disk; then others need the room.
    spool.store([record('other', 1)]);
    spool.beginSegments();
    spool.store([record('held', 6)], 'held');
    expect(spool.leave([record('held', 4), record('held', 5)], 'held').length).toBe(2);
    expect(spool.leave([record('held', 2), record('held', 3)], 'held').length).toBe(2);
    spool.store([record('held', 7)], 'held');
    expect(readPast(spool, 'held')).toEqual(['other 1']);
    spool.close();
    const next = openSpool(directory);
    await next.clock.settle();
    expect(readPast(next.spool, 'nothing')).toEqual([
      'held 2',
      'held 3',
      'held 4',
      'held 5',
      'held 6',
      'held 7',
    ]);
    next.spool.close();
    expect(filesIn(directory)).toEqual([]);
  });
});
