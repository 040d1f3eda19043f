import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ENTRY_BYTES } from '../../lib/spool/frames.ts';
import { Journal } from '../../lib/spool/journal.ts';
import { directoryOfSpec } from './rig.ts';

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
