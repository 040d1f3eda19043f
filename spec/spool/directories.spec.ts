import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Directories, removeIfEmpty, removeLeftovers, segmentsIn } from '../../lib/spool/directories.ts';
import { directoryOfSpec, filesIn, replaceInFs, systemError } from './rig.ts';

const NOW = 1_700_000_000_000;

/** Those of one owner, and what went wrong. */
function owned(base: string = directoryOfSpec()) {
  const directories = new Directories(base);
  const errors: unknown[] = [];
  const look = (now = NOW): string[] => directories.lookAround(now, (error) => errors.push(error));
  return { base, directories, errors, look };
}

const isPrivate = (path: string): boolean => (statSync(path).mode & 0o777) === 0o700;
const touchedAt = (path: string): number => statSync(path).mtimeMs;

/** A directory that its owner has left, with a segment in it. */
function left(base: string): void {
  const { directories } = owned(base);
  writeFileSync(join(directories.own(), '1.seg'), '');
  directories.resign();
}

describe('its own directory', () => {
  it('is made when it is asked for, for nobody else to read, and once', () => {
    const { base, directories, look } = owned();
    expect(look()).toEqual([]);
    expect([isPrivate(base), readdirSync(base)]).toEqual([true, []]);
    const own = directories.own();
    expect([directories.own(), isPrivate(own), readdirSync(base)]).toEqual([own, true, [basename(own)]]);
  });

  it('is another one where somebody has removed it', () => {
    const { base, directories } = owned();
    const own = directories.own();
    rmSync(own, { recursive: true });
    const next = directories.own();
    expect(next).not.toBe(own);
    expect(readdirSync(base)).toEqual([basename(next)]);
  });

  it('is not to be had where the base cannot be made', () => {
    const base = directoryOfSpec();
    writeFileSync(base, 'a file');
    const { directories, errors, look } = owned(base);
    expect(() => directories.own()).toThrow('ENOTDIR');
    expect(look()).toEqual([]);
    expect(errors).toMatchObject([{ code: 'EEXIST' }]);
  });
});

describe('looking around', () => {
  it('takes over what others have left, once', () => {
    const { base, look, errors } = owned();
    left(base);
    const [taken = '', ...others] = look();
    expect([readdirSync(base), others]).toEqual([[basename(taken)], []]);
    expect(filesIn(base)).toEqual([join(taken, '1.seg')]);
    expect([look(), errors]).toEqual([[], []]);
  });

  it('takes over nothing of an owner that lives', () => {
    const { base, directories } = owned();
    directories.own();
    expect(owned(base).look()).toEqual([]);
  });

  it('gives a sign of life in each of its directories', () => {
    const { base, directories, look } = owned();
    left(base);
    const [taken = ''] = look();
    const own = directories.own();
    look(NOW + 30_000);
    expect([touchedAt(own), touchedAt(taken)]).toEqual([NOW + 30_000, NOW + 30_000]);
  });

  it('forgets those that have gone, and says nothing of that', () => {
    const { base, directories, errors, look } = owned();
    left(base);
    left(base);
    const [one = '', other = ''] = look();
    const own = directories.own();
    rmSync(one, { recursive: true });
    look(NOW + 500);
    expect(directories.own()).toBe(own);
    rmSync(own, { recursive: true });
    look(NOW + 1_000);
    expect([errors, touchedAt(other)]).toEqual([[], NOW + 1_000]);
    // They are nobody's: also where they are there again.
    for (const path of [one, own]) mkdirSync(path);
    look(NOW + 2_000);
    expect(touchedAt(one)).not.toBe(NOW + 2_000);
    expect(touchedAt(own)).not.toBe(NOW + 2_000);
    expect(directories.own()).not.toBe(own);
  });
});

describe('resigning', () => {
  it('removes what is empty, and leaves the rest to anybody', () => {
    const { base, directories, look } = owned();
    left(base);
    const [taken = ''] = look();
    const own = directories.own();
    directories.resign();
    expect([existsSync(own), existsSync(taken)]).toEqual([false, false]);
    const [found = ''] = owned(base).look();
    expect(readdirSync(found)).toEqual(['1.seg']);
  });

  it('is nothing where there is nothing', () => {
    const { base, directories } = owned();
    directories.resign();
    expect(existsSync(base)).toBe(false);
  });
});

it('segments are what is called so', () => {
  const { directories } = owned();
  const own = directories.own();
  for (const name of ['1.seg', '2.seg', '2.ack', 'seg', '3.seg.new']) writeFileSync(join(own, name), '');
  expect(segmentsIn(own).map(({ name }) => name)).toEqual(['1', '2']);
  expect(() => segmentsIn(join(own, 'not-there'))).toThrow('ENOENT');
});

it('journals whose segments are gone are removed, and the directory, where nothing is left', () => {
  const { directories } = owned();
  const own = directories.own();
  for (const name of ['1.seg', '1.ack', '1.ack.new', '2.ack', '3.ack.new', '.ack', 'other'])
    writeFileSync(join(own, name), '');
  removeLeftovers(own);
  expect(readdirSync(own).sort()).toEqual(['.ack', '1.ack', '1.ack.new', '1.seg', 'other']);
  for (const name of readdirSync(own)) rmSync(join(own, name));
  writeFileSync(join(own, '4.ack'), '');
  removeLeftovers(own);
  expect(existsSync(own)).toBe(false);
  // It may have been removed meanwhile.
  removeLeftovers(own);
  removeIfEmpty(own);
});

describe('a directory that cannot be made', () => {
  // mkdir below /proc fails with ENOENT although /proc is there: with `recursive`, Node 20 tries that for ever.
  it('is told, and not tried without end, where the system says that the one above is missing', () => {
    const base = directoryOfSpec();
    mkdirSync(base);
    const asked: unknown[] = [];
    replaceInFs('mkdirSync', (mkdir) => (path: string, options: object) => {
      asked.push([path, options]);
      if (path.startsWith(join(base, 'odd'))) throw systemError('ENOENT');
      return mkdir(path, options);
    });
    const { errors, look } = owned(join(base, 'odd', 'spool'));
    look();
    expect(errors).toEqual([systemError('ENOENT')]);
    const options = { mode: 0o700 };
    expect(asked).toEqual([
      [join(base, 'odd', 'spool'), options],
      [join(base, 'odd'), options],
      [base, options],
      [join(base, 'odd'), options],
    ]);
  });

  it('is told where a file stands in its way', () => {
    const base = directoryOfSpec();
    mkdirSync(base);
    writeFileSync(join(base, 'file'), '');
    for (const path of [join(base, 'file'), join(base, 'file', 'spool')]) {
      const { errors, look } = owned(path);
      look();
      expect(errors).toEqual([expect.objectContaining({ syscall: 'mkdir' })]);
    }
  });

  it('is made by whoever comes first', () => {
    const base = directoryOfSpec();
    replaceInFs('mkdirSync', (mkdir) => (path: string, options: object) => {
      // Another process makes it a moment before.
      mkdir(path, { ...options, recursive: true });
      return mkdir(path, options);
    });
    const { errors, look } = owned(join(base, 'some', 'spool'));
    look();
    expect(errors).toEqual([]);
    expect(isPrivate(join(base, 'some', 'spool'))).toBe(true);
  });
});
