import { types } from 'node:util';
import type TransportStream from 'winston-transport';
import { guardSync, runInScope, type Scope } from '../loop-safety/guard.ts';
import type { Clock } from '../time/clock.ts';
import { isThenable } from '../util/thenable.ts';
import { type Fallback, shipsToKafka } from './fallback.ts';

// A transport tells nobody when it has written: it is asked again and again.
const POLL_MS = 5;

// How long a fallback may go on that has returned, without a promise, or has called back: a request that it has sent may run into a timeout
// (winston's Http calls back at once). What it has made, a pool say, is taken for its own for as long.
const LATE_LOG_MS = 10_000;
// Its calls within this time share a scope, and so a timer.
const SHARED_MS = 1_000;

/** Calls the `log` of a winston transport; its result. */
type Log = (done: () => void) => unknown;

/**
 * Hands records to a winston transport in turn, and knows whether the fallback has written what it was given: the process must not end
 * before, where there is time.
 */
export class FallbackWrites {
  readonly #fallback: Fallback | undefined;
  readonly #clock: Clock;
  readonly #isWritten: (transport: TransportStream) => boolean;
  /** The pending promises of an async function. */
  readonly #calls = new Set<PromiseLike<void>>();
  #hasGotRecords = false;
  #hasBeenCalled = false;
  readonly #waiting: Log[] = [];
  /** How many of those that wait have been handed over. */
  #given = 0;
  /** The last one that was handed over, and has not been called back for. */
  #unanswered: Log | undefined;
  #isGiving = false;
  #goesOn: boolean;
  /** Of the last calls. */
  #scope: LateScope | undefined;

  /** @param isWritten whether a winston transport has written what it was given, as far as can be told */
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
   * Whether it goes on after it has returned, as far as is known: it is an async function, has returned a promise, or has not called back at
   * once. Only the asynchronous half of the loop-safety flag then tells what it logs.
   */
  get goesOn(): boolean {
    return this.#goesOn;
  }

  /**
   * Calls the fallback under the loop-safety flag, also for what it does later, where it may go on. Each line that it logged then would
   * come to it in its turn. A function that returns nothing may call a callback: who knows. Its first call alone makes no loop, and
   * needs no asynchronous half.
   *
   * @param ended when it has called back, where it is told to
   */
  guarded(fn: () => unknown, ended?: PromiseLike<void>): unknown {
    const mayGoOn = this.#goesOn || (this.#hasBeenCalled && typeof this.#fallback === 'function');
    return mayGoOn ? this.#lateScope().run(fn, ended) : guardSync(fn);
  }

  #lateScope(): LateScope {
    if (this.#scope === undefined) {
      this.#scope = new LateScope(this.#clock);
      this.#clock.after(SHARED_MS, () => {
        this.#scope = undefined;
      });
    }
    return this.#scope;
  }

  get isDone(): boolean {
    const fallback = this.#fallback;
    if (this.#calls.size > 0) return false;
    return typeof fallback !== 'object' || this.#isWritten(fallback);
  }

  /**
   * A record for a winston transport, which gets it when it has called back for the one before, as from a logger: winston's File has a
   * listener wait for each record that comes while its stream is full, and each of these looks through all of them when it is called
   * (winston/lib/winston/transports/file.js, `once('drain', …)`). One that does not call back gets it when its streams are empty.
   */
  inTurn(log: Log): void {
    this.#waiting.push(log);
    this.#give();
  }

  /** The process ends, and nobody can call back any more. */
  giveAll(): void {
    this.#give(true);
  }

  #give(isAtOnce: boolean = false): void {
    // It may call back at once.
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
    // Half of the list at a time: to take them out one by one would move all others each time.
    if (2 * this.#given >= this.#waiting.length) {
      this.#waiting.splice(0, this.#given);
      this.#given = 0;
    }
    this.#isGiving = false;
  }

  get #isReady(): boolean {
    return this.#unanswered === undefined || this.#isWritten(this.#fallback as TransportStream);
  }

  /** It has got a record. @param result what it has returned */
  onRecord(result: unknown): void {
    this.#hasGotRecords = true;
    this.#hasBeenCalled = true;
    if (!isThenable(result)) return;
    this.#goesOn = true;
    const settled = (): void => void this.#calls.delete(call);
    const call = Promise.resolve(result).then(settled, settled);
    this.#calls.add(call);
  }

  /** Resolves when it has written all, or the time is up. Keeps the process alive until then. */
  async done(timeoutMs: number): Promise<void> {
    if (!this.#hasGotRecords) return;
    const until = this.#clock.monotonic() + timeoutMs;
    if (shipsToKafka(this.#fallback)) this.onRecord(this.#fallback.flush(timeoutMs));
    // Between two streams of a transport there may be a moment when neither has it.
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

/** The flag for calls of the fallback, until all of them have ended, and some time more. */
class LateScope {
  readonly #scope: Scope = { active: true };
  #calls = 1;

  constructor(clock: Clock) {
    clock.after(LATE_LOG_MS, () => this.#end());
  }

  run(fn: () => unknown, ended: PromiseLike<void> | undefined): unknown {
    this.#calls++;
    const end = (): void => this.#end();
    let last = ended;
    try {
      const result = runInScope(this.#scope, fn);
      if (!isThenable(result)) return result;
      // Another thenable may start its work anew each time it is asked.
      const promise = types.isPromise(result) ? result : runInScope(this.#scope, async () => await result);
      last = promise as Promise<void>;
      return promise;
    } finally {
      if (last === undefined) end();
      else last.then(end, end);
    }
  }

  #end(): void {
    if (--this.#calls === 0) this.#scope.active = false;
  }
}
