// Many records go to disk at once. Where there was no room for all of them, none of them was written.
import { expect, it } from 'vitest';
import type { PendingRecord } from '../../lib/record/record.ts';
import { Spool } from '../../lib/spool/spool.ts';
import type { SpoolOptions } from '../../lib/spool/spool-options.ts';
import { HeldClock, textsOf } from '../sender/rig.ts';
import { deliverAll, directoryOfSpec, openSpool, recordWith, replaceInFs, systemError } from './rig.ts';

function openWith(mode: SpoolOptions['mode']): {
  spool: Spool;
  clock: HeldClock;
  directory: string;
  errors: string[];
} {
  const directory = directoryOfSpec();
  const clock = new HeldClock();
  const errors: string[] = [];
  const spool = new Spool({ directory, mode, maxBytes: 10_000 }, clock, {
    onAdopted: () => 0,
    onDamaged: () => undefined,
    onLost: () => undefined,
    onError: (cause) => errors.push((cause as Error).message),
    onWork: () => undefined,
  });
  spool.open();
  return { spool, clock, directory, errors };
}

const records = (count: number): PendingRecord[] =>
  Array.from({ length: count }, (_, at) => recordWith(`record ${at}`, { seq: at + 1 }));

it('at the end, where memory has more than fits', async () => {
  const { spool, directory } = openWith('overflow');
  const all = records(1_000);
  const left = textsOf(spool.leave(all));
  expect(left.length).toBeGreaterThan(50);
  // The youngest: they stand behind what was written before, and none is missing between.
  expect(left).toEqual(textsOf(all.slice(-left.length)));
  spool.close();
  const next = openSpool(directory);
  await next.clock.settle();
  expect(deliverAll(next.spool)).toEqual(left);
});

it('where the disk is full before all is written', () => {
  const { spool, errors } = openSpool(directoryOfSpec());
  let room = 5_000;
  replaceInFs('writeSync', (real) => (fd: number, bytes: Buffer, at: number) => {
    const length = Math.min(bytes.length - at, room);
    if (length === 0) throw systemError('ENOSPC');
    room -= length;
    return real(fd, bytes, at, length);
  });
  replaceInFs('ftruncateSync', (real) => (fd: number, size: number) => {
    // What is cut off is there again.
    room = 5_000 - size;
    real(fd, size);
  });
  const left = spool.leave(records(100));
  expect(left.length).toBeGreaterThan(30);
  expect(textsOf(left)).toEqual(textsOf(records(100).slice(-left.length)));
  // Not once for each record.
  expect(errors.length).toBeLessThan(20);
});

it("of a turn's records that are all to be on disk", async () => {
  const { spool, clock } = openWith('always');
  const all = records(100);
  for (const record of all) spool.keep(record);
  await clock.settle();
  expect(all.filter(({ spoolPosition }) => spoolPosition !== undefined).length).toBeGreaterThan(50);
});

it('while all that is on disk is done with', async () => {
  const { spool, clock, errors } = openWith('always');
  for (const record of records(500)) {
    spool.keep(record);
    await clock.settle();
    expect(record.spoolPosition).toBeDefined();
    spool.settle([record]);
  }
  expect(errors).toEqual([]);
});

it('where the disk fills up, what stays in memory is older than all that goes to disk, also around what is there', () => {
  const { spool } = openSpool(directoryOfSpec());
  const [one, two, three] = [1, 2, 3].map((seq) => recordWith(`record ${seq}`, { seq }));
  spool.store([two] as PendingRecord[]);
  let writes = 0;
  replaceInFs('writeSync', (real) => (fd: number, bytes: Buffer, at: number) => {
    // A segment begins with two writes: its header, and its first records.
    if (++writes > 2) throw systemError('ENOSPC');
    return real(fd, bytes, at);
  });
  expect(spool.leave([one, three] as PendingRecord[], 'flowing', false)).toEqual([three]);
  expect(deliverAll(spool)).toEqual(['record 2', 'record 3']);
});
