import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { runOutsideRequests, systemClock } from '../time/clock.ts';
import { soonest } from '../time/system-timers.ts';

/** A transport's part in the handling of signals. */
export interface SignalSubscriber {
  /** The signals that it handles. */
  readonly signals: readonly NodeJS.Signals[];
  /** Limit of the flush, in milliseconds. */
  readonly signalTimeoutMs: number;
  /** Flushes. Resolves early if the state becomes `down`. */
  flushForSignal(timeoutMs: number): Promise<unknown>;
  /** Gives what is left to the spool or the fallback, or reports it on stderr. Resolves when the fallback has written it. */
  giveUpForSignal(): Promise<unknown>;
  /** The same for records that were accepted since, without waiting. */
  exitForSignal(): void;
}

/** The interface between copies of this package in one process (ESM and CommonJS, two versions): it must not change. */
interface PackageCopy {
  /** Whether no flush is running. */
  isReady(): boolean;
  /** Gives up what is left, and removes its handlers from the process. */
  end(): void;
}

interface Interruption {
  readonly decides: 'process' | 'application';
  readonly startedAt: number;
  isFlushed: boolean;
}

type Handler = ((signal: NodeJS.Signals) => void) & { readonly [COPY]?: PackageCopy };

// A key on the handler, which other copies find among the listeners of the process.
const COPY: unique symbol = Symbol.for('winston-kafkajs.signal-handler') as never;

const subscribers = new Set<SignalSubscriber>();
const handled = new Set<NodeJS.Signals>();
let current: Interruption | undefined;

const thisCopy: PackageCopy = {
  isReady: () => current?.isFlushed !== false,
  end() {
    const all = [...subscribers];
    current = undefined;
    subscribers.clear();
    syncHandlers();
    for (const subscriber of all) subscriber.exitForSignal();
  },
};

const handler: Handler = Object.assign((signal: NodeJS.Signals) => onSignal(signal), { [COPY]: thisCopy });

/** May be called for every record. Does nothing in a worker thread: Node delivers no signals there. */
export function subscribe(subscriber: SignalSubscriber): void {
  if (!isMainThread || subscribers.has(subscriber)) return;
  subscribers.add(subscriber);
  syncHandlers();
}

export function unsubscribe(subscriber: SignalSubscriber): void {
  if (subscribers.delete(subscriber)) syncHandlers();
}

/** Adds our handler for each signal that a subscriber wants, and removes it for all others. */
function syncHandlers(): void {
  const wanted = new Set([...subscribers].flatMap(({ signals }) => signals));
  for (const signal of wanted) {
    if (!handled.has(signal)) putFirst(signal);
    handled.add(signal);
  }
  for (const signal of handled) {
    if (wanted.has(signal)) continue;
    process.removeListener(signal, handler);
    handled.delete(signal);
  }
  process.removeListener('newListener', onNewListener);
  if (handled.size > 0) process.on('newListener', onNewListener);
}

/** Puts our handler before all others: a `once` handler of the application that has run is no longer among the listeners. */
function putFirst(signal: NodeJS.Signals): void {
  // Do not remove an only handler: Node would drop a signal that is already pending.
  if (process.listeners(signal)[0] === handler) return;
  process.removeListener(signal, handler);
  runOutsideRequests(() => process.prependListener(signal, handler));
}

/** Puts our handler first again after the application has prepended one. No signal is handled before the tick. */
function onNewListener(event: NodeJS.Signals, listener: Handler): void {
  // Ignore handlers of other copies: two copies that both want to be first would never stop.
  if (listener[COPY] !== undefined) return;
  soonest(() => {
    if (handled.has(event)) putFirst(event);
  });
}

function onSignal(signal: NodeJS.Signals): void {
  if (hasApplicationHandler(signal)) begin(signal, 'application');
  // The second signal, without a handler of the application: for example, Ctrl-C was pressed again.
  else if (current?.decides === 'process') raise(signal);
  else begin(signal, 'process');
}

/**
 * Flushes. If a handler of the application raises the signal again while we flush, as NestJS's shutdown hooks do, the time
 * limit counts from the first signal.
 */
function begin(signal: NodeJS.Signals, decides: Interruption['decides']): void {
  const now = systemClock.monotonic();
  const mine: Interruption = { decides, startedAt: current?.startedAt ?? now, isFlushed: false };
  current = mine;
  const spent = now - mine.startedAt;
  const flushes = [...subscribers]
    .filter(({ signals }) => signals.includes(signal))
    .map(async (subscriber) => {
      await subscriber.flushForSignal(Math.max(0, subscriber.signalTimeoutMs - spent));
      if (decides === 'process' && current === mine) await subscriber.giveUpForSignal();
    });
  void Promise.allSettled(flushes).then(() => {
    if (current !== mine) return;
    mine.isFlushed = true;
    if (mine.decides === 'application') current = undefined;
    else finish(signal);
  });
}

/** Ends the process after the flush, because the application has no handler for the signal. */
function finish(signal: NodeJS.Signals): void {
  // The application has added a handler in the meantime, which has missed the signal: raise it again for that one.
  if (hasApplicationHandler(signal)) {
    current = undefined;
    process.kill(process.pid, signal);
    return;
  }
  // The copy that finishes last raises the signal for all.
  if (copiesOn(signal).every((copy) => copy.isReady())) raise(signal);
}

/** Ends the process with the signal, so that the exit status is the same as without our handler. */
function raise(signal: NodeJS.Signals): void {
  for (const copy of new Set([...copiesOn(signal), thisCopy])) copy.end();
  process.kill(process.pid, signal);
  // The kernel ignores a signal to process 1 (in a container, say) that has no handler for it, so exit explicitly.
  if (process.pid === 1) process.exit(128 + constants.signals[signal]);
}

function copiesOn(signal: NodeJS.Signals): PackageCopy[] {
  return (process.listeners(signal) as Handler[]).flatMap((listener) => listener[COPY] ?? []);
}

function hasApplicationHandler(signal: NodeJS.Signals): boolean {
  const others = (process.listeners(signal) as Handler[]).filter((listener) => listener[COPY] === undefined);
  return others.length > signalExitHandlers(signal);
}

interface Counting {
  readonly count?: unknown;
}

/**
 * How many handlers are `signal-exit`'s. They act only if there is no handler but theirs, so with ours beside them each
 * would wait for the other; they do not count as the application's. They are counted by the emitter of version 3,
 * `process.__signal_exit_emitter__`, and of version 4, `globalThis[Symbol.for('signal-exit emitter')]`.
 */
function signalExitHandlers(signal: NodeJS.Signals): number {
  // Both versions listen to these signals; beyond them, each version listens to different ones.
  if (!DEFAULT_SIGNALS.includes(signal)) return 0;
  const version3 = (process as { __signal_exit_emitter__?: Counting }).__signal_exit_emitter__;
  const version4 = (globalThis as { [key: symbol]: Counting | undefined })[Symbol.for('signal-exit emitter')];
  return [version3, version4].reduce(
    (sum, emitter) => sum + (typeof emitter?.count === 'number' ? emitter.count : 0),
    0,
  );
}

/** The signals with which containers, terminals and process managers end a process. */
export const DEFAULT_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

// No process can have a handler for these.
export const NEVER_HANDLED: readonly string[] = ['SIGKILL', 'SIGSTOP'];

/** Whether a process can handle it: any signal of this system but `SIGKILL` and `SIGSTOP`. */
export function canBeHandled(signal: unknown): signal is NodeJS.Signals {
  return (
    typeof signal === 'string' && Object.hasOwn(constants.signals, signal) && !NEVER_HANDLED.includes(signal)
  );
}
