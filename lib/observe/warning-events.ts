import type { EventEmitter } from 'node:events';
import { KafkaTransportError, type KafkaTransportErrorCode } from '../errors.ts';
import type { Clock } from '../time/clock.ts';
import { BoundedMap } from '../util/bounded-map.ts';
import { emitSafely } from './tell-safely.ts';

// The least time between two warnings of one kind: repeated faults are counted, not reported again and again.
const QUIET_MS = 60_000;
// How many kinds are remembered: some have a topic's name in them, and there may be any number of topics.
const MAX_KINDS = 1_000;

/** Emits the `warn` events: each kind at most once a minute, and at the end of the process only after everything else. */
export class WarningEvents {
  readonly #emitter: EventEmitter;
  readonly #clock: Clock;
  readonly #onListenerFailure: (error: unknown) => void;
  readonly #lastAt = new BoundedMap<string, number>(MAX_KINDS);
  /** The events that wait for `emitDeferred`. */
  #deferred: KafkaTransportError[] | undefined;

  constructor(emitter: EventEmitter, clock: Clock, onListenerFailure: (error: unknown) => void) {
    this.#emitter = emitter;
    this.#clock = clock;
    this.#onListenerFailure = onListenerFailure;
  }

  /** Whether a warning of this kind may be reported now; counts it as reported if so. */
  begin(kind: string): boolean {
    const now = this.#clock.monotonic();
    const last = this.#lastAt.get(kind);
    if (last !== undefined && now - last < QUIET_MS) return false;
    this.#lastAt.set(kind, now);
    return true;
  }

  warn(code: KafkaTransportErrorCode, message: string, cause: unknown): void {
    const error = new KafkaTransportError(code, message, { cause });
    if (this.#deferred === undefined) this.#emit(error);
    else this.#deferred.push(error);
  }

  /** From now on no listener is called before `emitDeferred`. */
  defer(): void {
    this.#deferred ??= [];
  }

  /** Runs `fn`, and calls listeners afterwards. */
  deferWhile<Result>(fn: () => Result): Result {
    if (this.#deferred !== undefined) return fn();
    this.defer();
    try {
      return fn();
    } finally {
      this.emitDeferred();
    }
  }

  emitDeferred(): void {
    const deferred = this.#deferred ?? [];
    this.#deferred = undefined;
    for (const error of deferred) this.#emit(error);
  }

  #emit(error: KafkaTransportError): void {
    emitSafely(this.#emitter, 'warn', error, this.#onListenerFailure);
  }
}
