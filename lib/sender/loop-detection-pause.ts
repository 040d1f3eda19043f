import type { SendGate } from './sender-options.ts';

/** Nothing is sent while the loop detector wants to see what comes back. No record waits for that twice. */
export class LoopDetectionPause {
  readonly #gate: SendGate | undefined;
  #isOn = false;
  /** Records that have waited for one, and have not gone out since. */
  #haveWaited = 0;

  constructor(gate: SendGate | undefined) {
    this.#gate = gate;
  }

  /**
   * A batch is due.
   *
   * @param mayPause whether nothing speaks against it
   * @param queued how many records wait
   * @returns until when nothing is sent
   */
  until(now: number, mayPause: boolean, queued: number): number {
    if (this.#gate === undefined || this.#haveWaited > 0) return 0;
    const until = this.#gate.pauseUntil(now, mayPause);
    if (this.#isOn && until <= now) this.#haveWaited = queued;
    this.#isOn = until > now;
    return until;
  }

  /** So many records go out. @param isForced because somebody flushes */
  onSend(now: number, isForced: boolean, records: number): void {
    this.#haveWaited = Math.max(0, this.#haveWaited - records);
    this.#gate?.onSend(now, isForced, records);
  }
}
