// Which directories are taken over: see owner.spec.ts.
import { mkdirSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Adoption } from '../../lib/spool/adoption.ts';
import { Directories } from '../../lib/spool/directories.ts';
import { Segment } from '../../lib/spool/segments/segment.ts';
import { Segments } from '../../lib/spool/segments/segments.ts';
import { HeldClock } from '../sender/rig.ts';
import { directoryOfSpec, filesIn, recordWith } from './rig.ts';

/** Adoption in a directory where others leave segments, and what it tells. */
function rig() {
  const base = directoryOfSpec();
  const clock = new HeldClock();
  const segments = new Segments();
  const told: unknown[] = [];
  let positions = 100;
  const adoption = new Adoption({
    clock,
    segments,
    events: {
      onAdopted: (records, count) => {
        told.push(['adopted', records, count]);
        positions += 10;
        return positions;
      },
      onDamaged: (stretches) => told.push(['damaged', stretches]),
      onLost: () => expect.unreachable(),
      onError: (error) => told.push((error as NodeJS.ErrnoException).code),
      onWork: () => told.push('work'),
    },
  });
  onTestFinished(() => adoption.end());
  let left = 0;
  /** A directory that an owner has closed; of each segment, how many records are in it, and how many are done with. */
  const leave = (contents: Record<string, readonly [records: number, done: number]>): string => {
    const directory = join(base, `left-0123456789abcdef.${left++}`);
    mkdirSync(directory, { recursive: true });
    for (const [name, [count, done]] of Object.entries(contents)) {
      const segment = new Segment(directory, name).create();
      const records = Array.from({ length: count }, (_, at) => recordWith(`${name} ${at}`, { seq: at + 1 }));
      segment.append(records, true);
      if (done > 0)
        segment.settle(
          records.slice(0, done).map(({ spoolPosition }) => spoolPosition ?? expect.unreachable()),
        );
      segment.close();
    }
    return directory;
  };
  const names = (): string[] => [...segments].map(({ name }) => name);
  return { base, clock, segments, told, adoption, leave, names, directories: new Directories(base) };
}

it('takes over what is left at once, oldest first wherever it stands, and then there is work', async () => {
  const { adoption, clock, segments, told, leave, names, directories } = rig();
  leave({ 'b-0': [2, 1], 'd-0': [1, 0] });
  leave({ 'a-0': [3, 0], 'c-0': [4, 2] });
  adoption.begin(directories);
  expect(adoption.scan).toBeInstanceOf(Promise);
  await clock.settle();
  // Those that wait, and the positions of all.
  const adopted = [
    [3, 3],
    [1, 2],
    [2, 4],
    [1, 1],
  ].map((counts) => ['adopted', ...counts]);
  expect(told).toEqual([...adopted, 'work']);
  expect(names()).toEqual(['a-0', 'b-0', 'c-0', 'd-0']);
  expect([...segments].map((segment) => segment.peek()?.seq)).toEqual([110, 121, 132, 140]);
  expect(segments.unread?.take()?.text).toBe('a-0 0');
  expect(adoption.scan).toBeUndefined();
});

it('tells of no work where nothing is left', async () => {
  const { adoption, clock, told, directories } = rig();
  adoption.begin(directories);
  expect(adoption.scan).toBeUndefined();
  await clock.settle();
  expect(told).toEqual([]);
});

it('looks again every half minute', async () => {
  const { adoption, clock, leave, names, directories } = rig();
  adoption.begin(directories);
  leave({ 'a-0': [1, 0] });
  await clock.pass(29_999);
  expect(names()).toEqual([]);
  await clock.pass(1);
  expect(names()).toEqual(['a-0']);
  leave({ 'b-0': [1, 0] });
  await clock.pass(30_000);
  expect(names()).toEqual(['a-0', 'b-0']);
});

it('removes what is all done with, and its directory, and keeps the others', async () => {
  const { adoption, base, clock, told, leave, names, directories } = rig();
  leave({ 'a-0': [2, 2] });
  leave({ 'b-0': [2, 2], 'c-0': [1, 0] });
  adoption.begin(directories);
  await clock.settle();
  expect(names()).toEqual(['c-0']);
  expect(filesIn(base)).toEqual([expect.stringMatching(/c-0\.seg$/)]);
  expect(readdirSync(base)).toHaveLength(1);
  // Their positions count all the same.
  expect(told).toEqual([['adopted', 0, 2], ['adopted', 0, 2], ['adopted', 1, 1], 'work']);
});

