import type { DropReason, PendingRecord } from '../record/record.ts';
import type { Spool } from '../spool/spool.ts';
import type { Ledger } from './ledger.ts';

/** Called for each record that will not reach Kafka; the record is already counted, and still has its content. */
export type DropListener = (record: PendingRecord, reason: DropReason, cause: unknown) => void;

/** Removes records that will not reach Kafka from their queues, counts them, and reports them. */
export class RecordDropper {
  readonly #ledger: Ledger;
  readonly #spool: Spool | undefined;
  readonly #onDropped: DropListener;

  constructor(ledger: Ledger, spool: Spool | undefined, onDropped: DropListener) {
    this.#ledger = ledger;
    this.#spool = spool;
    this.#onDropped = onDropped;
  }

  /** Accepts and drops a record. */
  acceptAndDrop(record: PendingRecord, reason: DropReason, cause: unknown): void {
    this.#ledger.accept(record);
    this.drop(record, reason, cause);
  }

  /** Accepts and drops a record that is larger than the whole buffer. */
  dropOversize(record: PendingRecord): void {
    const cause = new Error(`${record.bytes} bytes are more than the buffer may hold`);
    this.acceptAndDrop(record, 'oversize', cause);
  }

  drop(record: PendingRecord, reason: DropReason, cause: unknown): void {
    record.queue?.discard(record);
    this.#ledger.drop(record, reason);
    this.#onDropped(record, reason, cause);
    // Last: if the process is killed before this, the next process reports the record again, instead of nobody.
    this.#spool?.settleDropped(record);
    record.empty();
  }
}
