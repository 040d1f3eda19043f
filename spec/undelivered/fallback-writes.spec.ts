import { AsyncResource } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import TransportStream from 'winston-transport';
import { isGuarded } from '../../lib/loop-safety/guard.ts';
import { FallbackWrites } from '../../lib/undelivered/fallback-writes.ts';
import { deferred, HeldClock } from '../sender/rig.ts';

const transport = new TransportStream({ log: () => undefined });

describe('a transport as fallback', () => {
  it('is waited for until it has written, twice in a row', async () => {
    const clock = new HeldClock();
    let isWritten = false;
    const writes = new FallbackWrites(transport, clock, () => isWritten);
    writes.onRecord(undefined);
    let isDone = false;
    const done = writes.done(1_000).then(() => {
      isDone = true;
    });
    await clock.pass(500);
    expect([isDone, writes.isDone]).toEqual([false, false]);
    isWritten = true;
    await clock.pass(5);
    isWritten = false;
    await clock.pass(50);
    isWritten = true;
    await clock.pass(5);
    expect(isDone).toBe(false);
    await clock.pass(5);
    await done;
    expect(writes.isDone).toBe(true);
  });

  it('is waited for no longer than it may take', async () => {
    const clock = new HeldClock();
    const writes = new FallbackWrites(transport, clock, () => false);
    writes.onRecord(undefined);
    const done = writes.done(1_000);
    await clock.pass(999);
    expect(clock.armed).toBe(1);
    await clock.pass(1);
    await done;
  });

  it('is not waited for where it has got nothing', async () => {
    const clock = new HeldClock();
    await new FallbackWrites(transport, clock, () => false).done(1_000);
    expect(clock.armed).toBe(0);
  });
});

/** Its writes end with its calls: it has no streams. */
const writesTo = (fallback: () => unknown, clock: HeldClock): FallbackWrites =>
  new FallbackWrites(fallback, clock, () => true);

describe('a function as fallback', () => {
  it('that returns no promise is taken to go on for 10 s, from its second call on', async () => {
    const clock = new HeldClock();
    const writes = writesTo(() => undefined, clock);
    const call = (): AsyncResource => {
      const made = writes.guarded(() => new AsyncResource('made')) as AsyncResource;
      writes.onRecord(undefined);
      return made;
    };
    const made = [call(), call()];
    await clock.pass(500);
    made.push(call());
    // Calls within a second end together.
    expect(clock.armed).toBe(2);
    await clock.pass(500);
    made.push(call());
    const are = (): boolean[] => made.map((one) => one.runInAsyncScope(isGuarded));
    expect(are()).toEqual([false, true, true, true]);
    await clock.pass(9_000);
    expect(are()).toEqual([false, false, false, true]);
    await clock.pass(1_000);
    expect(are()).toEqual([false, false, false, false]);
  });

  it('one call of which never ended kept from Kafka what other calls had made', async () => {
    const clock = new HeldClock();
    const writes = writesTo(async () => undefined, clock);
    const made: AsyncResource[] = [];
    const call = (promise: Promise<void>): unknown =>
      writes.guarded(() => {
        made.push(new AsyncResource('made'));
        return promise;
      });
    void call(new Promise(() => undefined));
    await call(Promise.resolve());
    const are = (): boolean[] => made.map((one) => one.runInAsyncScope(isGuarded));
    await clock.pass(9_999);
    expect(are()).toEqual([true, true]);
    await clock.pass(1);
    expect(are()).toEqual([true, false]);
  });

  it('is waited for where it is async, also if it fails', async () => {
    const clock = new HeldClock();
    const writes = writesTo(() => undefined, clock);
    const [one, other] = [deferred<void>(), deferred<void>()];
    writes.onRecord(one.promise);
    writes.onRecord(other.promise);
    writes.onRecord(undefined);
    const done = writes.done(1_000);
    one.resolve();
    await clock.pass(5);
    expect(writes.isDone).toBe(false);
    other.reject(new Error('no'));
    await clock.pass(5);
    await done;
    expect(writes.isDone).toBe(true);
  });

  it('is not waited for where it is not', async () => {
    const clock = new HeldClock();
    const writes = writesTo(() => undefined, clock);
    writes.onRecord(undefined);
    await writes.done(1_000);
    expect(clock.armed).toBe(0);
  });
});
