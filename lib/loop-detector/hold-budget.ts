// Sends may be held for so long in all before tests have to wait, and for this part of the time in the long run: traffic that
// looks like a loop again and again, and is none, must not be slowed down for good.
const MAX_MS = 15_000;
const MIN_MS = 1_000;
const EARNED_PER_MS = 0.02;

/** For how long sends may be held. */
export class HoldBudget {
  #leftMs = MAX_MS;
  #computedAt = 0;

  /** Whether a test may begin. */
  allowsTest(now: number): boolean {
    return this.#left(now) >= MIN_MS;
  }

  isOverspent(now: number): boolean {
    return this.#left(now) < 0;
  }

  /** A send was held for so long. */
  spend(ms: number, now: number): void {
    this.#leftMs = this.#left(now) - ms;
  }

  #left(now: number): number {
    const earned = (now - this.#computedAt) * EARNED_PER_MS;
    this.#computedAt = now;
    this.#leftMs = Math.min(MAX_MS, this.#leftMs + earned);
    return this.#leftMs;
  }
}
