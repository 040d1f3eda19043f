// What other processes have left is taken over, whatever goes wrong with a part of it.
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FILE_HEADER, saltOf } from '../../lib/spool/segments/frames.ts';
import { Journal } from '../../lib/spool/segments/journal.ts';
import { HeldClock } from '../sender/rig.ts';
import {
  deliverAll,
  directoryOfSpec,
  filesIn,
  openSpool,
  recordWith,
  replaceInFs,
  systemError,
} from './rig.ts';

/** The name of what an owner has closed and left. */
const LEFT = 'left-0123456789abcdef.0';
/** The name of a segment. */
const NAME = '0000000001000000-0000000000000001-b4fbc261';
// Past the moment at which it is looked again.
const NEXT_LOOK_MS = 31_000;

/** Left by a process that has ended. */
function leave(directory: string, ...texts: string[]): void {
  const { spool } = openSpool(directory);
  spool.store(texts.map((text, at) => recordWith(text, { seq: at + 1 })));
  spool.close();
}

/** As where too many files are open for a moment. */
function failOnce(name: 'readFileSync' | 'readdirSync', isMeant: (path: string) => boolean): void {
  let hasFailed = false;
  replaceInFs(name, (real) => (path: string, ...rest: unknown[]): unknown => {
    if (hasFailed || !isMeant(path)) return Reflect.apply(real, undefined, [path, ...rest]);
    hasFailed = true;
    throw systemError('EMFILE');
  });
}

it('an empty directory that was taken over, and removed, does not end all later taking over', async () => {
  const directory = directoryOfSpec();
  // A process that was killed when all had been delivered.
  mkdirSync(join(directory, LEFT), { recursive: true });
  const { spool, clock, adopted, errors } = openSpool(directory);
  await clock.settle();
  leave(directory, 'left later');
  await clock.pass(NEXT_LOOK_MS);
  expect({ adopted, errors }).toEqual({ adopted: [1], errors: [] });
  expect(deliverAll(spool)).toEqual(['left later']);
  spool.close();
  expect(readdirSync(directory)).toEqual([]);
});

it('a directory that somebody has removed costs no other one its sign of life', async () => {
  const directory = directoryOfSpec();
  const { spool, clock, errors } = openSpool(directory);
  spool.store([recordWith('one')]);
  const [own = ''] = readdirSync(directory);
  leave(directory, 'left');
  await clock.pass(NEXT_LOOK_MS);
  rmSync(join(directory, own), { recursive: true });
  const [adopted = ''] = readdirSync(directory);
  await clock.pass(NEXT_LOOK_MS);
  expect(clock.systemTime() - statSync(join(directory, adopted)).mtimeMs).toBeLessThan(NEXT_LOOK_MS);
  expect(errors).toEqual([]);
  spool.close();
});

it('a file that is done with and cannot be removed does not end the process, or the taking over', async () => {
  const directory = directoryOfSpec();
  leave(directory, 'done with');
  const [segment = ''] = filesIn(directory);
  const name = basename(segment, '.seg');
  new Journal(segment.replace('.seg', '.ack'), saltOf(name)).note([
    { offset: FILE_HEADER.length, partition: undefined },
  ]);
  // As on a network drive that refuses it for a moment: in the place of a file stands what `rm` does not remove.
  mkdirSync(segment.replace('.seg', '.ack.new'));
  leave(directory, 'waiting');
  const rejections: unknown[] = [];
  const onRejection = (error: unknown): unknown => rejections.push(error);
  process.on('unhandledRejection', onRejection);
  onTestFinished(() => void process.off('unhandledRejection', onRejection));
  const { spool, clock, errors } = openSpool(directory);
  await clock.settle();
  expect({ isScanning: spool.scan !== undefined, rejections }).toEqual({ isScanning: false, rejections: [] });
  expect(errors.join()).toContain('.ack.new');
  expect(deliverAll(spool)).toEqual(['waiting']);
  leave(directory, 'left later');
  await clock.pass(NEXT_LOOK_MS);
  expect(deliverAll(spool)).toEqual(['left later']);
});