it('reads one segment a turn: the application goes on in between', async () => {
  const { adoption, clock, leave, names, directories } = rig();
  leave({ 'a-0': [1, 0], 'b-0': [1, 0] });
  const turns: (() => void)[] = [];
  clock.soon = (fn) => void turns.push(fn);
  adoption.begin(directories);
  const seen: string[][] = [];
  for (let turn = 0; turn < 2; turn++) {
    await clock.settle();
    expect(turns).toHaveLength(1);
    seen.push(names());
    turns.pop()?.();
  }
  await clock.settle();
  expect([...seen, names()]).toEqual([[], ['a-0'], ['a-0', 'b-0']]);
});

it('finishes with what was found before it begins with what is found later', async () => {
  const { adoption, clock, leave, names, directories } = rig();
  leave({ 'b-0': [1, 0], 'd-0': [1, 0] });
  const turns: (() => void)[] = [];
  clock.soon = (fn) => void turns.push(fn);
  adoption.begin(directories);
  leave({ 'a-0': [1, 0] });
  await clock.pass(30_000);
  for (let turn = 0; turn < 2; turn++) {
    expect(turns).toHaveLength(1);
    turns.pop()?.();
    await clock.settle();
  }
  expect(names()).toEqual(['b-0', 'd-0']);
  turns.pop()?.();
  await clock.settle();
  expect(names()).toEqual(['a-0', 'b-0', 'd-0']);
});

describe('what cannot be used', () => {
  it('is told of where it is damaged; what is whole is taken over', async () => {
    const { adoption, clock, told, leave, directories } = rig();
    const directory = leave({ 'a-0': [2, 0], 'b-0': [1, 0] });
    const file = join(directory, 'a-0.seg');
    truncateSync(file, statSync(file).size - 1);
    adoption.begin(directories);
    await clock.settle();
    expect(told).toEqual([['damaged', 1], ['adopted', 1, 1], ['adopted', 1, 1], 'work']);
  });

  it('is told of where it cannot be read, and the others are taken over', async () => {
    const { adoption, clock, told, leave, names, directories } = rig();
    mkdirSync(join(leave({ 'b-0': [1, 0] }), 'a-0.seg'));
    adoption.begin(directories);
    await clock.settle();
    expect(told).toEqual(['EISDIR', ['adopted', 1, 1], 'work']);
    expect(names()).toEqual(['b-0']);
  });

  it('is told of where no directory can be made, each time that it is looked', async () => {
    const { adoption, base, clock, told } = rig();
    mkdirSync(base);
    new Segment(base, 'file').create().close();
    adoption.begin(new Directories(join(base, 'file.seg')));
    expect(told).toEqual(['EEXIST']);
    await clock.pass(30_000);
    expect(told).toEqual(['EEXIST', 'EEXIST']);
  });
});

describe('when it has ended', () => {
  it('nothing more is looked for', async () => {
    const { adoption, clock, leave, names, directories } = rig();
    adoption.begin(directories);
    adoption.end();
    leave({ 'a-0': [1, 0] });
    await clock.pass(60_000);
    expect([names(), clock.armed]).toEqual([[], 0]);
  });

  it.each([
    ['before the first segment', 0, []],
    ['between two', 1, ['a-0']],
  ])('%s, the rest is somebody else’s', async (_name, after, adopted) => {
    const { adoption, base, clock, told, leave, names, directories } = rig();
    leave({ 'a-0': [1, 0], 'b-0': [1, 1] });
    const turns: (() => void)[] = [];
    clock.soon = (fn) => void turns.push(fn);
    adoption.begin(directories);
    for (let turn = 0; turn < after; turn++) {
      await clock.settle();
      turns.pop()?.();
    }
    await clock.settle();
    adoption.end();
    expect(adoption.scan).toBeUndefined();
    turns.pop()?.();
    await clock.settle();
    expect(names()).toEqual(adopted);
    expect(told).toEqual(adopted.map(() => ['adopted', 1, 1]));
    expect(filesIn(base).filter((file) => file.endsWith('.seg'))).toHaveLength(2);
  });

  it('before it has begun with what it found, that is not touched either', async () => {
    const { adoption, base, clock, told, leave, directories } = rig();
    leave({});
    adoption.begin(directories);
    adoption.end();
    await clock.settle();
    expect(told).toEqual([]);
    expect(readdirSync(base)).toHaveLength(1);
  });
});
