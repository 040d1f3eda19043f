import { expect, it, onTestFinished } from 'vitest';
import { DeadlineError, withDeadline } from '../../lib/util/deadline.ts';
import { deferred, HeldClock } from '../sender/rig.ts';

it('gives what the promise gives, and leaves no timer behind', async () => {
  const clock = new HeldClock();
  await expect(withDeadline(Promise.resolve('done'), 100, 'it', clock)).resolves.toBe('done');
  await expect(withDeadline(Promise.reject(new Error('no')), 100, 'it', clock)).rejects.toThrow('no');
  expect(clock.armed).toBe(0);
});

it('ends with an error of its own when the time is up', async () => {
  const clock = new HeldClock();
  const outcome = withDeadline(new Promise(() => undefined), 100, 'a send', clock).catch(
    (error: Error) => error,
  );
  await clock.pass(99);
  expect(clock.armed).toBe(1);
  await clock.pass(1);
  const error = await outcome;
  expect(error).toBeInstanceOf(DeadlineError);
  expect(String(error)).toBe('DeadlineError: a send did not end within 100 ms');
  expect(clock.armed).toBe(0);
});

it('a rejection that comes too late does not end the process', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): number => unhandled.push(error);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const clock = new HeldClock();
  const late = deferred<never>();
  const outcome = withDeadline(late.promise, 100, 'it', clock).catch(() => 'late');
  await clock.pass(100);
  late.reject(new Error('too late'));
  await clock.settle();
  expect([await outcome, unhandled]).toEqual(['late', []]);
});

it('waits for longer where there is reason to, and ends when there is none any more', async () => {
  const clock = new HeldClock();
  let until = 150;
  const outcome = withDeadline(
    new Promise(() => undefined),
    100,
    'a send',
    clock,
    false,
    () => until - clock.now,
  ).catch(String);
  await clock.pass(100);
  until = 180;
  await clock.pass(79);
  expect(clock.armed).toBe(1);
  await clock.pass(1);
  expect(await outcome).toBe('DeadlineError: a send did not end within 180 ms');
});
