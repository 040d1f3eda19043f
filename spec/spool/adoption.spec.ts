// What other processes have left is taken over, whatever goes wrong with a part of it.
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deliverAll, directoryOfSpec, openSpool, recordWith } from './rig.ts';

/** The name of what an owner has closed and left. */
const LEFT = 'left-0123456789abcdef.0';
// Past the moment at which it is looked again.
const NEXT_LOOK_MS = 31_000;

/** Left by a process that has ended. */
function leave(directory: string, ...texts: string[]): void {
  const { spool } = openSpool(directory);
  spool.store(texts.map((text, at) => recordWith(text, { seq: at + 1 })));
  spool.close();
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
