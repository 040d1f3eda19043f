// The window of `stats().rates`: long enough to be steady, short enough to show what is going on now.
const WINDOW_S = 10;
// The second under way is not whole yet: it does not count, but needs a place.
const SLOTS = WINDOW_S + 1;

/** How much happens per second, over the last ten whole seconds. Without timers: time comes with what happens. */
export class Rate {
  readonly #counts = new Float64Array(SLOTS);
  /** The second that each count is of. After a jump of the clock the old ones do not count, and are written over. */
  readonly #seconds = new Float64Array(SLOTS).fill(-1);
  readonly #since: number;

  /** @param now milliseconds */
  constructor(now: number) {
    this.#since = secondOf(now);
  }

  add(count: number, now: number): void {
    const second = secondOf(now);
    const at = second % SLOTS;
    if (this.#seconds[at] === second) this.#counts[at] = (this.#counts[at] ?? 0) + count;
    else {
      this.#seconds[at] = second;
      this.#counts[at] = count;
    }
  }

  perSecond(now: number): number {
    const second = secondOf(now);
    let sum = 0;
    for (let at = 0; at < SLOTS; at++) {
      const age = second - (this.#seconds[at] ?? second);
      if (age >= 1 && age <= WINDOW_S) sum += this.#counts[at] ?? 0;
    }
    // Set back to before the start, the clock says nothing of how long that is ago: for a while it is less than this.
    return sum / Math.max(1, Math.min(WINDOW_S, Math.abs(second - this.#since)));
  }
}

function secondOf(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
