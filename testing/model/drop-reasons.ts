// For which reasons a record of the model may be dropped.
import type { DropReason } from '../../lib/record/record.ts';
import type { LoggedRecord } from './logged-records.ts';
import type { ModelProcess } from './process.ts';
import { BAD, BIG, ODD } from './seen-records.ts';
import type { Shape } from './steps.ts';

// A record of the longest text, and its key.
const MOST_BYTES = 3_100;

export class DropReasons {
  readonly #shape: Shape;
  /** Whether a topic may have been refused. */
  readonly #refusesTopics: boolean;

  constructor(shape: Shape, refusesTopics: boolean) {
    this.#shape = shape;
    this.#refusesTopics = refusesTopics;
  }

  /** @param isYoungest whether nothing has been logged after it */
  isDueTo(reason: DropReason, process: ModelProcess, record: LoggedRecord, isYoungest: boolean): boolean {
    const { maxAgeMs, maxBytes } = this.#shape;
    const { mark, bytes, requested } = record;
    const isBad = mark === BAD || mark === ODD;
    switch (reason) {
      case 'overflow':
        return this.#hasNoRoom(process, record, isYoungest);
      case 'oversize':
        return mark === BIG || bytes > maxBytes;
      case 'expired':
        return maxAgeMs !== undefined;
      case 'closed':
        return process.lifecycle.isClosed || !this.#isDiskFine(process);
      case 'rejected':
        return isBad || requested !== undefined || this.#refusesTopics;
      case 'invalid':
        return false;
    }
  }

  #hasNoRoom(process: ModelProcess, { bytes }: LoggedRecord, isYoungest: boolean): boolean {
    const { spool, serializes, maxRecords, maxBytes } = this.#shape;
    if (this.#isDiskFine(process)) return false;
    // A new one may not pass what waits on disk.
    if (spool !== 'none' && (serializes || isYoungest)) return true;
    const { inMemory, inMemoryBytes } = process.ledger;
    // The dropped one is counted no more.
    return inMemory + 1 >= maxRecords || inMemoryBytes + bytes + MOST_BYTES > maxBytes;
  }

  /** Whether all records could go to disk. */
  #isDiskFine({ spoolErrors }: ModelProcess): boolean {
    const { spool, spoolBytes, serializes } = this.#shape;
    return spool !== 'none' && spoolErrors === 0 && spoolBytes > 1_000_000 && !serializes;
  }
}
