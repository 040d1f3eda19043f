import type { Clock } from '../util/clock.ts';

/**
 * Waits for the records that a logger still has when it ends. winston only asks its transports to end; what a sibling
 * that pushes back has held up in the logger, up to 16 records, comes afterwards, and never if all have ended by then.
 */
export class LastRecords {
  readonly #clock: Clock;
  readonly #isComing: () => boolean;
  readonly #waiting = new Set<() => void>();

  /** @param isComing whether there are any */
  constructor(clock: Clock, isComing: () => boolean) {
    this.#clock = clock;
    this.#isComing = isComing;
  }

  /** Calls `then` when the last has come, or the time is up: at once where there is none to wait for. */
  wait(timeoutMs: number, then: () => void): void {
    if (!this.#isComing()) {
      then();
      return;
    }
    const timer = this.#clock.after(timeoutMs, () => end(), true);
    const end = (): void => {
      this.#clock.cancel(timer);
      this.#waiting.delete(end);
      then();
    };
    this.#waiting.add(end);
  }

  /** A record has come, or a logger has gone. */
  onRecord(): void {
    if (this.#waiting.size > 0 && !this.#isComing()) for (const end of this.#waiting) end();
  }
}
