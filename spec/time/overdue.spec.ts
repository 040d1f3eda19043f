import { expect, it } from 'vitest';
import { DeadlineError, withDeadline } from '../../lib/time/deadline.ts';
import { GRACE_MS, LATE_MS, whenOverdue } from '../../lib/time/overdue.ts';
import { deferred, HeldClock } from '../sender/rig.ts';

const LIMIT_MS = 100;

/** @returns how often it has called, after each of these waits; a negative one is a process that is frozen for so long */
async function callsAfter(...waits: readonly number[]): Promise<number[]> {
  const clock = new HeldClock();
  let calls = 0;
  whenOverdue(clock, LIMIT_MS, () => calls++);
  const seen: number[] = [];
  for (const ms of waits) {
    if (ms < 0) clock.now -= ms;
    await clock.pass(Math.max(0, ms));
    seen.push(calls);
  }
  return seen;
}

it('calls when the time is up', async () => {
  expect(await callsAfter(LIMIT_MS - 1, 1)).toEqual([0, 1]);
});

it('a timer that is a little late is in time', async () => {
  expect(await callsAfter(-(LIMIT_MS + LATE_MS - 1))).toEqual([1]);
});

it('after a pause of the process it waits for as long again, and then calls', async () => {
  expect(await callsAfter(-(LIMIT_MS + LATE_MS), LATE_MS - 1, 1)).toEqual([0, 0, 1]);
});

it('after a long pause it waits for a second, and then calls', async () => {
  expect(await callsAfter(-40_000, GRACE_MS - 1, 1)).toEqual([0, 0, 1]);
});

it('one pause after the other does not put it off for ever', async () => {
  expect(await callsAfter(-40_000, -40_000)).toEqual([0, 1]);
});

it('calls no more where it was ended during the pause', async () => {
  const clock = new HeldClock();
  let calls = 0;
  const end = whenOverdue(clock, LIMIT_MS, () => calls++);
  clock.now += 40_000;
  await clock.pass(0);
  end();
  await clock.pass(GRACE_MS);
  expect([calls, clock.armed]).toEqual([0, 0]);
});

it('an answer that came while the process was frozen is taken, and not given up', async () => {
  const clock = new HeldClock();
  const answer = deferred<string>();
  const outcome = withDeadline(answer.promise, LIMIT_MS, 'a send', clock);
  clock.now += 40_000;
  // The timers are due before the event loop looks at the sockets.
  await clock.pass(0);
  answer.resolve('an answer');
  expect(await outcome).toBe('an answer');
});

it('without an answer it is given up a second after the pause', async () => {
  const clock = new HeldClock();
  const outcome = withDeadline(new Promise(() => undefined), LIMIT_MS, 'a send', clock).catch(
    (error: unknown) => error,
  );
  clock.now += 40_000;
  await clock.pass(GRACE_MS);
  expect(await outcome).toEqual(new DeadlineError(`a send did not end within ${LIMIT_MS} ms`));
});
