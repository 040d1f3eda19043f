// In the first rounds, and then in one of so many, the records behind the oldest one are tried, too, each alone: at first its
// neighbour, then twice as many each time, because several unusable records may stand one behind the other. Not always: in an
// outage all of this is in vain.
const FIRST_SEARCHES = 3;
const ROUNDS_PER_SEARCH = 8;
const FIRST_REACH = 2;
const MAX_REACH = 256;
// How often a record must fail alone after another one has got through.
const FAILURES_AFTER_SUCCESS = 2;
// Where no record waits behind it that could show that the client works, but part of its own batch got through: how often it
// is tried alone, each time later than the last, and how many records may be given up by this.
const LONE_ROUNDS = 3;
const MAX_WITHOUT_PROOF = 4;

/** What becomes of a record that has failed alone. */
export type IsolationStep =
  /** The record that is to be tried next, alone, is sent at once. */
  | 'next'
  /** No record gets through: an outage. All are kept, and tried again later. */
  | 'wait'
  /** This record is the cause: it is given up. */
  | 'reject';

/**
 * Tells a record that the client cannot send from a client that sends nothing at all, where the error does not tell: what
 * a codec or a producer that was handed in throws may mean either.
 *
 * **A record is the cause if it failed alone, another record of the same stream then got through, and it failed alone twice
 * more.** While no record gets through, none is given up: the oldest ones are tried one by one, more of them with each round.
 * The record that gets through first overtakes only records that fail before and after it.
 */
export class RecordIsolation {
  #position = 0;
  #reach = FIRST_REACH;
  #rounds = 0;
  /** So many of the oldest records failed alone before another one got through. */
  #candidates = 0;
  /** How often the oldest of them has failed since. */
  #failures = 0;
  #withoutProof: number;

  /** @param hasPartArrived whether part of the batch that the record was in got through */
  constructor(hasPartArrived: boolean) {
    this.#withoutProof = hasPartArrived ? MAX_WITHOUT_PROOF : 0;
  }

  /** Which of the waiting records is to be sent next, alone; 0 is the oldest. */
  get position(): number {
    return this.#position;
  }

  /** The record at `position` got through. @returns whether nothing is left to be found out */
  recordSuccess(): boolean {
    if (this.#candidates > 0) {
      // It was the client after all.
      this.#candidates--;
      this.#failures = 0;
      return this.#candidates === 0;
    }
    this.#candidates = this.#position;
    this.#position = 0;
    this.#failures = 0;
    return this.#candidates === 0;
  }

  /** The record at `position` has failed. @param waiting how many records wait, this one included */
  recordFailure(waiting: number): IsolationStep {
    if (this.#candidates > 0) {
      if (++this.#failures < FAILURES_AFTER_SUCCESS) return 'next';
      this.#candidates--;
      this.#failures = 0;
      return 'reject';
    }
    const isSearching = this.#rounds < FIRST_SEARCHES || this.#rounds % ROUNDS_PER_SEARCH === 0;
    this.#position++;
    if (isSearching && this.#position < this.#reach && this.#position < waiting) return 'next';
    this.#position = 0;
    this.#rounds++;
    if (isSearching) this.#reach = Math.min(2 * this.#reach, MAX_REACH);
    const mayBeGivenUp = this.#rounds >= LONE_ROUNDS && waiting <= this.#withoutProof;
    if (!mayBeGivenUp) return 'wait';
    this.#withoutProof--;
    return 'reject';
  }

  /** Whether no candidate is left, and no record may be given up without proof. */
  get isOver(): boolean {
    return this.#candidates === 0 && this.#withoutProof === 0;
  }
}
