import type { Clock, Timer } from '../time/clock.ts';
import { type Counts, Tally } from '../util/tally.ts';

// How often the topic is told, while records are left out.
const INTERVAL_MS = 60_000;

/** Counts what was left out, by level, and tells it: once in a minute, and at the end. */
export class SamplingNotice {
  readonly #clock: Clock;
  readonly #tell: (counts: Counts) => void;
  readonly #untold = new Tally();
  #timer: Timer | undefined;

  /** @param tell called with what was left out since the last time */
  constructor(clock: Clock, tell: (counts: Counts) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Whether there is something that has not been told. */
  get isPending(): boolean {
    return !this.#untold.isEmpty;
  }

  add(level: string): void {
    this.#untold.add(level);
    this.#timer ??= this.#clock.after(INTERVAL_MS, () => this.tellNow());
  }

  /** The time of the next one begins with the next record that is left out. */
  tellNow(): void {
    this.#clock.cancel(this.#timer);
    this.#timer = undefined;
    if (this.isPending) this.#tell(this.#untold.take());
  }
}
