import type { EventEmitter } from 'node:events';
import type { Clock } from '../clock.ts';

/** winston gives all transports 3,000 ms after an uncaught exception, then exits (its exception-handler.js). */
const CRASH_TIMEOUT_MS = 2_500;

/**
 * What follows an uncaught exception. winston sets `_ending` on every transport that handles exceptions, listens for
 * `finish` (and `error`) on each, logs the exception, and exits once all have finished, or not, as `exitOnError`
 * says.
 *
 * So: flush, then tell winston. But not by emitting `finish`, unless the process is sure to exit: the pipe from the
 * logger listens for it too, and would take the transport off the logger (which is what befalls winston's own File
 * transport with `exitOnError: false`). Only those who have come since `_ending` was set are called.
 */
export class CrashPath {
  readonly #emitter: EventEmitter;
  readonly #clock: Clock;
  readonly #flush: (timeoutMs: number) => Promise<unknown>;
  #others: Record<'finish' | 'error', Set<unknown>> | undefined;
  #onExceptionSeen: (() => void) | undefined;

  constructor(emitter: EventEmitter, clock: Clock, flush: (timeoutMs: number) => Promise<unknown>) {
    this.#emitter = emitter;
    this.#clock = clock;
    this.#flush = flush;
  }

  get isUnderWay(): boolean {
    return this.#others !== undefined;
  }

  /** winston has set `_ending`. @param exitsForSure whether the process ends whatever happens */
  begin(exitsForSure: () => boolean): void {
    if (this.#others !== undefined) return;
    this.#others = { finish: this.#listeners('finish'), error: this.#listeners('error') };
    void this.#run(exitsForSure);
  }

  /** The record of the exception has come, whether it was taken or not. */
  noteException(): void {
    this.#onExceptionSeen?.();
  }

  async #run(exitsForSure: () => boolean): Promise<void> {
    const startedAt = this.#clock.monotonic();
    // A sibling that pushes back holds the record up in winston's buffer.
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(CRASH_TIMEOUT_MS, resolve, true);
      this.#onExceptionSeen = () => {
        this.#clock.cancel(timer);
        resolve();
      };
    });
    const left = CRASH_TIMEOUT_MS - (this.#clock.monotonic() - startedAt);
    await this.#flush(Math.max(0, left));
    this.#end(exitsForSure());
  }

  #end(exitsForSure: boolean): void {
    const others = this.#others;
    this.#others = undefined;
    this.#onExceptionSeen = undefined;
    if (others === undefined) return;
    const added = (event: 'finish' | 'error') =>
      this.#emitter.rawListeners(event).filter((listener) => !others[event].has(listener));
    const onError = added('error');
    if (exitsForSure) this.#emitter.emit('finish');
    else for (const listener of added('finish')) Reflect.apply(listener, this.#emitter, []);
    // winston leaves one behind for every exception that the process survives.
    for (const listener of onError) this.#emitter.removeListener('error', listener as () => void);
  }

  #listeners(event: string): Set<unknown> {
    return new Set(this.#emitter.rawListeners(event));
  }
}
