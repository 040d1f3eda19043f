import type { EventEmitter } from 'node:events';
import type { Clock } from '../time/clock.ts';
import { raiseListenerLimit } from './transport-events.ts';
import { type CrashListeners, learnCrashListeners } from './workarounds.ts';

/** winston gives all transports 3,000 ms after an uncaught exception, then exits (its exception-handler.js). */
const CRASH_TIMEOUT_MS = 2_500;
// How much of that time the exception's own record may take to arrive: a sibling transport that pushes back holds it up in
// winston's buffer, and a format may filter it out.
const RECORD_TIMEOUT_MS = 2_000;

/**
 * One exception whose exit winston delays until the transport has finished. winston does so more than once for the same exception where
 * the transport is its handler of exceptions and of rejections: its handlers are all that stand for a transport that handles exceptions
 * (exception-handler.js, `_getExceptionHandlers`), and only those of the right kind are given the record.
 */
interface Crash extends CrashListeners {
  /** Those of one exception begin in the same turn. */
  readonly turn: object;
  /** Called when the exception's record has arrived. */
  onRecord: (() => void) | undefined;
}

/**
 * Delivers the record of an uncaught exception or unhandled rejection. winston sets `_ending` on every transport that
 * handles them, listens for `finish` and `error` on each, logs the exception, and, once all have finished, exits if
 * `exitOnError` says so.
 *
 * So this class flushes, then tells winston. It does not emit `finish`, because the logger's pipe listens for that too
 * and would remove the transport from a logger that goes on (as happens to winston's own File transport with
 * `exitOnError: false`). It calls only the listener that winston has added for this exception.
 */
export class CrashHandler {
  readonly #emitter: EventEmitter;
  readonly #clock: Clock;
  readonly #flush: (timeoutMs: number, isLast: boolean) => Promise<unknown>;
  /** Oldest first: their records arrive in the same order. */
  readonly #crashes = new Set<Crash>();
  #turn: object | undefined;

  /** @param flush `isLast`: whether winston may end the process after this flush */
  constructor(
    emitter: EventEmitter,
    clock: Clock,
    flush: (timeoutMs: number, isLast: boolean) => Promise<unknown>,
  ) {
    this.#emitter = emitter;
    this.#clock = clock;
    this.#flush = flush;
  }

  /** winston has set `_ending`; it listens next, and then logs the exception. */
  begin(): void {
    const crash: Crash = { onRecord: undefined, turn: this.#currentTurn() };
    this.#crashes.add(crash);
    // Several exceptions may be under way, each with listeners of its own.
    raiseListenerLimit(this.#emitter, 1);
    learnCrashListeners(this.#emitter, crash);
    void this.#run(crash);
  }

  #currentTurn(): object {
    if (this.#turn === undefined) {
      this.#turn = {};
      void Promise.resolve().then(() => {
        this.#turn = undefined;
      });
    }
    return this.#turn;
  }

  /** Called when the record of an exception arrives, whether it is wanted or not. */
  onRecord(): void {
    const waiting = [...this.#crashes].filter(({ onRecord }) => onRecord !== undefined);
    for (const { turn, onRecord } of waiting) if (turn === waiting[0]?.turn) onRecord?.();
  }

  async #run(crash: Crash): Promise<void> {
    const end = this.#clock.monotonic() + CRASH_TIMEOUT_MS;
    // Records logged earlier are sent without waiting for the exception's record.
    void this.#flush(CRASH_TIMEOUT_MS, false);
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(RECORD_TIMEOUT_MS, resolve);
      crash.onRecord = () => {
        this.#clock.cancel(timer);
        crash.onRecord = undefined;
        resolve();
      };
    });
    // The record that resolved the promise has been accepted by now: this line runs in a later microtask.
    await this.#flush(Math.max(0, end - this.#clock.monotonic()), true);
    this.#crashes.delete(crash);
    this.#tell(crash);
  }

  #tell({ onFinish, onError }: Crash): void {
    raiseListenerLimit(this.#emitter, -1);
    // winston itself never removes this listener when the process survives the exception.
    if (onError !== undefined) this.#emitter.removeListener('error', onError);
    if (onFinish === undefined) return;
    this.#emitter.removeListener('finish', onFinish);
    onFinish.call(this.#emitter);
  }
}
