import { countOf, type Records } from '../batch.ts';
import type { BatchingPolicy } from '../batching-policy.ts';
import { ProducerBatch } from '../producer-batch.ts';
import type { PartitionQueue } from './partition-queue.ts';
import type { PartitionQueues } from './partition-queues.ts';
import { takeAt, takeOfOneKey, takeOldest } from './take-records.ts';

/** Forms the batches of one topic: takes the records of a batch out of the queue that is to send. */
export class BatchFormer {
  readonly #topic: string;
  readonly #policy: BatchingPolicy;
  readonly #queues: PartitionQueues;

  constructor(topic: string, policy: BatchingPolicy, queues: PartitionQueues) {
    this.#topic = topic;
    this.#policy = policy;
    this.#queues = queues;
  }

  /** The next batch of this queue, which is busy from now on. */
  form(partitionQueue: PartitionQueue, now: number): ProducerBatch {
    const again = partitionQueue.startResend();
    if (again !== undefined) return again;
    const { position } = partitionQueue.search;
    if (position !== undefined) return this.#formAlone(partitionQueue, position);
    if (partitionQueue === this.#queues.unkeyed) return this.#formUnkeyed(partitionQueue, now);
    return partitionQueue === this.#queues.keyedUnassigned
      ? this.#formOfOneKey(partitionQueue)
      : this.#formOfOldest(partitionQueue, partitionQueue);
  }

  #formUnkeyed(unkeyed: PartitionQueue, now: number): ProducerBatch {
    const partition = this.#queues.partitions.choose(now);
    if (partition === undefined)
      return this.#formOfOldest(unkeyed, unkeyed, this.#policy.keepsSendTogether ? undefined : 1);
    unkeyed.forgetFailures();
    return this.#formOfOldest(unkeyed, this.#queues.at(partition));
  }

  /** @param from where the records wait @param to the queue that sends them */
  #formOfOldest(from: PartitionQueue, to: PartitionQueue, most = Number.POSITIVE_INFINITY): ProducerBatch {
    const { maxRecords, maxBytes } = this.#policy.limits;
    const limits = { most: Math.min(maxRecords, to.search.sendLimit, most), maxBytes };
    return this.#batchOf(from.queue.takePacked(limits) ?? takeOldest(from.queue, limits), from, to);
  }

  /** The next record that is to be sent alone. Where none is left here, one that is not bound to a partition yet. */
  #formAlone(partitionQueue: PartitionQueue, position: number): ProducerBatch {
    const { queue } = partitionQueue;
    const borrowed =
      position >= queue.count && this.#queues.waitingFor(partitionQueue) > position
        ? this.#queues.unkeyed.queue.shift()
        : undefined;
    if (borrowed !== undefined) queue.push(borrowed);
    return this.#batchOf(takeAt(queue, position), partitionQueue, partitionQueue);
  }

  /**
   * The oldest records, as long as they share a key. With a client that was handed in, where every keyed send is one
   * of these, also the next few that do: that inverts no key, but records of different keys.
   */
  #formOfOneKey(partitionQueue: PartitionQueue): ProducerBatch {
    const { limits, keepsSendTogether } = this.#policy;
    const most = Math.min(limits.maxRecords, partitionQueue.search.sendLimit);
    const among = keepsSendTogether ? 'adjacent' : limits.maxRecords;
    const records = takeOfOneKey(partitionQueue.queue, { most, maxBytes: limits.maxBytes }, among);
    return this.#batchOf(records, partitionQueue, partitionQueue);
  }

  #batchOf(records: Records, from: PartitionQueue, to: PartitionQueue): ProducerBatch {
    to.startSend(countOf(records), from);
    return new ProducerBatch(this.#topic, to, records);
  }
}
