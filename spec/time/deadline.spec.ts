import { expect, it, onTestFinished } from 'vitest';
import { MAX_DELAY_MS, type Timer } from '../../lib/time/clock.ts';
import { DeadlineError, withDeadline } from '../../lib/time/deadline.ts';
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

it('waits for longer where the limit has grown, and ends when it grows no more', async () => {
  const clock = new HeldClock();
  let limit = 150;
  const outcome = withDeadline(new Promise(() => undefined), () => limit, 'a send', clock).catch(String);
  await clock.pass(149);
  limit = 180;
  await clock.pass(30);
  expect(clock.armed).toBe(1);
  await clock.pass(1);
  expect(await outcome).toBe('DeadlineError: a send did not end within 180 ms');
});

/** A clock whose longer timers fire a millisecond early, as Node's do: they count from the time at which a turn began. */
class EarlyClock extends HeldClock {
  override after(ms: number, fn: () => void): Timer {
    return super.after(ms > 1 ? ms - 1 : ms, fn);
  }
}

it('names its limit, and keeps to it, when a timer fires early', async () => {
  const clock = new EarlyClock();
  const outcome = withDeadline(new Promise(() => undefined), () => 100, 'a send', clock).catch(String);
  await clock.pass(99);
  expect(clock.armed).toBe(1);
  await clock.pass(1);
  expect(await outcome).toBe('DeadlineError: a send did not end within 100 ms');
});

it('span, with a warning of Node each time, where a pause made the limit longer than a timer can be', async () => {
  const delays: number[] = [];
  class NotingClock extends HeldClock {
    override after(ms: number, fn: () => void): Timer {
      delays.push(ms);
      return super.after(ms, fn);
    }
  }
  const clock = new NotingClock();
  const outcome = withDeadline(new Promise(() => undefined), MAX_DELAY_MS + 5, 'a send', clock).catch(String);
  await clock.pass(MAX_DELAY_MS);
  await clock.pass(5);
  expect(await outcome).toBe(`DeadlineError: a send did not end within ${MAX_DELAY_MS + 5} ms`);
  expect(delays).toEqual([MAX_DELAY_MS, 5]);
});
