import { types } from 'node:util';
import type TransportStream from 'winston-transport';
import { guardSync, runUntilSettled, type Scope } from '../loop-safety/guard.ts';
import type { Clock } from '../time/clock.ts';
import { isThenable } from '../util/thenable.ts';
import { type Fallback, shipsToKafka } from './fallback.ts';

// A winston transport has no event for "all is written", so it is polled.
const POLL_MS = 5;

// How long a fallback may still log about a record after its call: a request that it has sent may run into a timeout (winston's Http
// calls back at once). What a call makes, a pool say, counts as the call's own for as long.
const LATE_LOG_MS = 10_000;
// The calls within this time share a timer.
const SHARED_MS = 1_000;

/** Calls the `log` of a winston transport, and returns its result. */
type Log = (done: () => void) => unknown;

/**
 * Gives records to a fallback transport one after another, and knows whether the fallback has written them: the end of the process
 * waits for that if it can.
 */
export class FallbackWrites {
  readonly #fallback: Fallback | undefined;
  readonly #clock: Clock;
  readonly #isWritten: (transport: TransportStream) => boolean;
  /** The pending promises that the fallback has returned. */
  readonly #calls = new Set<PromiseLike<void>>();
  #hasGotRecords = false;
  #hasBeenCalled = false;
  readonly #waiting: Log[] = [];
  /** How many of `#waiting` were given to the transport. */
  #given = 0;
  /** The last of them, while the transport has not called back for it. */
  #unanswered: Log | undefined;
  #isGiving = false;
  #goesOn: boolean;
  /** For what the last calls do later. */
  #lateScope: Scope | undefined;

  /** @param isWritten whether a winston transport has written what it got, as far as its streams show */
  constructor(
    fallback: Fallback | undefined,
    clock: Clock,
    isWritten: (transport: TransportStream) => boolean,
  ) {
    this.#fallback = fallback;
    this.#clock = clock;
    this.#isWritten = isWritten;
    this.#goesOn = types.isAsyncFunction(fallback);
  }

  /**
   * Whether the fallback continues after its call has returned, as far as is known: it is an async function, has returned a promise, or
   * has called back later. What it logs then is recognised only by the asynchronous half of the loop-safety flag.
   */
  get goesOn(): boolean {
    return this.#goesOn;
  }

  /**
   * Calls the fallback under the loop-safety flag. If the fallback may continue after its call has returned, the flag also covers what the
   * call does later: until its promise has settled or it has called back, and for 10 s in any case. Each line that it logged then would
   * come to it in its turn. A function that returns nothing may have started something all the same. Its first call alone makes no loop,
   * and needs no asynchronous half.
   *
   * @param ended when it has called back, where it is told to
   */
  guarded(fn: () => unknown, ended?: PromiseLike<void>): unknown {
    const mayGoOn = this.#goesOn || (this.#hasBeenCalled && typeof this.#fallback === 'function');
    if (!mayGoOn) return guardSync(fn);
    const scope = new CallScope(this.#sharedScope());
    let result: unknown;
    const call = (): unknown => {
      result = fn();
      return isThenable(result) ? result : ended;
    };
    const settled = runUntilSettled(scope, call, () => scope.end());
    return isThenable(result) ? settled : result;
  }

  #sharedScope(): Scope {
    if (this.#lateScope !== undefined) return this.#lateScope;
    const scope = { active: true };
    this.#lateScope = scope;
    this.#clock.after(SHARED_MS, () => {
      this.#lateScope = undefined;
    });
    this.#clock.after(LATE_LOG_MS, () => {
      scope.active = false;
    });
    return scope;
  }

  get isDone(): boolean {
    const fallback = this.#fallback;
    if (this.#calls.size > 0) return false;
    return typeof fallback !== 'object' || this.#isWritten(fallback);
  }

  /**
   * Queues a record for a winston transport. The transport gets it when it has called back for the one before, or when its streams are
   * empty. Without this queue, winston's File adds a `drain` listener for each record that comes while its stream is full, and removing
   * each takes time proportional to their number (winston/lib/winston/transports/file.js, `once('drain', …)`).
   */
  inTurn(log: Log): void {
    this.#waiting.push(log);
    this.#give();
  }

  /** Gives the transport all queued records at once, because the process ends and no callback can come. */
  giveAll(): void {
    this.#give(true);
  }

  #give(isAtOnce: boolean = false): void {
    // The transport may call back synchronously, from inside the loop below.
    if (this.#isGiving) return;
    this.#isGiving = true;
    for (; this.#given < this.#waiting.length && (isAtOnce || this.#isReady); this.#given++) {
      const log = this.#waiting[this.#given] as Log;
      this.#unanswered = log;
      const done = (): void => {
        if (this.#unanswered !== log) return;
        this.#unanswered = undefined;
        this.#give();
      };
      this.onRecord(log(done));
      if (this.#unanswered === log) this.#goesOn = true;
    }
    // Remove half of the list at a time: removing single records would move all others each time.
    if (2 * this.#given >= this.#waiting.length) {
      this.#waiting.splice(0, this.#given);
      this.#given = 0;
    }
    this.#isGiving = false;
  }

  get #isReady(): boolean {
    return this.#unanswered === undefined || this.#isWritten(this.#fallback as TransportStream);
  }

  /** Called when the fallback was given a record. @param result what the fallback returned */
  onRecord(result: unknown): void {
    this.#hasGotRecords = true;
    this.#hasBeenCalled = true;
    if (!isThenable(result)) return;
    this.#goesOn = true;
    const settled = (): void => void this.#calls.delete(call);
    const call = Promise.resolve(result).then(settled, settled);
    this.#calls.add(call);
  }

  /** Resolves when the fallback has written all, or the time is up. Keeps the process alive until then. */
  async done(timeoutMs: number): Promise<void> {
    if (!this.#hasGotRecords) return;
    const until = this.#clock.monotonic() + timeoutMs;
    if (shipsToKafka(this.#fallback)) this.onRecord(this.#fallback.flush(timeoutMs));
    // Ask a transport twice: for a moment, a record may be in neither of its two streams.
    const wanted = typeof this.#fallback === 'function' ? 1 : 2;
    for (let times = 0; ; ) {
      this.#give();
      times = this.isDone ? times + 1 : 0;
      if (times === wanted || this.#clock.monotonic() >= until) break;
      await new Promise<void>((resolve) => void this.#clock.after(POLL_MS, resolve, true));
    }
    this.#hasGotRecords = !this.isDone;
  }
}

/** The flag for one call of the fallback. A call that never ends keeps out only what it does itself. */
class CallScope implements Scope {
  readonly #shared: Scope;
  #isPending = true;

  /** @param shared of the calls that began at about the same time */
  constructor(shared: Scope) {
    this.#shared = shared;
  }

  get active(): boolean {
    return this.#isPending || this.#shared.active;
  }

  end(): void {
    this.#isPending = false;
  }
}
