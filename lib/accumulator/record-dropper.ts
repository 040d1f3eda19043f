import type { DropReason, PendingRecord } from '../record/record.ts';
import type { Spool } from '../spool/spool.ts';
import type { Ledger } from './ledger.ts';

/** Told of each record that will not reach Kafka; it is still whole, and already counted. */
export type DropListener = (record: PendingRecord, reason: DropReason, cause: unknown) => void;

/** Takes records that will not reach Kafka out of where they wait, counts them, and tells of them. */
export class RecordDropper {
  readonly #ledger: Ledger;
  readonly #spool: Spool | undefined;
  readonly #onDropped: DropListener;

  constructor(ledger: Ledger, spool: Spool | undefined, onDropped: DropListener) {
    this.#ledger = ledger;
    this.#spool = spool;
    this.#onDropped = onDropped;
  }

  /** A record that has not been accepted yet. */
  acceptAndDrop(record: PendingRecord, reason: DropReason, cause: unknown): void {
    this.#ledger.accept(record);
    this.drop(record, reason, cause);
  }

  /** A record that has not been accepted yet, and is larger than all that the buffer may hold. */
  dropOversize(record: PendingRecord): void {
    const cause = new Error(`${record.bytes} bytes are more than the buffer may hold`);
    this.acceptAndDrop(record, 'oversize', cause);
  }

  drop(record: PendingRecord, reason: DropReason, cause: unknown): void {
    record.queue?.discard(record);
    this.#ledger.drop(record, reason);
    this.#onDropped(record, reason, cause);
    // Not before: a process that is killed now has it handed on again by the next, and not by none.
    this.#spool?.settleDropped(record);
    record.empty();
  }
}
