import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { systemTimers } from '../time/system-timers.ts';
import { isThenable } from '../util/thenable.ts';

/**
 * The process-wide flag behind loop safety: "this code runs inside the shipping of log records".
 *
 * It has two halves. The synchronous depth costs nothing and covers code that returns at once. The asynchronous
 * store covers code after an `await` inside a Kafka client, and is only created when functions of the application
 * can run there: on Node 20 and 22 the mere use of one `AsyncLocalStorage` makes every `await` of the application
 * about 3.5 times as expensive.
 */
interface GuardState {
  depth: number;
  /** How much of `depth` belongs to subscribers that are being told of suppressed records. */
  unreported: number;
  store: AsyncLocalStorage<Scope | undefined> | undefined;
}

/**
 * What the store holds. A scope that has ended stays attached to the sockets, timers and pools that were created
 * inside it: `active: false` then lets records be shipped that are logged from them.
 */
export interface Scope {
  active: boolean;
}

// One flag for the process, whichever module format or copy of the package asks: hence the global registry.
// The number is the layout's version: change it with `GuardState`.
const REGISTRY_KEY = Symbol.for('winston-kafkajs.guard.3');

const registry = globalThis as { [REGISTRY_KEY]?: GuardState };
// Sealed, because Jest, when a test file has ended, deletes the properties of objects on the global object, or replaces them by
// accessors whose setter calls itself (jest-util, `deleteProperty`), unless they are not configurable. Code that still runs
// then, such as a send, needs them.
const state: GuardState = Object.seal(
  registry[REGISTRY_KEY] ?? { depth: 0, unreported: 0, store: undefined },
);
registry[REGISTRY_KEY] = state;

/** Creates the asynchronous half. From here on, every `await` of the process is slower. */
function asyncStore(): AsyncLocalStorage<Scope | undefined> {
  state.store ??= new AsyncLocalStorage();
  return state.store;
}

/**
 * Whether the running code is inside the shipping of log records.
 *
 * A record logged while this is true never goes to Kafka through a `KafkaTransport`; every other transport
 * of the logger still gets it.
 */
export function isGuarded(): boolean {
  if (state.depth > 0) {
    endWithThisTurn();
    return true;
  }
  return state.store?.getStore()?.active === true;
}

let isEndDue = false;

/**
 * Resets the synchronous half at the end of this turn of the event loop. Usually it is 0 by then. But the time limit of `vm` ends a
 * script without running its `finally`, and then the flag would keep all records of the process from Kafka.
 */
function endWithThisTurn(): void {
  if (isEndDue) return;
  isEndDue = true;
  systemTimers.soon(() => {
    isEndDue = false;
    state.depth = 0;
    state.unreported = 0;
  });
}

function leave(half: 'depth' | 'unreported'): void {
  // It may have been reset already, by code that runs the event loop inside its own turn.
  if (state[half] > 0) state[half]--;
}

/** Runs `fn` under the synchronous half only, and outside any asynchronous scope. */
export function guardSync<Args extends unknown[], Result>(
  fn: (...args: Args) => Result,
  ...args: Args
): Result {
  state.depth++;
  try {
    // Outside the store: otherwise a socket, timer or pool that `fn` creates would keep the flag for good.
    return state.store === undefined ? fn(...args) : state.store.run(undefined, fn, ...args);
  } finally {
    leave('depth');
  }
}

/**
 * The same, but keeps the current asynchronous scope: for a log function of the application inside a Kafka client, where a
 * line that is logged in a later turn still belongs to the client.
 */
export function guardSyncInScope<Args extends unknown[], Result>(
  fn: (...args: Args) => Result,
  ...args: Args
): Result {
  state.depth++;
  try {
    return fn(...args);
  } finally {
    leave('depth');
  }
}

/** Runs `fn` outside of both halves, although it is called from inside the shipping of records. */
export function outsideGuard<Result>(fn: () => Result): Result {
  const { depth } = state;
  state.depth = 0;
  try {
    return state.store === undefined ? fn() : state.store.run(undefined, fn);
  } finally {
    state.depth = depth;
  }
}

/** `guardSync` for subscribers to suppressed records: the records that they log are not reported, because that would never end. */
export function guardSyncUnreported(fn: () => void): void {
  state.unreported++;
  try {
    guardSync(fn);
  } finally {
    leave('unreported');
  }
}

/** Whether this call is inside `guardSyncUnreported`. */
export function isUnreported(): boolean {
  return state.unreported > 0;
}

/** Runs `fn`, and all that it starts, inside `scope` for as long as the scope is active. */
export function runInScope<Result>(scope: Scope, fn: () => Result): Result {
  return asyncStore().run(scope, fn);
}

/**
 * Runs `fn`, and what it awaits, inside the flag, and returns what it returns (a promise, if that is a thenable):
 * for hand-written transports and sinks that have a Kafka client of their own.
 *
 * The flag ends when `fn` returns or, if it returns a promise, when that settles. So return the promise of a send:
 * a send whose promise is not returned is not covered.
 *
 * The first call creates an `AsyncLocalStorage`, which on Node 20 and 22 makes every `await` of the process
 * slower (measured: 115 to 399 ns; Node 24: 92 to 125 ns). `KafkaTransport` itself avoids it where it can.
 *
 * @example
 * await runGuarded(() => producer.send({ topic, messages }));
 */
export function runGuarded<Result>(fn: () => Result): Result {
  const scope = { active: true };
  return runUntilSettled(scope, fn, () => {
    scope.active = false;
  });
}

/** Runs `fn` inside `scope`. Calls `end` when `fn` has returned or, if it returns a promise, when that has settled. */
export function runUntilSettled<Result>(scope: Scope, fn: () => Result, end: () => void): Result {
  let result: Result;
  try {
    result = runInScope(scope, fn);
  } catch (error) {
    end();
    throw error;
  }
  if (!isThenable(result)) {
    end();
    return result;
  }
  // Calling `then` of a promise twice is harmless. Another thenable, such as a query builder, may start its work at each
  // call: so its `then` is called once, inside the flag.
  const settled = types.isPromise(result) ? result : runInScope(scope, async () => await result);
  settled.then(end, end);
  return settled as Result;
}
