import type { Ledger } from './ledger.ts';
import type { PendingRecord } from './record.ts';

/** What gives way when the buffer is full. `drop-lowest`: the least severe level first, then the oldest. */
export type OverflowPolicy = 'drop-oldest' | 'drop-newest' | 'drop-lowest';

export interface BufferLimits {
  maxRecords: number;
  maxBytes: number;
  overflow: OverflowPolicy;
}

/** Below this many entries a shelf is not worth tidying. */
const SMALL = 1024;

/**
 * Decides what memory may hold until the broker has it. Counts what waits and what is in flight; sheds only
 * what waits, because a record that is with the Kafka client cannot be called back.
 */
export class RecordBuffer {
  readonly #limits: BufferLimits;
  readonly #ledger: Ledger;
  /** Candidates for shedding, oldest first, by severity; one shelf for all unless the policy asks for more. */
  readonly #shelves = new Map<number, Shelf>();

  constructor(limits: BufferLimits, ledger: Ledger) {
    this.#limits = limits;
    this.#ledger = ledger;
  }

  /** Whether a record of this size could ever be held. */
  canHold(bytes: number): boolean {
    return bytes <= this.#limits.maxBytes;
  }

  /**
   * Makes room for a record, or finds that it must not come in.
   *
   * @param shed is called for each record that gives way; it takes the record out of its queue and out of the books
   * @returns whether the record may come in
   */
  makeRoomFor(record: PendingRecord, shed: (victim: PendingRecord) => void): boolean {
    while (this.#isFullFor(record)) {
      const victim = this.#victim(record);
      if (victim === undefined) return false;
      shed(victim);
    }
    return true;
  }

  /** Notes a record that has come in as one that may have to give way later. */
  hold(record: PendingRecord): void {
    if (this.#limits.overflow === 'drop-newest') return;
    const severity = this.#limits.overflow === 'drop-lowest' ? record.severity : 0;
    let shelf = this.#shelves.get(severity);
    if (shelf === undefined) {
      shelf = new Shelf();
      this.#shelves.set(severity, shelf);
    }
    shelf.put(record, this.#ledger.held);
  }

  #isFullFor(record: PendingRecord): boolean {
    return (
      this.#ledger.held + 1 > this.#limits.maxRecords ||
      this.#ledger.heldBytes + record.bytes > this.#limits.maxBytes
    );
  }

  #victim(newcomer: PendingRecord): PendingRecord | undefined {
    // From the least severe up: winston's numbers grow with unimportance. Few levels, so a scan is cheap.
    const severities = [...this.#shelves.keys()].sort((a, b) => b - a);
    for (const severity of severities) {
      if (this.#limits.overflow === 'drop-lowest' && severity < newcomer.severity) return undefined;
      const oldest = this.#shelves.get(severity)?.oldest();
      if (oldest !== undefined) return oldest;
    }
    return undefined;
  }
}

/** Records in the order in which they would give way. Those that are settled are passed over when reached. */
class Shelf {
  #records: PendingRecord[] = [];
  #head = 0;

  put(record: PendingRecord, held: number): void {
    // Without this, a shelf would grow for ever where nothing is ever shed.
    if (this.#records.length > SMALL && this.#records.length > 2 * held) {
      this.#records = this.#records.filter((item, at) => at >= this.#head && item.state !== 'settled');
      this.#head = 0;
    }
    this.#records.push(record);
  }

  oldest(): PendingRecord | undefined {
    while (this.#records[this.#head]?.state === 'settled') this.#head++;
    // What is in flight may come back, and is the oldest then: so it is stepped over, not left behind. A few
    // batches at the most.
    for (let at = this.#head; at < this.#records.length; at++) {
      const record = this.#records[at];
      if (record?.state === 'queued') return record;
    }
    return undefined;
  }
}