it('what was found while others were still being counted is waited for, too', async () => {
  const directory = directoryOfSpec();
  leave(directory, 'left');
  const clock = new HeldClock();
  // Each file takes longer than it takes until it is looked again.
  clock.soon = (fn) => void clock.after(40_000, fn);
  const { spool, adopted } = openSpool(directory, clock);
  leave(directory, 'left later');
  await clock.pass(41_000);
  expect({ adopted, isScanning: spool.scan !== undefined }).toEqual({ adopted: [1], isScanning: true });
  await clock.pass(40_000);
  expect({ adopted, isScanning: spool.scan !== undefined }).toEqual({ adopted: [1, 1], isScanning: false });
});

it.each<[string, 'readFileSync' | 'readdirSync', (path: string) => boolean]>([
  ['a file', 'readFileSync', (path) => path.endsWith('.seg')],
  ['a directory', 'readdirSync', (path) => path.endsWith('.0')],
])('%s that cannot be read at first (too many files are open) is read later', async (_, fn, isMeant) => {
  const directory = directoryOfSpec();
  leave(directory, 'one', 'two');
  failOnce(fn, isMeant);
  const { spool, clock, errors } = openSpool(directory);
  await clock.settle();
  expect({ errors, texts: deliverAll(spool) }).toEqual({ errors: ['EMFILE: refused'], texts: [] });
  await clock.pass(NEXT_LOOK_MS);
  expect(deliverAll(spool)).toEqual(['one', 'two']);
  await clock.pass(NEXT_LOOK_MS);
  expect({ errors, isScanning: spool.scan !== undefined }).toEqual({
    errors: ['EMFILE: refused'],
    isScanning: false,
  });
  spool.close();
  expect(readdirSync(directory)).toEqual([]);
});

it('what could not be read before the spool is closed is left to the next one', async () => {
  const directory = directoryOfSpec();
  leave(directory, 'one');
  failOnce('readFileSync', (path) => path.endsWith('.seg'));
  const first = openSpool(directory);
  await first.clock.settle();
  first.spool.close();
  await first.clock.pass(NEXT_LOOK_MS);
  const { spool, clock } = openSpool(directory);
  await clock.settle();
  expect({ texts: deliverAll(spool), adopted: first.adopted }).toEqual({ texts: ['one'], adopted: [] });
});

it('a file that is gone before it is read is not looked for again', async () => {
  const directory = directoryOfSpec();
  leave(directory, 'one');
  const { clock, errors } = openSpool(directory);
  for (const file of filesIn(directory)) rmSync(file);
  await clock.settle();
  expect(errors.length).toBe(1);
  await clock.pass(2 * NEXT_LOOK_MS);
  expect(errors.length).toBe(1);
});

it('a journal without its segment (killed between the two removals) is removed, too', async () => {
  const directory = directoryOfSpec();
  const path = join(directory, LEFT);
  mkdirSync(path, { recursive: true });
  for (const end of ['ack', 'ack.new']) writeFileSync(join(path, `${NAME}.${end}`), '');
  const { spool, clock, errors } = openSpool(directory);
  await clock.settle();
  expect(readdirSync(directory)).toEqual([]);
  spool.close();
  expect(errors).toEqual([]);
});

it('a clock that was set back between two processes does not turn the order of their records', async () => {
  const directory = directoryOfSpec();
  leave(directory, 'older', 'old');
  // A stranger's file, whose name is no number.
  const [segment = ''] = filesIn(directory);
  writeFileSync(join(dirname(segment), 'notes.seg'), '');
  const clock = new HeldClock();
  clock.wallOffset -= 60_000;
  const { spool } = openSpool(directory, clock);
  await clock.settle();
  spool.store([recordWith('young', { seq: 1 }), recordWith('younger', { seq: 2 })]);
  expect(deliverAll(spool)).toEqual(['older', 'old', 'young', 'younger']);
});
