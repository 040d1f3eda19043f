import type { Clock, Timer } from '../time/clock.ts';
import { type Counts, Tally } from '../util/tally.ts';

// How often a notice is sent, while records are left out.
const INTERVAL_MS = 60_000;

/** Counts what was left out, by level, and sends a notice of it: once in a minute, and at the end. */
export class SamplingNotice {
  readonly #clock: Clock;
  readonly #send: (counts: Counts) => void;
  readonly #unsent = new Tally();
  #timer: Timer | undefined;

  /** @param send called with what was left out since the last time */
  constructor(clock: Clock, send: (counts: Counts) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Whether something has been left out since the last one. */
  get isPending(): boolean {
    return !this.#unsent.isEmpty;
  }

  add(level: string): void {
    this.#unsent.add(level);
    this.#timer ??= this.#clock.after(INTERVAL_MS, () => this.sendNow());
  }

  /** The time of the next one begins with the next record that is left out. */
  sendNow(): void {
    this.#clock.cancel(this.#timer);
    this.#timer = undefined;
    if (this.isPending) this.#send(this.#unsent.take());
  }
}
