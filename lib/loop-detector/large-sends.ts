// Traffic of so many records a send is most likely no loop (which would have been found while it was small), and holding it
// costs most: it is only tested once it has gone on for this long.
const LARGE_SEND = 64;
const UNTESTED_MS = 30_000;

/** Whether sends have become large only lately. */
export class LargeSends {
  #since: number | undefined;
  #wasLarge = false;

  onSend(now: number, records: number): void {
    const isLarge = records >= LARGE_SEND;
    if (isLarge) this.#since ??= now;
    // One smaller send in between changes nothing: the partitions of a client that was handed in are found out with one record.
    else if (!this.#wasLarge) this.#since = undefined;
    this.#wasLarge = isLarge;
  }

  areNew(now: number): boolean {
    return this.#since !== undefined && now - this.#since < UNTESTED_MS;
  }
}
