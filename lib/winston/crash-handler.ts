import type { EventEmitter } from 'node:events';
import type { Clock } from '../time/clock.ts';
import { raiseListenerLimit } from './transport-events.ts';
import { type CrashListeners, learnCrashListeners } from './workarounds.ts';

/** winston gives all transports 3,000 ms after an uncaught exception, then exits (its exception-handler.js). */
const CRASH_TIMEOUT_MS = 2_500;
// Of these, how long the record of the exception may take to come: a sibling that pushes back holds it up in winston's
// buffer, and a format may keep it for itself.
const RECORD_TIMEOUT_MS = 2_000;

/**
 * One exception that winston waits for us with. It does so more than once for the same one, where the transport is its handler of exceptions
 * and of rejections: its handlers are all that stand for a transport that handles exceptions (exception-handler.js, `_getExceptionHandlers`),
 * and only those of the right kind are given the record.
 */
interface Crash extends CrashListeners {
  /** Those of one exception begin in the same turn. */
  readonly turn: object;
  /** Called when the record has come. */
  onRecord: (() => void) | undefined;
}

/**
 * What follows an uncaught exception or unhandled rejection. winston sets `_ending` on every transport that handles
 * them, listens for `finish` and `error` on each, logs the exception, and exits once all have finished, or not, as
 * `exitOnError` says.
 *
 * So: flush, then tell winston. But not by emitting `finish`: the pipe from the logger listens for it too, and would
 * take the transport off a logger that goes on (which is what befalls winston's own File transport with
 * `exitOnError: false`). Only the listener that winston has added for this exception is called.
 */
export class CrashHandler {
  readonly #emitter: EventEmitter;
  readonly #clock: Clock;
  readonly #flush: (timeoutMs: number, isLast: boolean) => Promise<unknown>;
  /** Oldest first, which is also the order in which their records come. */
  readonly #crashes = new Set<Crash>();
  #turn: object | undefined;

  /** @param flush `isLast`: once it is done winston ends the process, if it does */
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

  /** The record of an exception has come, whether it is taken or not. */
  onRecord(): void {
    const waiting = [...this.#crashes].filter(({ onRecord }) => onRecord !== undefined);
    for (const { turn, onRecord } of waiting) if (turn === waiting[0]?.turn) onRecord?.();
  }

  async #run(crash: Crash): Promise<void> {
    const end = this.#clock.monotonic() + CRASH_TIMEOUT_MS;
    // What was logged before need not wait for the record.
    void this.#flush(CRASH_TIMEOUT_MS, false);
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(RECORD_TIMEOUT_MS, resolve);
      crash.onRecord = () => {
        this.#clock.cancel(timer);
        crash.onRecord = undefined;
        resolve();
      };
    });
    // A record that has just come is being taken: that is done by now, because this goes on in a later microtask.
    await this.#flush(Math.max(0, end - this.#clock.monotonic()), true);
    this.#crashes.delete(crash);
    this.#tell(crash);
  }

  #tell({ onFinish, onError }: Crash): void {
    raiseListenerLimit(this.#emitter, -1);
    // winston leaves this one behind for every exception that the process survives.
    if (onError !== undefined) this.#emitter.removeListener('error', onError);
    if (onFinish === undefined) return;
    this.#emitter.removeListener('finish', onFinish);
    onFinish.call(this.#emitter);
  }
}
