import type { Clock, Timer } from '../time/clock.ts';

/** Schedules the next run of the send loop: at the end of this turn, or later with one timer. */
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

  /** Whether the loop runs at the end of this turn. */
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

  /** A record has come that lingers. A timer that is armed for a later retry is replaced. */
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

  /** Called when the loop runs. */
  onRun(): void {
    this.#isDue = false;
    this.disarm();
  }
}
