import type { PendingRecord } from '../../record/record.ts';
import type { QueueState } from '../../spool/spool-options.ts';
import type { Quantity } from '../ledger.ts';
import type { PartitionQueue } from './partition-queue.ts';
import type { TopicQueues } from './topic-queues.ts';
import type { Topics } from './topics.ts';

// Failed sends in a row after which it is told that a queue is held. Fewer are no news: a leader has moved.
const FAILURES_TOLD = 4;

/** A topic, or a partition of it, whose records wait while others are sent. */
export interface HeldTopic {
  readonly topic: string;
  /** Nothing where it is the whole topic, as far as is known. */
  readonly partition: number | undefined;
  /** Why its last send failed. */
  readonly cause: unknown;
}

/** A queue whose last send failed, and that has not been sent from since. */
export interface Held {
  readonly partitionQueue: PartitionQueue;
  readonly queues: TopicQueues;
  /** Of the topic's partitions, when it was first seen to be held: another number has keys go elsewhere. */
  readonly generation: number;
  /** How many sends had come through in all by then, and how many of this topic had failed. */
  readonly delivered: number;
  readonly errors: number;
  /** Whether there are records of it on disk. All that is new goes behind them. */
  isOnDisk: boolean;
  isTold: boolean;
}

/** Knows which queues are held: their topic is missing, their partition has no leader, its broker is away. */
export class HeldQueues {
  readonly #topics: Topics;
  readonly #held = new Map<PartitionQueue, Held>();
  /** How many sends have come through. */
  #delivered = 0;

  constructor(topics: Topics) {
    this.#topics = topics;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Nothing where the queue of a record is not held. */
  of(record: PendingRecord): Held | undefined {
    if (this.#held.size === 0) return undefined;
    const partitionQueue = this.#topics.get(record.topic)?.queueFor(record);
    return partitionQueue && this.#held.get(partitionQueue);
  }

  at(partitionQueue: PartitionQueue): Held | undefined {
    return this.#held.get(partitionQueue);
  }

  stateOf(held: Held | undefined): QueueState {
    if (held === undefined) return 'flowing';
    return held.delivered < this.#delivered ? 'held-while-others-send' : 'held';
  }

  /** Records of it are on disk. */
  onStored(held: Held): void {
    held.isOnDisk = true;
  }

  /** A send has come through. */
  onDelivered(): void {
    this.#delivered++;
  }

  /**
   * Finds out which are held now.
   *
   * @param onChange is called before what is known changes
   * @returns whether some are held no more that have records on disk
   */
  look(onChange: () => void): boolean {
    const now = new Map<PartitionQueue, TopicQueues>();
    for (const queues of this.#topics)
      for (const partitionQueue of queues.held()) now.set(partitionQueue, queues);
    const released = [...this.#held.values()].filter(
      ({ partitionQueue, generation }) => now.get(partitionQueue)?.generation !== generation,
    );
    if (released.length === 0 && now.size === this.#held.size) return false;
    onChange();
    for (const { partitionQueue } of released) this.#held.delete(partitionQueue);
    for (const [partitionQueue, queues] of now)
      if (!this.#held.has(partitionQueue)) this.#add(partitionQueue, queues);
    return released.some(({ isOnDisk }) => isOnDisk);
  }

  /** What memory has of them. */
  get inMemory(): Quantity {
    const sum = { count: 0, bytes: 0 };
    for (const { queue, awaitingResend } of this.#held.keys()) {
      sum.count += queue.count + (awaitingResend?.count ?? 0);
      sum.bytes += queue.bytes + (awaitingResend?.bytes ?? 0);
    }
    return sum;
  }

  /** The one that has most, of those that fulfil a condition. */
  largest(condition: (partitionQueue: PartitionQueue) => boolean): Held | undefined {
    let largest: Held | undefined;
    for (const held of this.#held.values()) {
      if (
        condition(held.partitionQueue) &&
        held.partitionQueue.queue.bytes >= (largest?.partitionQueue.queue.bytes ?? 0)
      )
        largest = held;
    }
    return largest;
  }

  /** Those that wait on disk, have failed several times, and have not been told of. */
  news(): HeldTopic[] {
    const news: HeldTopic[] = [];
    for (const held of this.#held.values()) {
      if (held.isTold || !held.isOnDisk) continue;
      const { topic, errors, lastError } = held.queues;
      const { partition, failures } = held.partitionQueue;
      // Records that are not bound to a partition have no failures of their own, where no partition can be written to: the topic's count.
      if ((partition === undefined ? errors - held.errors + 1 : failures) < FAILURES_TOLD) continue;
      held.isTold = true;
      news.push({ topic, partition, cause: lastError });
    }
    return news;
  }

  #add(partitionQueue: PartitionQueue, queues: TopicQueues): void {
    const { generation, errors } = queues;
    const delivered = this.#delivered;
    this.#held.set(partitionQueue, {
      partitionQueue,
      queues,
      generation,
      delivered,
      errors,
      isOnDisk: false,
      isTold: false,
    });
  }
}
