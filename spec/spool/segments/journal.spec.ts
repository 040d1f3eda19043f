import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ENTRY_BYTES } from '../../../lib/spool/segments/frames.ts';
import { Journal } from '../../../lib/spool/segments/journal.ts';
import { directoryOfSpec, replaceInFs, systemError } from '../rig.ts';

const SALT = 7;
const NOTHING = { done: new Set(), partitions: new Map(), bindings: 0 };

function newJournal(): { path: string; journal: Journal } {
  const directory = directoryOfSpec();
  mkdirSync(directory);
  const path = join(directory, 'segment.ack');
  return { path, journal: new Journal(path, SALT) };
}

it('has nothing to say while there is no file', () => {
  const { journal } = newJournal();
  expect(journal.read()).toEqual(NOTHING);
  journal.mend();
  journal.close();
  expect(journal.read()).toEqual(NOTHING);
});

it('says which frames are done with, and where the others were last sent', () => {
  const { journal } = newJournal();
  journal.note([
    { offset: 8, partition: 0 },
    { offset: 20, partition: 1 },
  ]);
  journal.note([{ offset: 8, partition: 2 }]);
  journal.note([{ offset: 20, partition: undefined }]);
  const fates = {
    done: new Set([20]),
    partitions: new Map([
      [8, 2],
      [20, 1],
    ]),
    bindings: 3,
  };
  expect(journal.read()).toEqual(fates);
  journal.close();
  expect(journal.read()).toEqual(fates);
});

it('goes on where it was closed', () => {
  const { path, journal } = newJournal();
  journal.note([{ offset: 8, partition: undefined }]);
  journal.close();
  journal.note([{ offset: 20, partition: undefined }]);
  journal.close();
  expect(new Journal(path, SALT).read().done).toEqual(new Set([8, 20]));
});

it('that is torn has its entries behind the tear read once it is mended', () => {
  const { path, journal } = newJournal();
  journal.note([{ offset: 8, partition: undefined }]);
  journal.close();
  appendFileSync(path, Buffer.alloc(ENTRY_BYTES - 1));
  journal.mend();
  expect(readFileSync(path)).toHaveLength(ENTRY_BYTES);
  journal.note([{ offset: 20, partition: undefined }]);
  journal.close();
  expect(journal.read().done).toEqual(new Set([8, 20]));
});

it('that is whole stays as it is when it is mended', () => {
  const { path, journal } = newJournal();
  journal.note([{ offset: 8, partition: undefined }]);
  const before = readFileSync(path);
  journal.mend();
  journal.close();
  expect(readFileSync(path)).toEqual(before);
});

it('cannot be read where something else is in its place', () => {
  const { path, journal } = newJournal();
  mkdirSync(path);
  expect(() => journal.read()).toThrow('EISDIR');
});

it('takes no entry once its file has been removed, by whoever has taken it over', () => {
  const { path, journal } = newJournal();
  journal.note([{ offset: 8, partition: undefined }]);
  rmSync(path);
  expect(() => journal.note([{ offset: 20, partition: undefined }])).toThrow('the file has been removed');
  journal.close();
});

it('of another segment says nothing', () => {
  const { path, journal } = newJournal();
  journal.note([{ offset: 8, partition: undefined }]);
  journal.close();
  writeFileSync(`${path}.other`, readFileSync(path));
  expect(new Journal(`${path}.other`, SALT + 1).read()).toEqual(NOTHING);
});

describe('written anew', () => {
  const some = (): { path: string; journal: Journal } => {
    const { path, journal } = newJournal();
    journal.note([
      { offset: 8, partition: 0 },
      { offset: 20, partition: 1 },
    ]);
    journal.note([
      { offset: 8, partition: 2 },
      { offset: 20, partition: undefined },
    ]);
    return { path, journal };
  };
  const kept = { done: new Set([20]), partitions: new Map([[8, 2]]), bindings: 1 };

  it('has the last entry about each frame alone', () => {
    const { path, journal } = some();
    expect(journal.compact()).toBe(1);
    expect(journal.read()).toEqual(kept);
    expect(readFileSync(path)).toHaveLength(2 * ENTRY_BYTES);
    journal.note([{ offset: 8, partition: 3 }]);
    journal.close();
    expect(journal.read().partitions).toEqual(new Map([[8, 3]]));
  });

  it('stays as it was where that fails', () => {
    const { path, journal } = some();
    const before = readFileSync(path);
    mkdirSync(`${path}.new`);
    expect(() => journal.compact()).toThrow('EISDIR');
    journal.close();
    expect(readFileSync(path)).toEqual(before);
  });

  it('by a process that was killed meanwhile leaves nothing behind once it is removed', () => {
    const { path, journal } = some();
    writeFileSync(`${path}.new`, 'half of it');
    expect(journal.read().partitions.get(8)).toBe(2);
    expect(journal.compact()).toBe(1);
    expect(journal.read()).toEqual(kept);
    writeFileSync(`${path}.new`, 'half of it');
    journal.remove();
    expect(readdirSync(dirname(path))).toEqual([]);
  });
});

describe('on a disk that is full for a moment, and takes only a part of an entry', () => {
  const disk = { takes: Number.POSITIVE_INFINITY, mayBeCutOff: true };
  beforeEach(() => {
    replaceInFs('writeSync', (real) => (fd: number, bytes: Buffer, at: number) => {
      const length = Math.min(bytes.length - at, disk.takes);
      if (length === 0) throw systemError('ENOSPC');
      disk.takes -= length;
      return real(fd, bytes, at, length);
    });
    replaceInFs('ftruncateSync', (real) => (fd: number, length: number) => {
      if (!disk.mayBeCutOff) throw systemError('EIO');
      real(fd, length);
    });
    Object.assign(disk, { takes: Number.POSITIVE_INFINITY, mayBeCutOff: true });
  });

  it('what is noted afterwards is read: no entry stands across two', () => {
    const { journal } = newJournal();
    journal.note([{ offset: 8, partition: undefined }]);
    disk.takes = 4;
    expect(() => journal.note([{ offset: 20, partition: undefined }])).toThrow('ENOSPC');
    disk.takes = Number.POSITIVE_INFINITY;
    journal.note([{ offset: 32, partition: undefined }]);
    expect(journal.read().done).toEqual(new Set([8, 32]));
  });

  it('nothing is written behind the part, while it cannot be cut off', () => {
    const { path, journal } = newJournal();
    disk.takes = 4;
    disk.mayBeCutOff = false;
    expect(() => journal.note([{ offset: 8, partition: undefined }])).toThrow('ENOSPC');
    disk.takes = Number.POSITIVE_INFINITY;
    expect(() => journal.note([{ offset: 20, partition: undefined }])).toThrow('EIO');
    journal.close();
    expect(() => journal.note([{ offset: 32, partition: undefined }])).toThrow('EIO');
    expect(statSync(path).size).toBe(4);
    disk.mayBeCutOff = true;
    journal.note([{ offset: 44, partition: undefined }]);
    expect(journal.read().done).toEqual(new Set([44]));
  });

  it('a journal that is written anew has no such part', () => {
    const { journal } = newJournal();
    journal.note([{ offset: 8, partition: 1 }]);
    disk.takes = 4;
    disk.mayBeCutOff = false;
    expect(() => journal.note([{ offset: 8, partition: 2 }])).toThrow('ENOSPC');
    disk.takes = Number.POSITIVE_INFINITY;
    journal.compact();
    journal.note([{ offset: 20, partition: 3 }]);
    expect(journal.read().partitions).toEqual(
      new Map([
        [8, 1],
        [20, 3],
      ]),
    );
  });
});
