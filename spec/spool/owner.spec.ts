import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { Owner, touch } from '../../lib/spool/owner.ts';
import { directoryOfSpec, replaceInFs, systemError } from './rig.ts';

const NOW = 1_800_000_000_000;

function made(base: string, name: string): string {
  const path = join(base, name);
  mkdirSync(path, { recursive: true });
  touch(path, NOW);
  return path;
}

/** The name that a process would give its directory, with parts of it changed. */
function nameWith(change: { where?: string; pid?: number; start?: string }): string {
  const [where, pid, start, rest] = new Owner().nextName().split('-');
  return [change.where ?? where, change.pid ?? pid, change.start ?? start, rest].join('-');
}

function gonePid(): number {
  return spawnSync(process.execPath, ['-e', '0']).pid;
}

it.each<[string, string, boolean]>([
  ['of a process that is gone', nameWith({ pid: gonePid(), start: '1' }), true],
  ['of a process that had the id of one that lives', nameWith({ pid: process.ppid, start: '1' }), true],
  ['of this very process, but from an earlier life', nameWith({ start: '1' }), true],
  ['that its owner has closed', 'left-0123456789abcdef.0', true],
  ['of an owner that lives', new Owner().nextName(), false],
  [
    'of a process that lives, and could not tell its start',
    nameWith({ pid: process.ppid, start: '0' }),
    false,
  ],
  ['of another machine, that has just been heard of', nameWith({ where: '0123456789ab', pid: 1 }), false],
  ['that is no owner’s', 'lost+found', false],
])('a directory %s: taken over or not', (_, name, isTaken) => {
  const base = directoryOfSpec();
  made(base, name);
  expect(new Owner().adoptAll(base, NOW).length).toBe(isTaken ? 1 : 0);
  expect(readdirSync(base).includes(name)).toBe(!isTaken);
});

it('one of another machine is taken over when it has been silent for two minutes', () => {
  const base = directoryOfSpec();
  const path = made(base, nameWith({ where: '0123456789ab' }));
  expect(new Owner().adoptAll(base, NOW + 119_000)).toEqual([]);
  touch(path, NOW + 60_000);
  expect(new Owner().adoptAll(base, NOW + 179_000)).toEqual([]);
  utimesSync(path, NOW / 1000, NOW / 1000);
  expect(new Owner().adoptAll(base, NOW + 121_000).length).toBe(1);
});

it('what an owner has taken over is its own, until it leaves it', () => {
  const base = directoryOfSpec();
  made(base, nameWith({ start: '1' }));
  const [first, second] = [new Owner(), new Owner()];
  const [taken] = first.adoptAll(base, NOW);
  expect(readdirSync(base)).toEqual([basename(taken ?? '')]);
  expect(second.adoptAll(base, NOW)).toEqual([]);
  first.leave(taken ?? '');
  expect(second.adoptAll(base, NOW).length).toBe(1);
});

it('one of a process that lives is not taken over while its start cannot be read', () => {
  const base = directoryOfSpec();
  made(base, new Owner().nextName());
  const other = new Owner();
  // Too many files are open.
  replaceInFs('readFileSync', (real) => (path: string, ...rest: unknown[]): unknown => {
    if (String(path).startsWith('/proc/')) throw systemError('EMFILE');
    return Reflect.apply(real, undefined, [path, ...rest]);
  });
  expect(other.adoptAll(base, NOW)).toEqual([]);
});
