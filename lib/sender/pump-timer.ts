import type { Clock, Timer } from '../util/clock.ts';

/** When the sender looks next for what is due: at the end of this turn, or later, by one timer. */
export class PumpTimer {
  readonly #clock: Clock;
  readonly #lingerMs: number;
  readonly #pump: () => void;
  #timer: Timer | undefined;
  /** Whether the timer waits for longer than a fresh record may wait. */
  #isLate = false;
  #isDue = false;

  constructor(clock: Clock, lingerMs: number, pump: () => void) {
    this.#clock = clock;
    this.#lingerMs = lingerMs;
    this.#pump = pump;
  }

  /** Whether it looks at the end of this turn. */
  get isDue(): boolean {
    return this.#isDue;
  }

  get isArmed(): boolean {
    return this.#timer !== undefined;
  }

  soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.soon(this.#pump);
  }

  /** A record has come that may wait for `lingerMs`. The timer may be that of a partition queue that waits to try again. */
  onFresh(): void {
    if (this.#timer === undefined || this.#isLate) this.arm(this.#lingerMs);
  }

  arm(delayMs: number): void {
    this.disarm();
    this.#isLate = delayMs > this.#lingerMs;
    this.#timer = this.#clock.after(delayMs, this.#pump);
  }

  disarm(): void {
    this.#clock.cancel(this.#timer);
    this.#timer = undefined;
  }

  /** It looks now. */
  onPump(): void {
    this.#isDue = false;
    this.disarm();
  }
}
