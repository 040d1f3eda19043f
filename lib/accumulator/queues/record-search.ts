import { type IsolationStep, RecordIsolation } from './record-isolation.ts';

// From this send limit on, nothing is left of a search: no batch is likely to be larger.
const FULL = 1_024;

/** Looks for a record of one partition queue that cannot be sent, by sending fewer records at a time. */
export class RecordSearch {
  #sendLimit: number = Number.POSITIVE_INFINITY;
  /** So many records, from the oldest on, are known to have a refused one among them. */
  #bisectCount = 0;
  /** Whether part of the batch that is being bisected got through. */
  #hasPartArrived = false;
  /** While it is being found out whether a record or the client is the cause: records are sent one by one. */
  #isolation: RecordIsolation | undefined;

  /** How many records a send may carry. */
  get sendLimit(): number {
    return this.#sendLimit;
  }

  get isBisecting(): boolean {
    return this.#bisectCount > 0;
  }

  get isIsolating(): boolean {
    return this.#isolation !== undefined;
  }

  /** Which of the waiting records is to be sent next, alone; 0 is the oldest. */
  get position(): number | undefined {
    return this.#isolation?.position;
  }

  /** Whether a record is looked for, or was found lately: batches are still smaller than they may be. */
  get isRecent(): boolean {
    return this.isIsolating || this.isBisecting || this.#sendLimit < FULL;
  }

  /** A send of so many records came through. */
  recordSuccess(records: number): void {
    // Not by a batch that was sent before.
    if (records === 1 && this.#isolation?.recordSuccess() === true) this.#isolation = undefined;
    if (this.#bisectCount > records) {
      this.#hasPartArrived = true;
      // The refused record was not among those, so it is among the rest.
      this.startBisect(this.#bisectCount - records);
      return;
    }
    this.#bisectCount = 0;
    // Doubling back up: where one record is refused, the next may well be too.
    this.#sendLimit *= 2;
  }

  /** One of the oldest records, so many of them, is refused: the next send has half of them. */
  startBisect(bisectCount: number): void {
    if (this.#bisectCount === 0) this.#hasPartArrived = false;
    this.#bisectCount = bisectCount;
    this.#sendLimit = Math.max(1, bisectCount >> 1);
  }

  /** There is no record to be found by that. @param sendLimit how many a send may carry from now on */
  endBisect(sendLimit: number = this.#sendLimit): void {
    this.#bisectCount = 0;
    this.#sendLimit = sendLimit;
  }

  /**
   * A record was sent alone, and failed.
   *
   * @param waiting how many could be sent, this one included
   * @param isOldest whether it is the oldest of those that failed: the search begins with that one
   */
  isolate(waiting: number, isOldest: boolean): IsolationStep {
    this.#isolation ??= new RecordIsolation(this.isBisecting && this.#hasPartArrived);
    if (this.#isolation.position === 0 && !isOldest) return 'next';
    const step = this.#isolation.recordFailure(waiting);
    if (step === 'reject' && this.#isolation.isOver) this.#isolation = undefined;
    return step;
  }

  /** No record is to be sent alone any more. */
  endIsolation(): void {
    this.#isolation = undefined;
  }

  /** The records of a send are gone. */
  onRecordsGone(): void {
    this.endBisect(this.isBisecting ? 1 : this.#sendLimit);
  }

  /** The records of a send go to another queue: which of them cannot be sent is found out there. */
  moveTo(other: RecordSearch | undefined): void {
    if (other !== undefined) other.#isolation ??= this.#isolation;
    this.#isolation = undefined;
  }
}
