// The steps one by one, which the processes of spec/scenarios/exits/signals.spec.ts take as a whole: nothing here ends this one.
import { constants } from 'node:os';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { type SignalSubscriber, subscribe, unsubscribe } from '../../lib/process/signals.ts';
import { systemClock } from '../../lib/time/clock.ts';
import { deferred } from '../sender/rig.ts';

// Nothing sends them here.
const ONE = 'SIGUSR2';
const OTHER = 'SIGWINCH';

/** What is done, in its order. */
let steps: string[];
const all: SignalSubscriber[] = [];
const listeners = (): number[] => [ONE, OTHER].map((signal) => process.listenerCount(signal));

beforeEach(() => {
  steps = [];
  vi.spyOn(process, 'kill').mockImplementation((_pid, signal) => {
    steps.push(`${signal}, handlers: ${listeners()}`);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const subscriber of all.splice(0)) unsubscribe(subscriber);
});

function subscriberOf(
  signals: NodeJS.Signals[],
  name: string,
  flushed: Promise<unknown> = Promise.resolve(),
) {
  const subscriber: SignalSubscriber = {
    signals,
    signalTimeoutMs: 3_000,
    flushForSignal: (timeoutMs) => {
      steps.push(`${name} flushes for ${timeoutMs} ms`);
      return flushed;
    },
    giveUpForSignal: async () => {
      steps.push(`${name} gives up`);
      await turn();
      steps.push(`${name} has given up`);
    },
    exitForSignal: () => steps.push(`${name} exits`),
  };
  all.push(subscriber);
  subscribe(subscriber);
}

function handleInApplication(handler: () => void = () => undefined): () => void {
  process.on(ONE, handler);
  const remove = (): void => void process.removeListener(ONE, handler);
  onTestFinished(remove);
  return remove;
}

const raised = (): void => void process.emit(ONE, ONE);
const turn = (): Promise<void> => new Promise(setImmediate);
const allIsDone = async (): Promise<void> => {
  for (let turns = 0; turns < 3; turns++) await turn();
};

it('is raised again, without a handler of ours, when all is flushed and given up', async () => {
  const none = listeners();
  subscriberOf([ONE], 'one');
  subscriberOf([OTHER], 'other');
  // `signals: false`
  subscriberOf([], 'third');
  raised();
  expect(steps).toEqual(['one flushes for 3000 ms']);
  await allIsDone();
  expect(steps.slice(1)).toEqual([
    'one gives up',
    'one has given up',
    'one exits',
    'other exits',
    'third exits',
    `${ONE}, handlers: ${none}`,
  ]);
});

it('a second time ends the process at once, and only once', async () => {
  const none = listeners();
  const flushed = deferred<void>();
  subscriberOf([ONE], 'one', flushed.promise);
  raised();
  raised();
  expect(steps).toEqual(['one flushes for 3000 ms', 'one exits', `${ONE}, handlers: ${none}`]);
  flushed.resolve();
  await allIsDone();
  expect(steps.length).toBe(3);
});

it('is raised again for a handler that the application has added meanwhile, which decides', async () => {
  const [before = 0, other] = listeners();
  subscriberOf([ONE], 'one');
  raised();
  handleInApplication();
  await allIsDone();
  expect(steps.splice(0)).toEqual([
    'one flushes for 3000 ms',
    'one gives up',
    'one has given up',
    `${ONE}, handlers: ${[before + 2, other]}`,
  ]);
  raised();
  await allIsDone();
  expect(steps).toEqual(['one flushes for 3000 ms']);
});

it('counts from the first time, where the application raises it again as NestJS does', async () => {
  const clock = vi.spyOn(systemClock, 'monotonic').mockReturnValue(1_000);
  const flushed = deferred<void>();
  subscriberOf([ONE], 'one', flushed.promise);
  const remove = handleInApplication();
  raised();
  raised();
  clock.mockReturnValue(1_800);
  remove();
  raised();
  expect(steps.splice(0)).toEqual([3_000, 3_000, 2_200].map((ms) => `one flushes for ${ms} ms`));
  handleInApplication();
  clock.mockReturnValue(9_000);
  raised();
  expect(steps.splice(0)).toEqual(['one flushes for 0 ms']);
  flushed.resolve();
  await allIsDone();
  // Those before it have nothing to say any more.
  expect(steps).toEqual([]);
});

it('is raised by the copy of the package that has flushed last', async () => {
  const none = listeners();
  const copy = { isReady: () => false, end: () => steps.push('the other copy ends') };
  const key = Symbol.for('winston-kafkajs.signal-handler');
  const flushed = deferred<void>();
  subscriberOf([ONE], 'one', flushed.promise);
  const theirs = Object.assign(() => undefined, { [key]: copy });
  process.on(ONE, theirs);
  onTestFinished(() => void process.removeListener(ONE, theirs));
  const ours = (process.listeners(ONE)[0] as unknown as Record<symbol, typeof copy>)[key];
  expect(ours?.isReady()).toBe(true);
  raised();
  expect(ours?.isReady()).toBe(false);
  flushed.resolve();
  await allIsDone();
  expect(steps.splice(0)).toEqual(['one flushes for 3000 ms', 'one gives up', 'one has given up']);
  expect(ours?.isReady()).toBe(true);
  // It has flushed, too, and ends this one.
  ours?.end();
  expect(steps.splice(0)).toEqual(['one exits']);
  expect(listeners()).toEqual([(none[0] ?? 0) + 1, none[1]]);
  // The other way round: this one is last.
  subscriberOf([ONE], 'one');
  copy.isReady = () => true;
  raised();
  await allIsDone();
  expect(steps.slice(3)).toEqual([
    'one exits',
    'the other copy ends',
    `${ONE}, handlers: ${[(none[0] ?? 0) + 1, none[1]]}`,
  ]);
});

it('is raised again, and all is given up, where the application has taken our handler off meanwhile', async () => {
  subscriberOf([ONE], 'one');
  raised();
  process.removeAllListeners(ONE);
  await allIsDone();
  expect(steps.slice(3)).toEqual(['one exits', `${ONE}, handlers: ${listeners()}`]);
});

it('ends process 1, which lives on after it, with the code of a process that it has ended', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const own = Object.getOwnPropertyDescriptor(process, 'pid') as PropertyDescriptor;
  onTestFinished(() => void Object.defineProperty(process, 'pid', own));
  for (const pid of [2, 1]) {
    subscriberOf([ONE], 'one');
    Object.defineProperty(process, 'pid', { ...own, value: pid });
    raised();
    await allIsDone();
    expect(exit.mock.calls).toEqual(pid === 1 ? [[128 + constants.signals[ONE]]] : []);
  }
});
