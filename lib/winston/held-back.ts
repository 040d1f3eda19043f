import type { Clock } from '../time/clock.ts';

/** The loggers of a transport, as far as they hold records back. */
export interface HoldingLoggers {
  /** How many records they have taken, and not handed on yet. */
  readonly held: number;
  /** How many loggers there are. */
  readonly count: number;
}

interface Waiting {
  /** How many records are to come. */
  left: number;
  done(): void;
}

/**
 * The records that loggers hold back while a sibling pushes back: logged, and with no transport yet. winston delivers in the order of
 * the log calls, so those that are held now have come when as many have.
 */
export class HeldBack {
  readonly #loggers: HoldingLoggers;
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #isChecking = false;

  constructor(loggers: HoldingLoggers, clock: Clock) {
    this.#loggers = loggers;
    this.#clock = clock;
  }

  get any(): boolean {
    return this.#loggers.held > 0;
  }

  /** A record has come, or a logger has gone. */
  onRecord(): void {
    if (this.#waiting.size === 0) return;
    for (const waiting of this.#waiting) if (--waiting.left <= 0) waiting.done();
    this.#checkSoon();
  }

  /** Resolves when those have come that are held now, or the time is up. */
  come(timeoutMs: number): Promise<void> {
    const { held, count } = this.#loggers;
    return new Promise((resolve) => {
      const timer = this.#clock.after(timeoutMs, () => waiting.done(), true);
      const waiting: Waiting = {
        // Of several loggers nobody knows which one a record comes from: there all have to be empty.
        left: count > 1 ? Number.POSITIVE_INFINITY : held,
        done: () => {
          this.#clock.cancel(timer);
          this.#waiting.delete(waiting);
          resolve();
        },
      };
      this.#waiting.add(waiting);
      this.#checkSoon();
    });
  }

  /** The logger's format may keep the last ones out, or the logger just be handing over one that nobody holds up. */
  #checkSoon(): void {
    if (this.#isChecking || this.#waiting.size === 0) return;
    this.#isChecking = true;
    this.#clock.soon(() => {
      this.#isChecking = false;
      if (!this.any) for (const { done } of this.#waiting) done();
    });
  }
}
