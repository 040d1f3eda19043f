// The timers and clocks of the system, whatever a test has put in place of the global ones. A `flush()` that waits for a
// faked timer never ends, and neither does the test process. So everything in `lib` takes them from here, and Biome refuses
// the globals elsewhere.
//
// They are read once, when this module is loaded, and kept: jest, vitest and sinon fake by assignment to `globalThis`, and
// sinon, vitest and node:test to the module object of `node:timers` as well, which an `import` of it follows.
//
// Where they have been faked before that, nothing in `node:timers` is real any more. What Node makes of its own timers
// for others is: a socket's `setTimeout` (lib/internal/stream_base_commons.js, `setStreamTimeout`), and a message port,
// whose messages come with the next turn of the event loop.
import { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import * as timers from 'node:timers';
import { runInNewContext } from 'node:vm';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** To be given to {@link SystemTimers.stop}. */
export type Timer = object;

/** Calls later, by the time of the system. */
export interface SystemTimers {
  /** Calls `fn` after `ms`. The process does not end before if `keepAlive`. */
  start(ms: number, fn: () => void, keepAlive: boolean): Timer;
  stop(timer: Timer): void;
  /** Calls `fn` once the running code has returned to the event loop. The process does not end before. */
  soon(fn: () => void): void;
}

const { setTimeout, clearTimeout, setImmediate, clearImmediate } = timers;
const { uptime, nextTick } = process;

const ofNode: SystemTimers = {
  start(ms, fn, keepAlive) {
    const timer = setTimeout(fn, ms);
    if (!keepAlive) timer.unref();
    return timer;
  },
  stop: (timer) => clearTimeout(timer as NodeJS.Timeout),
  soon: (fn) => void setImmediate(fn),
};

/** For where those of `node:timers` are faked. */
const ofSockets: SystemTimers = {
  start(ms, fn, keepAlive) {
    const timer = new SocketTimer(keepAlive);
    // 0 would mean none.
    timer.setTimeout(Math.max(1, ms), () => {
      timer.stop();
      fn();
    });
    return timer;
  },
  stop: (timer) => (timer as SocketTimer).stop(),
  soon(fn) {
    const { port1, port2 } = new MessageChannel();
    port1.once('message', () => {
      port1.close();
      fn();
    });
    port2.postMessage(undefined);
  },
};

/** A socket that is never connected, for its `setTimeout`. That one does not keep the process alive: a port does. */
class SocketTimer extends Socket {
  readonly #port: MessagePort | undefined;

  constructor(keepAlive: boolean) {
    super();
    if (!keepAlive) return;
    this.#port = new MessageChannel().port1;
    this.#port.ref();
  }

  stop(): void {
    this.setTimeout(0);
    this.#port?.close();
    this.destroy();
  }
}

/** Whether a timer and an immediate are such that the event loop knows of them. */
function areReal(): boolean {
  // Bun and Deno may not have it.
  if (typeof process.getActiveResourcesInfo !== 'function') return true;
  const count = (): number => process.getActiveResourcesInfo().length;
  const before = count();
  const timer = setTimeout(() => undefined, 1_000);
  const immediate = setImmediate(() => undefined);
  const after = count();
  clearTimeout(timer);
  clearImmediate(immediate);
  return after - before === 2;
}

/** Of this process and thread. */
export const systemTimers: SystemTimers = areReal() ? ofNode : ofSockets;

// How often the time is read, at most, to see it pass.
const READS = 100_000;

/** Whether the time passes while this thread is busy. That of a fake stands still. */
function passes(now: () => number): boolean {
  const since = now();
  const until = uptime() + 0.000_01;
  for (let reads = 0; reads < READS && uptime() < until; reads++);
  return now() > since;
}

// sinon replaces the method, also on the object of `node:perf_hooks`.
const ownNow = performance.now.bind(performance);

/** Milliseconds that never jump, from anywhere on. */
export const monotonicTime: () => number = passes(ownNow) ? ownNow : () => uptime() * 1_000;

// V8 and JavaScriptCore write it on one and on three lines.
const IS_NATIVE = /^function now\(\)\s*\{\s*\[native code\]\s*\}$/;

/** `Date.now` of this realm, or, where that has been replaced, of a realm of its own. */
function ownDate(): () => number {
  if (IS_NATIVE.test(Function.prototype.toString.call(Date.now))) return Date.now;
  return runInNewContext('Date.now') as () => number;
}

/** Epoch milliseconds of the system: for what has to do with other processes, and for what is printed. */
export const systemTime: () => number = ownDate();

/**
 * Epoch milliseconds as the application has them: its tests may have set its `Date`. Anything, where that is not the system's. Of
 * one that was faked, Jest deletes the method when the test file has ended (`globalsCleanup: 'on'`).
 */
export function applicationTime(): unknown {
  return (Date.now as (() => unknown) | undefined)?.();
}

/**
 * `process.nextTick`; or, where that was faked before this module was loaded, a microtask. Of the fakes only those of
 * sinon's library (jest, vitest) replace it, and they bear a `clock`.
 */
export const soonest: (fn: () => void) => void =
  'clock' in nextTick ? (fn) => void Promise.resolve().then(fn) : (fn) => nextTick(fn);
