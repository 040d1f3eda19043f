import type { Clock } from '../../time/clock.ts';

/** Ends the wait at the end of a process early: after a minimum time, as soon as a condition says that waiting is useless. */
export class LastTries {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #looking = new Set<() => void>();

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Checks the conditions again, because something has changed. */
  look(): void {
    for (const look of this.#looking) look();
  }

  /**
   * Calls `then` once, when `isInVain` returns true after the minimum time.
   *
   * @returns a function that stops it
   */
  begin(isInVain: () => boolean, then: () => void): () => void {
    let isTime = false;
    const look = (): void => {
      if (!isTime || !isInVain()) return;
      end();
      then();
    };
    const timer = this.#clock.after(this.#ms, () => {
      isTime = true;
      look();
    });
    const end = (): void => {
      this.#clock.cancel(timer);
      this.#looking.delete(look);
    };
    this.#looking.add(look);
    return end;
  }
}
