import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  canBeHandled,
  DEFAULT_SIGNALS,
  type SignalSubscriber,
  subscribe,
  unsubscribe,
} from '../../lib/process/signals.ts';
import { deferred } from '../sender/rig.ts';

// Nothing sends them here.
const ONE = 'SIGUSR2';
const OTHER = 'SIGWINCH';

interface Heard extends SignalSubscriber {
  readonly flushes: number[];
}

const all: SignalSubscriber[] = [];

function subscriberOf(signals: NodeJS.Signals[], flushed: Promise<unknown> = Promise.resolve()): Heard {
  const flushes: number[] = [];
  const subscriber: Heard = {
    signals,
    signalTimeoutMs: 3_000,
    flushes,
    flushForSignal: (timeoutMs) => {
      flushes.push(timeoutMs);
      return flushed;
    },
    giveUpForSignal: async () => expect.unreachable('the application decides'),
    exitForSignal: () => expect.unreachable('the application decides'),
  };
  all.push(subscriber);
  subscribe(subscriber);
  return subscriber;
}

/** The application has a handler of its own, so it decides when the process ends. */
function handleInApplication(signal: NodeJS.Signals): void {
  const handler = (): void => undefined;
  process.on(signal, handler);
  onTestFinished(() => {
    process.removeListener(signal, handler);
  });
}

afterEach(() => {
  for (const subscriber of all.splice(0)) unsubscribe(subscriber);
});

describe('handlers of signals', () => {
  it('are there for what somebody asks for, one each, and go with the last who does', () => {
    const counts = (): number[] => [ONE, OTHER].map((signal) => process.listenerCount(signal));
    const before = counts();
    const more = (...added: number[]): number[] => before.map((count, at) => count + (added[at] ?? 0));
    const first = subscriberOf([ONE]);
    const second = subscriberOf([ONE, OTHER]);
    subscribe(second);
    expect(counts()).toEqual(more(1, 1));
    unsubscribe(second);
    unsubscribe(second);
    expect(counts()).toEqual(more(1, 0));
    unsubscribe(first);
    expect(counts()).toEqual(before);
  });

  it('stand before those of the application: a once handler that was called is no longer to be seen', () => {
    handleInApplication(ONE);
    const before = process.listeners(ONE);
    subscriberOf([ONE]);
    expect(process.listeners(ONE).slice(1)).toEqual(before);
  });

  it.each(['prependListener', 'prependOnceListener'] as const)(
    'stand before those that the application puts first later on (%s)',
    async (method) => {
      subscriberOf([ONE]);
      const [ours] = process.listeners(ONE);
      const theirs = (): void => undefined;
      process[method](ONE, theirs);
      onTestFinished(() => void process.removeListener(ONE, theirs));
      await new Promise(process.nextTick);
      expect(process.listeners(ONE)).toEqual([ours, theirs]);
    },
  );

  it('come back when the application removes all, and adds its own', async () => {
    subscriberOf([ONE]);
    const [ours] = process.listeners(ONE);
    process.removeAllListeners(ONE);
    handleInApplication(ONE);
    await new Promise(process.nextTick);
    expect(process.listeners(ONE)[0]).toBe(ours);
  });

  // Node closes what listens for a signal with its last handler, and what is on its way then is heard by nobody.
  it('were none for a moment when they were put first again: a signal that came then was lost', async () => {
    subscriberOf([ONE]);
    const theirs = (): void => undefined;
    process.on(ONE, theirs).removeListener(ONE, theirs);
    const counts: number[] = [];
    const count = (event: string | symbol): void =>
      void (event === ONE && counts.push(process.listenerCount(ONE)));
    process.on('removeListener', count);
    onTestFinished(() => void process.removeListener('removeListener', count));
    await new Promise(process.nextTick);
    expect(counts).not.toContain(0);
    expect(process.listenerCount(ONE)).toBe(1);
  });

  it('stay behind those of another copy of the package: both would go first for ever', async () => {
    subscriberOf([ONE]);
    const [ours] = process.listeners(ONE);
    const theirs = Object.assign(() => undefined, { [Symbol.for('winston-kafkajs.signal-handler')]: {} });
    process.prependListener(ONE, theirs);
    onTestFinished(() => void process.removeListener(ONE, theirs));
    await new Promise(process.nextTick);
    expect(process.listeners(ONE)).toEqual([theirs, ours]);
  });

  it('are left as they are where a subscriber comes again, as it does with each record', () => {
    const subscriber = subscriberOf([ONE]);
    const touched: unknown[] = [];
    const touch = (event: unknown): void => void touched.push(event);
    process.on('removeListener', touch);
    onTestFinished(() => void process.removeListener('removeListener', touch));
    subscribe(subscriber);
    expect(touched).toEqual([]);
  });

  it('leave nothing on the process that listens for new ones', () => {
    const before = process.listenerCount('newListener');
    const subscriber = subscriberOf([ONE]);
    expect(process.listenerCount('newListener')).toBe(before + 1);
    unsubscribe(subscriber);
    expect(process.listenerCount('newListener')).toBe(before);
  });

  // Node's handle for the signal keeps the context that it was made in.
  it('are not called in the context of the request that logged first', async () => {
    const requests = new AsyncLocalStorage<string>();
    requests.run('a request', () => subscriberOf([ONE]));
    handleInApplication(ONE);
    const store = new Promise((resolve) => process.once(ONE, () => resolve(requests.getStore())));
    process.kill(process.pid, ONE);
    expect(await store).toBeUndefined();
  });

  it('are none for who asks for no signal', () => {
    const before = process.listenerCount(ONE);
    subscriberOf([]);
    expect(process.listenerCount(ONE)).toBe(before);
  });
});

describe('a signal that the application handles', () => {
  it('has those flush who asked for it, and ends nothing', async () => {
    handleInApplication(ONE);
    const flushed = deferred<void>();
    const asked = subscriberOf([ONE], flushed.promise);
    const other = subscriberOf([OTHER]);
    process.emit(ONE, ONE);
    expect([asked.flushes, other.flushes]).toEqual([[3_000], []]);
    flushed.resolve();
    await flushed.promise;
  });

  it('is that also beside signal-exit, which listens to other signals only', async () => {
    Object.assign(process, { __signal_exit_emitter__: { count: 1 } });
    onTestFinished(() => void Reflect.deleteProperty(process, '__signal_exit_emitter__'));
    handleInApplication(ONE);
    const asked = subscriberOf([ONE]);
    process.emit(ONE, ONE);
    await new Promise(setImmediate);
    expect(asked.flushes).toEqual([3_000]);
  });

  it('has them flush again the next time, although a flush has failed', async () => {
    handleInApplication(ONE);
    const asked = subscriberOf([ONE], Promise.reject(new Error('no')));
    process.emit(ONE, ONE);
    await new Promise(setImmediate);
    process.emit(ONE, ONE);
    expect(asked.flushes).toEqual([3_000, 3_000]);
    await new Promise(setImmediate);
  });
});

it.each([
  ['SIGTERM', true],
  ['SIGKILL', false],
  ['SIGSTOP', false],
  ['SIGNOTHING', false],
  ['toString', false],
  [15, false],
  [['SIGTERM'], false],
])('%s can be handled: %s', (signal, isPossible) => {
  expect(canBeHandled(signal)).toBe(isPossible);
});

it('those that containers, terminals and process managers send can be handled', () => {
  expect(DEFAULT_SIGNALS).toEqual(['SIGTERM', 'SIGINT', 'SIGHUP']);
  expect(DEFAULT_SIGNALS.every(canBeHandled)).toBe(true);
});
