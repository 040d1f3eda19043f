import { AsyncResource } from 'node:async_hooks';
import { recordTime } from './record-time.ts';
import { applicationTime, monotonicTime, systemTime, systemTimers, type Timer } from './system-timers.ts';

export type { Timer } from './system-timers.ts';

/** setTimeout's longest delay (2^31 - 1 ms): beyond it Node fires at once, with a warning. */
export const MAX_DELAY_MS = 2_147_483_647;

/** Time, as everything in `lib` gets it: injected, so that specs can hold it still. */
export interface Clock {
  /**
   * Epoch milliseconds by the application's `Date`, which its tests may have set, whole and not negative: for the timestamps of
   * records.
   */
  wall(): number;
  /** Epoch milliseconds by the system's clock: for everything else that has a date. */
  systemTime(): number;
  /** Milliseconds that never jump: for waiting. */
  monotonic(): number;
  /** Calls `fn` after `ms`. Does not keep the process alive unless `keepAlive`. */
  after(ms: number, fn: () => void, keepAlive?: boolean): Timer;
  cancel(timer: Timer | undefined): void;
  /** Calls `fn` once the running code has returned to the event loop. */
  soon(fn: () => void): void;
}

/**
 * The asynchronous context in which it was made, and nothing that is under way. Who looks for what keeps a process alive takes a resource
 * without `hasRef` for such a thing: `jest --detectOpenHandles` does (@jest/core/src/collectHandles.ts, `alwaysActive`).
 */
export class Context extends AsyncResource {
  constructor() {
    super('winston-kafkajs');
  }

  hasRef(): boolean {
    return false;
  }
}

/**
 * The asynchronous context in which this module was loaded. Timers are armed from inside it: one that is armed
 * in `log()` would otherwise live in the context of the request that logged, keep that request's store alive,
 * and run the transport's work as if it were the request's.
 */
const neutral = new Context();

/** Runs `fn` there: what it makes (a handle for a signal, say) may live longer than the request that logged. */
export function runOutsideRequests(fn: () => void): void {
  neutral.runInAsyncScope(fn);
}

export const systemClock: Clock = {
  // Anybody may have put something else in place of it.
  wall: () => recordTime(applicationTime()),
  systemTime,
  monotonic: monotonicTime,
  after(ms, fn, keepAlive = false) {
    return neutral.runInAsyncScope(systemTimers.start, undefined, ms, fn, keepAlive);
  },
  cancel(timer) {
    if (timer !== undefined) systemTimers.stop(timer);
  },
  soon(fn) {
    neutral.runInAsyncScope(systemTimers.soon, undefined, fn);
  },
};
