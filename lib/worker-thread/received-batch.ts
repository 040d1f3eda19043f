import type { Batch, Records } from '../accumulator/batch.ts';
import type { WireBatch } from '../clients/worker/messages/thread-messages.ts';
import {
  pagesFromWire,
  recordsFromWire,
  type WirePage,
  type WireRecords,
} from '../clients/worker/messages/wire-records.ts';

/** A batch from another thread, which has to hear of the partition at once: a send without an answer may be there. */
export class ReceivedBatch implements Batch {
  readonly topic: string;
  readonly content: Records;
  readonly #onBound: (partition: number) => void;
  #partition: number | undefined;

  constructor(
    { topic, partition, records }: WireBatch<WireRecords | WirePage[]>,
    onBound: (partition: number) => void,
  ) {
    this.topic = topic;
    this.content = Array.isArray(records) ? pagesFromWire(records) : recordsFromWire(topic, records);
    this.#partition = partition;
    this.#onBound = onBound;
  }

  get partition(): number | undefined {
    return this.#partition;
  }

  bindTo(partition: number): void {
    if (partition === this.#partition) return;
    this.#partition = partition;
    this.#onBound(partition);
  }
}
