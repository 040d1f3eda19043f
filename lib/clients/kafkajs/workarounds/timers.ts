import type { Socket } from 'node:net';

type SetTimeout = (fn: unknown, ms?: unknown, ...rest: unknown[]) => unknown;

// In the callback of kafkajs's timer, and nowhere else (network/requestQueue/index.js, `scheduleCheckPendingRequests`).
const ITS_MARK = 'throttleCheckTimeoutId';

/** The last function that stood in for another, and that other. One that was faked makes place for the next. */
let latest: { original: SetTimeout; standIn: SetTimeout } | undefined;

/**
 * Has kafkajs leave out a timer that has nothing to do. After each answer its request queue arms one, for requests that a
 * broker's quota holds back. Without any, the delay is minus the time since 1970: Node makes 1 ms of it, with a
 * `TimeoutNegativeWarning` from Node 24 on (tulios/kafkajs#1751), and the callback arms the next. So an open connection
 * costs a thousand timers a second, and where a test lets faked time pass, an hour of it takes minutes, or for ever.
 *
 * The queue is reached by nothing that kafkajs exports, but it arms that timer in the course of the socket's `data` event.
 * Only for so long, and only for this timer, does the global `setTimeout` do nothing. It returns `undefined`, from which
 * the queue takes it that none is armed. Once a quota has held a request back the timer comes from elsewhere: then that
 * connection polls as before.
 */
export function withoutPolling(socket: Socket): Socket {
  const emit = socket.emit as (event: string, ...args: unknown[]) => boolean;
  return Object.assign(socket, {
    emit: (event: string, ...args: unknown[]): boolean => {
      const run = (): boolean => Reflect.apply(emit, socket, [event, ...args]);
      return event === 'data' ? withStandIn(run) : run();
    },
  });
}

function withStandIn<Result>(run: () => Result): Result {
  const original: unknown = Reflect.get(globalThis, 'setTimeout');
  const property = Object.getOwnPropertyDescriptor(globalThis, 'setTimeout');
  // Frozen globals stay as they are: then it polls.
  if (typeof original !== 'function' || property?.configurable !== true) return run();
  if (latest?.original !== original) {
    latest = { original: original as SetTimeout, standIn: standInFor(original as SetTimeout) };
  }
  Object.defineProperty(globalThis, 'setTimeout', {
    configurable: true,
    enumerable: property.enumerable ?? true,
    writable: true,
    value: latest.standIn,
  });
  try {
    return run();
  } finally {
    Object.defineProperty(globalThis, 'setTimeout', property);
  }
}

function standInFor(original: SetTimeout): SetTimeout {
  const standIn: SetTimeout = (fn, ms, ...rest) =>
    isPoll(fn, ms) ? undefined : Reflect.apply(original, globalThis, [fn, ms, ...rest]);
  // With what it bears, such as the symbol of `util.promisify`.
  return Object.defineProperties(standIn, Object.getOwnPropertyDescriptors(original));
}

function isPoll(fn: unknown, ms: unknown): boolean {
  return (
    Number(ms) <= 0 && typeof fn === 'function' && Function.prototype.toString.call(fn).includes(ITS_MARK)
  );
}
