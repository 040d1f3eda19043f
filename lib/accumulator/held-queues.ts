import type { QueueState } from '../spool/spool.ts';
import type { Lane } from './partition-queue.ts';
import type { Quantity } from './ledger.ts';
import type { PendingRecord } from '../record/record.ts';
import type { TopicLanes } from './topic-queues.ts';

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
  readonly lane: Lane;
  readonly lanes: TopicLanes;
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
  readonly #topics: ReadonlyMap<string, TopicLanes>;
  readonly #held = new Map<Lane, Held>();
  /** How many sends have come through. */
  #delivered = 0;

  constructor(topics: ReadonlyMap<string, TopicLanes>) {
    this.#topics = topics;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Nothing where the queue of a record is not held. */
  of(record: PendingRecord): Held | undefined {
    if (this.#held.size === 0) return undefined;
    const lane = this.#topics.get(record.topic)?.laneFor(record);
    return lane && this.#held.get(lane);
  }

  at(lane: Lane): Held | undefined {
    return this.#held.get(lane);
  }

  stateOf(held: Held | undefined): QueueState {
    if (held === undefined) return 'flowing';
    return held.delivered < this.#delivered ? 'held-alone' : 'held';
  }

  /** A send has come through. */
  noteDelivered(): void {
    this.#delivered++;
  }

  /**
   * Finds out which are held now.
   *
   * @param onChange is called before what is known changes
   * @returns whether some are held no more that have records on disk
   */
  look(onChange: () => void): boolean {
    const now = new Map<Lane, TopicLanes>();
    for (const lanes of this.#topics.values()) for (const lane of lanes.held()) now.set(lane, lanes);
    const released = [...this.#held.values()].filter(
      ({ lane, generation }) => now.get(lane)?.generation !== generation,
    );
    if (released.length === 0 && now.size === this.#held.size) return false;
    onChange();
    for (const { lane } of released) this.#held.delete(lane);
    for (const [lane, lanes] of now) if (!this.#held.has(lane)) this.#add(lane, lanes);
    return released.some(({ isOnDisk }) => isOnDisk);
  }

  /** What memory has of them. */
  get inMemory(): Quantity {
    const sum = { count: 0, bytes: 0 };
    for (const { queue, parked } of this.#held.keys()) {
      sum.count += queue.count + (parked?.count ?? 0);
      sum.bytes += queue.bytes + (parked?.bytes ?? 0);
    }
    return sum;
  }

  /** The one that has most, of those that fulfil a condition. */
  largest(condition: (lane: Lane) => boolean): Held | undefined {
    let largest: Held | undefined;
    for (const held of this.#held.values()) {
      if (condition(held.lane) && held.lane.queue.bytes >= (largest?.lane.queue.bytes ?? 0)) largest = held;
    }
    return largest;
  }

  /** Those that wait on disk, have failed several times, and have not been told of. */
  news(): HeldTopic[] {
    const news: HeldTopic[] = [];
    for (const held of this.#held.values()) {
      if (held.isTold || !held.isOnDisk) continue;
      const { topic, errors, lastError } = held.lanes;
      const { partition, failures } = held.lane;
      // Records without key that go to no partition yet do not fail themselves, where none can be written to.
      if ((partition === undefined ? errors - held.errors + 1 : failures) < FAILURES_TOLD) continue;
      held.isTold = true;
      news.push({ topic, partition, cause: lastError });
    }
    return news;
  }

  #add(lane: Lane, lanes: TopicLanes): void {
    const { generation, errors } = lanes;
    const delivered = this.#delivered;
    this.#held.set(lane, { lane, lanes, generation, delivered, errors, isOnDisk: false, isTold: false });
  }
}
