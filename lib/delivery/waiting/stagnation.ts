// As many records as come to wait, with none taken, before it is an outage. Fewer come and go before V8 takes them for
// old; as objects, so many are 1 MiB.
const MANY = 1_024;
// While sends are under way, a burst of some thousands is no outage yet, and packing would only cost.
const MANY_WHILE_SENDING = 8_192;

/** Whether records only come to wait, and none are taken to be sent. */
export class Stagnation {
  readonly #isSending: () => boolean;
  #sinceTaken = 0;

  /** @param isSending whether sends are under way */
  constructor(isSending: () => boolean) {
    this.#isSending = isSending;
  }

  notePushed(): void {
    this.#sinceTaken++;
  }

  noteTaken(): void {
    this.#sinceTaken = 0;
  }

  /** Whether that is so in all queues, or in one. @param sinceTaken how many have come to wait in that one */
  hasBegun(sinceTaken: number): boolean {
    const most = Math.max(sinceTaken, this.#sinceTaken);
    return most > MANY && (most > MANY_WHILE_SENDING || !this.#isSending());
  }
}
