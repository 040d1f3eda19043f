import type { Info } from '../util/info.ts';
import { handleRejection } from '../util/thenable.ts';
import type { Mark } from './mark.ts';

type Callback = (error?: unknown) => void;

/** A record that was passed to a `log()` which is not the transport's own. */
export interface PassedRecord {
  /** The info's mark: the wrapped `log()` may pass on another info, without it. */
  readonly mark: Mark | undefined;
  /** `'taken'`: the transport's own `log()` has got it. `'dropped'`: the wrapped one failed before that. */
  state: 'outside' | 'taken' | 'dropped';
}

export interface WrappedLogListeners {
  /** The wrapped `log()` threw, or its promise was rejected, before it passed the record on. */
  onLost(error: unknown): void;
  /** It failed after it had passed the record on, or called back with an error: the record is sent. */
  onFailed(error: unknown): void;
}

/**
 * Passes records to a `log()` that other code has wrapped or a subclass has overridden, and recognises them when they reach the
 * transport's own `log()`: by the callback, by the info, or, with neither, because the wrapped `log()` is still running. A new info
 * without the callback in a later turn counts as a direct call of `log()`.
 */
export class WrappedLog {
  readonly #listeners: WrappedLogListeners;
  readonly #byCallback = new WeakMap<Callback, PassedRecord>();
  readonly #byInfo = new WeakMap<Info, PassedRecord>();
  #running: PassedRecord | undefined;

  constructor(listeners: WrappedLogListeners) {
    this.#listeners = listeners;
  }

  /** Never throws, and does not wait for the callback: the logger's other transports go on. */
  pass(log: (callback: Callback) => unknown, info: Info, mark: Mark | undefined): void {
    const { onFailed } = this.#listeners;
    const passed: PassedRecord = { mark, state: 'outside' };
    const callback: Callback = (error) => {
      if (error !== undefined && error !== null) onFailed(error);
    };
    this.#byCallback.set(callback, passed);
    this.#byInfo.set(info, passed);
    const before = this.#running;
    this.#running = passed;
    try {
      handleRejection(log(callback), (error) => this.#fail(passed, error));
    } catch (error) {
      this.#fail(passed, error);
    } finally {
      this.#running = before;
    }
  }

  /** The record that has reached the transport's own `log()`; `undefined` for a direct call. */
  find(info: Info, callback: unknown): PassedRecord | undefined {
    // By the info only once: the application may log the same object again with a direct call.
    const byInfo = this.#byInfo.get(info);
    if (byInfo !== undefined) this.#byInfo.delete(info);
    const passed = this.#byCallback.get(callback as Callback) ?? byInfo ?? this.#running;
    if (passed?.state === 'outside') passed.state = 'taken';
    return passed;
  }

  #fail(passed: PassedRecord, error: unknown): void {
    const { onFailed, onLost } = this.#listeners;
    if (passed.state !== 'outside') {
      onFailed(error);
      return;
    }
    // The original info is not sent instead: the wrapped `log()` may have been about to remove secrets from it.
    passed.state = 'dropped';
    onLost(error);
  }
}
