import type { Clock, Timer } from '../time/clock.ts';

/** When the send loop looks next for what is due: at the end of this turn, or later, by one timer. */
export class SendTimer {
  readonly #clock: Clock;
  readonly #lingerMs: number;
  readonly #run: () => void;
  #timer: Timer | undefined;
  /** Whether the timer waits for longer than a fresh record may wait. */
  #isLate = false;
  #isDue = false;

  constructor(clock: Clock, lingerMs: number, run: () => void) {
    this.#clock = clock;
    this.#lingerMs = lingerMs;
    this.#run = run;
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
    this.#clock.soon(this.#run);
  }

  /** A record has come that may wait for `lingerMs`. The timer may be that of a partition queue that waits to try again. */
  onFresh(): void {
    if (this.#timer === undefined || this.#isLate) this.arm(this.#lingerMs);
  }

  arm(delayMs: number): void {
    this.disarm();
    this.#isLate = delayMs > this.#lingerMs;
    this.#timer = this.#clock.after(delayMs, this.#run);
  }

  disarm(): void {
    this.#clock.cancel(this.#timer);
    this.#timer = undefined;
  }

  /** It looks now. */
  onRun(): void {
    this.#isDue = false;
    this.disarm();
  }
}
