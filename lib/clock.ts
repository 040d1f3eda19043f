import { AsyncResource } from 'node:async_hooks';
import { recordTime } from './record-time.ts';

export type Timer = ReturnType<typeof setTimeout>;

/** setTimeout's longest delay (2^31 - 1 ms): beyond it Node fires at once, with a warning. */
export const MAX_DELAY_MS = 2_147_483_647;

/** Time, as everything in `lib` gets it: injected, so that specs can hold it still. */
export interface Clock {
  /** Epoch milliseconds, whole and not negative: for timestamps. */
  wall(): number;
  /** Milliseconds that never jump: for waiting. */
  monotonic(): number;
  /** Calls `fn` after `ms`. Does not keep the process alive unless `keepAlive`. */
  after(ms: number, fn: () => void, keepAlive?: boolean): Timer;
  cancel(timer: Timer | undefined): void;
  /** Calls `fn` once the running code has returned to the event loop. */
  soon(fn: () => void): void;
}

/**
 * The asynchronous context in which this module was loaded. Timers are armed from inside it: one that is armed
 * in `log()` would otherwise live in the context of the request that logged, keep that request's store alive,
 * and run the transport's work as if it were the request's.
 */
const neutral = new AsyncResource('winston-kafkajs');

export const systemClock: Clock = {
  // Anybody may have put something else in place of it.
  wall: () => recordTime(Date.now()),
  monotonic: () => performance.now(),
  after(ms, fn, keepAlive = false) {
    const timer = neutral.runInAsyncScope(setTimeout, undefined, fn, ms) as Timer;
    if (!keepAlive) timer.unref();
    return timer;
  },
  cancel: (timer) => clearTimeout(timer),
  soon(fn) {
    neutral.runInAsyncScope(setImmediate, undefined, fn);
  },
};
