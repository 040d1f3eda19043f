import type { Clock } from '../../time/clock.ts';

/** Finds out whether the end of a process need wait no longer: asks when something has changed, and not before some time is over. */
export class LastTries {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #looking = new Set<() => void>();

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Something has changed. */
  look(): void {
    for (const look of this.#looking) look();
  }

  /**
   * Calls back when all is in vain, once.
   *
   * @returns ends it
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
