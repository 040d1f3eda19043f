import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { runOutsideRequests, systemClock } from '../time/clock.ts';
import { soonest } from '../time/system-timers.ts';

/** What a transport does when the process is told to end. */
export interface SignalSubscriber {
  /** Those that it asks for. */
  readonly signals: readonly NodeJS.Signals[];
  /** The longest that it flushes, in milliseconds. */
  readonly signalTimeoutMs: number;
  /** Resolves as soon as Kafka turns out to be away, too. */
  flushForSignal(timeoutMs: number): Promise<unknown>;
  /** Gives up what is left: to the spool, to the fallback, and in words on stderr. Resolves when the fallback has written it. */
  giveUpForSignal(): Promise<unknown>;
  /** The same for what has come since. */
  exitForSignal(): void;
}

/** How copies of this package in one process (ESM and CommonJS, two versions) work together: its shape must not change. */
interface PackageCopy {
  /** Whether no flush is under way that the end of the process would cut off. */
  isReady(): boolean;
  /** Gives up what is left, and takes all its handlers off the process. */
  end(): void;
}

interface Interruption {
  readonly decides: 'process' | 'application';
  readonly startedAt: number;
  isFlushed: boolean;
}

type Handler = ((signal: NodeJS.Signals) => void) & { readonly [COPY]?: PackageCopy };

// On the handler itself: that is what another copy finds among the listeners of the process.
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

/** One handler for each signal that somebody asks for, and none for any other. */
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

/** Before all others: a `once` handler that has been called is no longer among the listeners. */
function putFirst(signal: NodeJS.Signals): void {
  // Where it is the only one, to take it off would have Node drop a signal that is on its way.
  if (process.listeners(signal)[0] === handler) return;
  process.removeListener(signal, handler);
  runOutsideRequests(() => process.prependListener(signal, handler));
}

/** The application may put one of its own first. No signal comes before the tick. */
function onNewListener(event: NodeJS.Signals, listener: Handler): void {
  // Two copies that both go first would do so for ever.
  if (listener[COPY] !== undefined) return;
  soonest(() => {
    if (handled.has(event)) putFirst(event);
  });
}

function onSignal(signal: NodeJS.Signals): void {
  if (hasApplicationHandler(signal)) begin(signal, 'application');
  // The second signal, and the application has no handler: somebody presses Ctrl-C again.
  else if (current?.decides === 'process') raise(signal);
  else begin(signal, 'process');
}

/**
 * Flushes. Where a handler of the application has heard the signal first and raises it again while we flush, as NestJS's
 * shutdown hooks do, the time counts from the first.
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

/** Nobody else has heard the signal, and what could be sent is sent. */
function finish(signal: NodeJS.Signals): void {
  // Added in the meantime: it has missed the first one.
  if (hasApplicationHandler(signal)) {
    current = undefined;
    process.kill(process.pid, signal);
    return;
  }
  // The copy that finishes last raises the signal for all.
  if (copiesOn(signal).every((copy) => copy.isReady())) raise(signal);
}

/** Ends the process by the signal, as if there had been no handler of ours: the exit status is what it would have been. */
function raise(signal: NodeJS.Signals): void {
  for (const copy of new Set([...copiesOn(signal), thisCopy])) copy.end();
  process.kill(process.pid, signal);
  // The kernel keeps from process 1, of a container say, every signal that it has no handler for: it lives on.
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
 * How many handlers are `signal-exit`'s. They decide nothing: they do their work when there is no handler but theirs, so
 * with ours beside them both would wait for the other. Counted as they count one another: by the emitter of version 3,
 * `process.__signal_exit_emitter__`, and of version 4, `globalThis[Symbol.for('signal-exit emitter')]`.
 */
function signalExitHandlers(signal: NodeJS.Signals): number {
  // Both versions listen to these, and to different ones beyond them.
  if (!DEFAULT_SIGNALS.includes(signal)) return 0;
  const version3 = (process as { __signal_exit_emitter__?: Counting }).__signal_exit_emitter__;
  const version4 = (globalThis as { [key: symbol]: Counting | undefined })[Symbol.for('signal-exit emitter')];
  return [version3, version4].reduce(
    (sum, emitter) => sum + (typeof emitter?.count === 'number' ? emitter.count : 0),
    0,
  );
}

/** How containers, terminals and process managers end a process. */
export const DEFAULT_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

// No process can have a handler for these.
export const NEVER_HANDLED: readonly string[] = ['SIGKILL', 'SIGSTOP'];

/** Whether a process can be told of it: of this system's signals, all but `SIGKILL` and `SIGSTOP`. */
export function canBeHandled(signal: unknown): signal is NodeJS.Signals {
  return (
    typeof signal === 'string' && Object.hasOwn(constants.signals, signal) && !NEVER_HANDLED.includes(signal)
  );
}
