// A process that stood still for so long (a paused container) that another machine has taken its directory over, and goes on.
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deliverAll, directoryOfSpec, openSpool, recordWith } from './rig.ts';

/** Taking over is renaming. */
function takeOver(directory: string): void {
  for (const name of readdirSync(directory))
    renameSync(join(directory, name), join(directory, 'left-0123456789abcdef.0'));
}

it('what it writes next is in a directory of its own, and not lost', async () => {
  const directory = directoryOfSpec();
  const paused = openSpool(directory);
  paused.spool.store([recordWith('one', { seq: 1 }), recordWith('two', { seq: 2 })]);
  takeOver(directory);
  const other = openSpool(directory);
  await other.clock.settle();
  expect(paused.spool.store([recordWith('three', { seq: 3 }), recordWith('four', { seq: 4 })])).toBe(true);
  expect(deliverAll(other.spool)).toEqual(['one', 'two']);
  expect(deliverAll(paused.spool)).toEqual(['three', 'four']);
  expect(other.errors).toEqual([]);
});

it('what cannot be sent and what can are written to the same one, which is left to others at the end', () => {
  const directory = directoryOfSpec();
  const { spool } = openSpool(directory);
  spool.store([recordWith('sent', { seq: 1 })]);
  spool.store([recordWith('held', { seq: 2 })], 'held');
  takeOver(directory);
  spool.store([recordWith('sent later', { seq: 3 })]);
  spool.store([recordWith('held later', { seq: 4 })], 'held');
  expect(readdirSync(directory).length).toBe(2);
  spool.close();
  expect(readdirSync(directory).filter((name) => !name.startsWith('left-'))).toEqual([]);
});
