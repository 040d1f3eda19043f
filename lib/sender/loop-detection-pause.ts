import type { SendGate } from './sender-options.ts';

/** Pauses the sends while the loop detector tests for a loop. No record waits for that twice. */
export class LoopDetectionPause {
  readonly #gate: SendGate | undefined;
  #isOn = false;
  /** How many records have waited in a pause and were not sent since. */
  #haveWaited = 0;

  constructor(gate: SendGate | undefined) {
    this.#gate = gate;
  }

  /**
   * Called when a batch is due.
   *
   * @param mayPause whether a pause is harmless now
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

  /** A batch is sent. @param isForced whether because of a flush @param records how many it has */
  onSend(now: number, isForced: boolean, records: number): void {
    this.#haveWaited = Math.max(0, this.#haveWaited - records);
    this.#gate?.onSend(now, isForced, records);
  }
}
