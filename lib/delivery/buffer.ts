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
  /** Candidates for shedding, oldest first, by severity; the least severe shelf first. */
  readonly #shelves: Shelf[] = [];

  constructor(limits: BufferLimits, ledger: Ledger) {
    this.#limits = limits;
    this.#ledger = ledger;
  }

  /** Whether a record of this size could ever be held. */
  canHold(bytes: number): boolean {
    return bytes <= this.#limits.maxBytes;
  }

  /**
   * Makes room for a record, or finds that it must not come in. Nothing is shed in vain.
   *
   * @param shed is called for each record that gives way; it takes the record out of its queue and out of the books
   * @returns whether the record may come in
   */
  makeRoomFor(record: PendingRecord, shed: (victim: PendingRecord) => void): boolean {
    let records = this.#ledger.held + 1 - this.#limits.maxRecords;
    let bytes = this.#ledger.heldBytes + record.bytes - this.#limits.maxBytes;
    if (records <= 0 && bytes <= 0) return true;
    // As a rule one is enough: an outage does this for every record.
    const first = this.#firstCandidate(record);
    if (first === undefined) return false;
    if (records <= 1 && bytes <= first.bytes) {
      shed(first);
      return true;
    }
    const victims: PendingRecord[] = [];
    for (const victim of this.#candidates(record)) {
      victims.push(victim);
      records--;
      bytes -= victim.bytes;
      if (records > 0 || bytes > 0) continue;
      for (const each of victims) shed(each);
      return true;
    }
    return false;
  }

  /** Whether a record of this size may come in without another giving way. */
  hasRoomFor(bytes: number): boolean {
    const { held, heldBytes } = this.#ledger;
    return held < this.#limits.maxRecords && heldBytes + bytes <= this.#limits.maxBytes;
  }

  /** Whether it is at most half full. */
  get isHalfEmpty(): boolean {
    const { held, heldBytes } = this.#ledger;
    return held <= this.#limits.maxRecords / 2 && heldBytes <= this.#limits.maxBytes / 2;
  }

  /** Notes a record that has come in as one that may have to give way later. */
  hold(record: PendingRecord): void {
    if (this.#limits.overflow === 'drop-newest') return;
    const severity = this.#severityOf(record);
    let shelf = this.#shelfOf(severity);
    if (shelf === undefined) {
      shelf = new Shelf(severity);
      this.#shelves.push(shelf);
      // winston's numbers grow with unimportance.
      this.#shelves.sort((a, b) => b.severity - a.severity);
    }
    shelf.put(record, this.#ledger.held);
  }

  /** Notes records that wait again after a failed send. */
  holdAgain(records: readonly PendingRecord[]): void {
    if (this.#limits.overflow === 'drop-newest') return;
    const bySeverity = new Map<number, PendingRecord[]>();
    for (const record of records) {
      const severity = this.#severityOf(record);
      const group = bySeverity.get(severity);
      if (group === undefined) bySeverity.set(severity, [record]);
      else group.push(record);
    }
    for (const [severity, group] of bySeverity) this.#shelfOf(severity)?.putBack(group);
  }

  /** One shelf for all, unless the policy asks for more. */
  #severityOf(record: PendingRecord): number {
    return this.#limits.overflow === 'drop-lowest' ? record.severity : 0;
  }

  /** There are few levels. */
  #shelfOf(severity: number): Shelf | undefined {
    return this.#shelves.find((shelf) => shelf.severity === severity);
  }

  #firstCandidate(newcomer: PendingRecord): PendingRecord | undefined {
    const severity = this.#severityOf(newcomer);
    for (const shelf of this.#shelves) {
      if (shelf.severity < severity) return undefined;
      const first = shelf.first();
      if (first !== undefined) return first;
    }
    return undefined;
  }

  /** Those that would give way for the newcomer, in that order. */
  *#candidates(newcomer: PendingRecord): Generator<PendingRecord> {
    const severity = this.#severityOf(newcomer);
    for (const shelf of this.#shelves) {
      if (shelf.severity < severity) return;
      yield* shelf.queued();
    }
  }
}

/**
 * Records in the order in which they would give way. Those that are not waiting any more, settled or in flight,
 * are passed over once and for all when they are reached, or shedding would take ever longer: what comes back
 * from a failed send is put back by hand.
 */
class Shelf {
  readonly severity: number;
  #records: (PendingRecord | undefined)[] = [];
  #head = 0;
  /** What has come back, oldest first. */
  #back: PendingRecord[] = [];
  #backHead = 0;

  constructor(severity: number) {
    this.severity = severity;
  }

  put(record: PendingRecord, held: number): void {
    // Without this, a shelf would grow for ever where nothing is ever shed.
    if (this.#records.length > SMALL && this.#records.length > 2 * held) {
      this.#records = this.#records.filter((item, at) => at >= this.#head && isQueued(item));
      this.#head = 0;
    }
    this.#records.push(record);
  }

  putBack(records: readonly PendingRecord[]): void {
    const passed = new Set([...this.#back.slice(this.#backHead).filter(isQueued), ...records]);
    this.#back = [...passed].sort((a, b) => a.seq - b.seq);
    this.#backHead = 0;
  }

  /** The first that would give way. */
  first(): PendingRecord | undefined {
    this.#passOver();
    return older(this.#records[this.#head], this.#back[this.#backHead]);
  }

  *queued(): Generator<PendingRecord> {
    this.#passOver();
    let at = this.#head;
    let backAt = this.#backHead;
    for (;;) {
      const record = this.#records[at];
      const back = this.#back[backAt];
      if (record === undefined && back === undefined) return;
      const next = older(record, back);
      // One that came back may not have been passed over yet, and so stand in both.
      if (next === back) backAt++;
      if (next === record) at++;
      if (next !== undefined && isQueued(next)) yield next;
    }
  }

  #passOver(): void {
    while (this.#backHead < this.#back.length && !isQueued(this.#back[this.#backHead])) this.#backHead++;
    while (this.#head < this.#records.length && !isQueued(this.#records[this.#head])) {
      // Let go of, or the array would keep as many that are gone as there are.
      this.#records[this.#head++] = undefined;
    }
  }
}

function older(
  record: PendingRecord | undefined,
  back: PendingRecord | undefined,
): PendingRecord | undefined {
  return record === undefined || (back !== undefined && back.seq <= record.seq) ? back : record;
}

function isQueued(record: PendingRecord | undefined): boolean {
  return record?.state === 'queued';
}
