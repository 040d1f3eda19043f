import type { PendingRecord } from '../record/record.ts';
import type { Spool } from '../spool/spool.ts';
import { isPacked, type Records } from './batch.ts';
import type { Ledger } from './ledger.ts';
import type { ProducerBatch } from './producer-batch.ts';

/** The batches that were taken out of their queues: those with the client, and those that wait to be resent unchanged. */
export class InFlightBatches {
  readonly #ledger: Ledger;
  readonly #spool: Spool | undefined;
  readonly #keepsSendTogether: boolean;
  readonly #withClient = new Set<ProducerBatch>();
  /** Their records count as in flight: the broker may have them. */
  readonly #awaitingResend = new Set<ProducerBatch>();

  constructor(ledger: Ledger, spool: Spool | undefined, keepsSendTogether: boolean) {
    this.#ledger = ledger;
    this.#spool = spool;
    this.#keepsSendTogether = keepsSendTogether;
  }

  get withClient(): ReadonlySet<ProducerBatch> {
    return this.#withClient;
  }

  /** A batch goes to the client. */
  start(batch: ProducerBatch): void {
    if (!this.#awaitingResend.delete(batch)) {
      const { content } = batch;
      if (isPacked(content)) this.#ledger.startSendOfPages(content);
      else {
        for (const record of content) this.#ledger.startSend(record);
        this.#bind(batch);
      }
    }
    this.#withClient.add(batch);
  }

  /** Removes an answered batch. @returns its records, without those that have been given up in the meantime */
  remove(batch: ProducerBatch): PendingRecord[] {
    this.#withClient.delete(batch);
    return batch.records.filter((record) => record.state === 'in-flight');
  }

  /**
   * Removes an answered batch whose records will wait again.
   *
   * @param mayMove whether they may go to another partition than the one they were sent to
   */
  takeBack(batch: ProducerBatch, mayMove = false): PendingRecord[] {
    const records = this.remove(batch);
    for (const record of records) {
      this.#ledger.reenqueue(record);
      if (mayMove) record.partition = undefined;
    }
    if (!mayMove) this.#bind(batch);
    return records;
  }

  /** Replaces an answered batch by the one that will be resent with the same records. */
  keep(batch: ProducerBatch, resent: ProducerBatch): void {
    this.#withClient.delete(batch);
    this.#bind(batch);
    this.#awaitingResend.add(resent);
  }

  /** @returns the records that were delivered by this */
  deliver(batch: ProducerBatch): Records {
    const { content } = batch;
    if (isPacked(content)) {
      this.#withClient.delete(batch);
      this.#ledger.deliverPages(content);
      return content;
    }
    const records = this.remove(batch);
    for (const record of records) this.#ledger.deliver(record);
    this.#spool?.settle(records);
    return records;
  }

  /** All records of these batches. */
  records(): PendingRecord[] {
    // The client may have chosen a partition since the batch was started.
    for (const batch of this.#withClient) this.#bind(batch);
    return [...this.#withClient, ...this.#awaitingResend].flatMap((batch) => batch.records);
  }

  /** Forgets the batches that wait to be resent: their records have been given up. */
  clearResend(): void {
    this.#awaitingResend.clear();
  }

  /**
   * Notes on the records, and in the spool, the partition that they go to, or that they may go to any again. Otherwise a later process
   * could send them to another partition, behind younger ones; those with a key too, if partitions were added. With the option
   * `producer`, records with a key wait in a queue for their key, not for a partition.
   */
  #bind({ records, partition }: ProducerBatch): void {
    const changed = records.filter(
      (record) => record.partition !== partition && (this.#keepsSendTogether || record.key === null),
    );
    for (const record of changed) record.partition = partition;
    if (partition !== undefined) this.#spool?.bind(changed);
  }
}
