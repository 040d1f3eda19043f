/** What a flush may be held up by for a moment: the loop detector. */
export interface FlushGate {
  /**
   * A batch is due.
   *
   * @param now monotonic milliseconds
   * @param mayHold whether nothing speaks against it
   * @returns until when nothing is to be sent: then it is asked again
   */
  hold(now: number, mayHold: boolean): number;
  /** A batch of so many records goes out. @param isForced because somebody flushes */
  onSend(now: number, isForced: boolean, records: number): void;
}
