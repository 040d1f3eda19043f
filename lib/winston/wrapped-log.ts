import type { Info } from '../util/info.ts';
import { handleRejection } from '../util/thenable.ts';
import type { Mark } from './mark.ts';

type Callback = (error?: unknown) => void;

/** A record on its way through a `log()` that is not the transport's own. */
export interface Handed {
  /** What was learnt at the log call; the info that comes out may be another, without it. */
  readonly mark: Mark | undefined;
  /** Whether the transport's own `log()` has got it, or it was counted as dropped because the other one failed first. */
  state: 'outside' | 'taken' | 'dropped';
}

export interface WrappedLogListeners {
  /** It threw, or its promise was rejected, before it had handed the record on. */
  onLost(error: unknown): void;
  /** It failed in a way that does not cost the record: after that, or by calling back with an error. */
  onFailed(error: unknown): void;
}

/**
 * Hands records to a `log()` that somebody has wrapped, or a subclass has overridden, and knows them again when they come to
 * the transport's own: by the callback; by the info; and, for a new info without the callback, by its coming while the
 * other one runs. A new info without the callback in a later turn is like a direct call of `log()`.
 */
export class WrappedLog {
  readonly #listeners: WrappedLogListeners;
  readonly #byCallback = new WeakMap<Callback, Handed>();
  readonly #byInfo = new WeakMap<Info, Handed>();
  #running: Handed | undefined;

  constructor(listeners: WrappedLogListeners) {
    this.#listeners = listeners;
  }

  /** Never throws, and waits for nothing: the logger's other transports go on, whenever this one calls back. */
  hand(log: (callback: Callback) => unknown, info: Info, mark: Mark | undefined): void {
    const { onFailed } = this.#listeners;
    const handed: Handed = { mark, state: 'outside' };
    const callback: Callback = (error) => {
      if (error !== undefined && error !== null) onFailed(error);
    };
    this.#byCallback.set(callback, handed);
    this.#byInfo.set(info, handed);
    const before = this.#running;
    this.#running = handed;
    try {
      handleRejection(log(callback), (error) => this.#fail(handed, error));
    } catch (error) {
      this.#fail(handed, error);
    } finally {
      this.#running = before;
    }
  }

  /** Which of them has come to the transport's own `log()`; none for a direct call. */
  find(info: Info, callback: unknown): Handed | undefined {
    // The one by the info only once: the application may log the same object again, by a direct call.
    const byInfo = this.#byInfo.get(info);
    if (byInfo !== undefined) this.#byInfo.delete(info);
    const handed = this.#byCallback.get(callback as Callback) ?? byInfo ?? this.#running;
    if (handed?.state === 'outside') handed.state = 'taken';
    return handed;
  }

  #fail(handed: Handed, error: unknown): void {
    const { onFailed, onLost } = this.#listeners;
    if (handed.state !== 'outside') {
      onFailed(error);
      return;
    }
    // Not sent in its place: it may have been about to take something out that nobody is to see.
    handed.state = 'dropped';
    onLost(error);
  }
}
