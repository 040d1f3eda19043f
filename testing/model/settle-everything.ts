// The end of a model's schedule: nothing fails any more, and all has to be settled in a bounded time.
import { readdirSync } from 'node:fs';
import { CLOSED_MS } from './process.ts';
import { ODD } from './seen-records.ts';
import type { ModelWorld } from './world.ts';

// How long everything may take to be settled, once nothing fails any more.
const HEALED_MS = 300_000;
// Until a process has looked for what others have left.
const LOOK_AROUND_MS = 31_000;
// Until it is found out which records cannot be encoded.
const SEARCH_MS = 300_000;

/** What is on disk is settled by the next process. */
export async function settleEverything(world: ModelWorld): Promise<void> {
  world.broker.heal();
  world.disk.mend();
  world.registry.state = 'here';
  // What is being closed has been closed.
  await world.pass(CLOSED_MS);
  for (const [slot, process] of world.processes.entries()) if (process.lifecycle.isClosed) world.start(slot);
  await settleOthers(world);
  world.broker.encodesAll = true;
  await settleAll(world, 'once nothing failed any more');
  for (const process of world.processes) world.end(process);
  world.processes.length = 1;
  world.start(0);
  await world.pass(LOOK_AROUND_MS);
  await settleAll(world, 'by the next process');
  const left = readdirSync(world.directory, { recursive: true }).filter((file) => file !== 'spool');
  if (left.length > 0) world.problems.push(`still in the spool: ${left.join(', ')}`);
  for (const { id } of world.records.missing) world.problems.push(`${id} is lost`);
}

/** Records that cannot be encoded must not hold others up. */
async function settleOthers(world: ModelWorld): Promise<void> {
  const { spool, maxRecords, slots } = world.shape;
  // In a memory of a few records, queues that are held leave each other no room for the second one that would show it.
  const isTiny = spool !== 'none' && maxRecords < 60;
  if (isTiny || ![...world.records].some(({ mark }) => mark === ODD)) return;
  for (const process of world.processes) world.flush(process, SEARCH_MS);
  await world.pass(SEARCH_MS + 1);
  // What an earlier process has left may not have been taken over yet.
  const waiting = world.started > slots ? [] : world.records.missing.filter(({ mark }) => mark !== ODD);
  const ids = waiting.map(({ id }) => id).join(' ');
  if (ids !== '') world.problems.push(`${ids} wait behind what cannot be encoded`);
}

/** Flushes and closes each process: nothing is to be left. */
async function settleAll(world: ModelWorld, when: string): Promise<void> {
  const flushes = world.processes.map((process) => world.flush(process, HEALED_MS));
  await world.clock.pass(HEALED_MS + 1_000, () => flushes.every(({ report }) => report !== undefined));
  world.check(when);
  for (const { report, process } of flushes) {
    const { unsettled, inMemory, inMemoryBytes, queuedBytes } = process.ledger;
    const left = unsettled + inMemory + inMemoryBytes + queuedBytes;
    if (report?.pending !== 0 || left > 0)
      world.problems.push(`not all is settled ${when}: ${JSON.stringify([report, process.ledger])}`);
    world.close(process);
  }
  await world.pass(CLOSED_MS);
  world.check(when);
}
