import { type Batch, Lane } from '../lane.ts';
import type { PendingRecord } from '../record.ts';
import { RecordQueue } from '../waiting/record-queue.ts';
import type { WireBatch } from './messages.ts';
import { unpacked } from './wire-records.ts';

// Lanes are the main thread's business.
const NO_LANE = new Lane(undefined, new RecordQueue());

/** A batch from another thread, which has to hear of the partition at once: a send without an answer may be there. */
export class ReceivedBatch implements Batch {
  readonly topic: string;
  readonly records: readonly PendingRecord[];
  readonly lane: Lane = NO_LANE;
  readonly #onBound: (partition: number) => void;
  #partition: number | undefined;

  constructor({ topic, partition, records }: WireBatch, onBound: (partition: number) => void) {
    this.topic = topic;
    this.records = unpacked(topic, records);
    this.#partition = partition;
    this.#onBound = onBound;
  }

  get partition(): number | undefined {
    return this.#partition;
  }

  set partition(partition: number) {
    // The client may set it more than once: where kafkajs does not group the batch at once (one-group.ts), for each record.
    if (partition === this.#partition) return;
    this.#partition = partition;
    this.#onBound(partition);
  }
}
