import type { PendingRecord } from '../record/record.ts';
import { type Batch, bytesOf, countOf, isPacked, type Records } from './batch.ts';
import type { PartitionQueue } from './queues/partition-queue.ts';

/** A batch that has been taken out of its partition queue, to be sent. */
export class ProducerBatch implements Batch {
  readonly topic: string;
  readonly partitionQueue: PartitionQueue;
  readonly count: number;
  /** Size of its records. */
  readonly bytes: number;
  #partition: number | undefined;
  #content: Records;

  constructor(topic: string, partitionQueue: PartitionQueue, content: Records) {
    this.topic = topic;
    this.partitionQueue = partitionQueue;
    this.#partition = partitionQueue.partition;
    this.count = countOf(content);
    this.bytes = bytesOf(content);
    this.#content = content;
  }

  get partition(): number | undefined {
    return this.#partition;
  }

  get content(): Records {
    return this.#content;
  }

  /** The records as objects. This unpacks packed records for good, so a send that succeeds does not use it. */
  get records(): readonly PendingRecord[] {
    const content = this.#content;
    if (!isPacked(content)) return content;
    const records = content.toObjects();
    for (const record of records) record.state = 'in-flight';
    content.release();
    this.#content = records;
    return records;
  }

  bindTo(partition: number): void {
    this.#partition = partition;
  }

  /** Called when the topic does not have the partition. */
  unbind(): void {
    this.#partition = undefined;
  }

  /** Whether its records have been sent before. */
  get isRetry(): boolean {
    return !isPacked(this.#content) && this.#content[0]?.hasBeenSent === true;
  }

  /** Frees the pages of its records, after the batch was delivered. */
  release(): void {
    if (!isPacked(this.#content)) return;
    this.#content.release();
    this.#content = [];
  }
}
