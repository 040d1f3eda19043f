import type { BatchingPolicy } from '../batching-policy.ts';
import { NEVER, type PartitionQueue } from './partition-queue.ts';

// With a client that was handed in, every so many batches one record goes out without a partition: where its
// partitioner puts it tells of partitions that are not known yet. 16: a send more in 16, and a topic's
// partitions are found within seconds.
const BATCHES_PER_PROBE = 16;

/**
 * What is known about a topic's partitions, and which of them the next records without key go to. "Sticky" as in Kafka's own producer: a
 * whole batch goes to one partition. Here each batch draws its partition anew. Kafka's producer stays with one for longer.
 */
export class StickyPartition {
  readonly #policy: BatchingPolicy;
  readonly #partitionQueues: ReadonlyMap<number, PartitionQueue>;
  /** Partitions are numbered from 0; nothing while the count is not known. */
  #count: number | undefined;
  /** Those that can be written to now, as far as is known. */
  #writable: readonly number[] = [];
  #batchesSinceProbe = 0;

  /** @param partitionQueues by partition: what is under way there, or waits to go again */
  constructor(policy: BatchingPolicy, partitionQueues: ReadonlyMap<number, PartitionQueue>) {
    this.#policy = policy;
    this.#partitionQueues = partitionQueues;
  }

  get count(): number | undefined {
    return this.#count;
  }

  learn(count: number, writable: readonly number[]): void {
    this.#count = count;
    this.#writable = writable;
  }

  forget(): void {
    this.#count = undefined;
    this.#writable = [];
  }

  /** A send to this partition came through. A client that was handed in tells of its partitions in no other way. */
  recordSuccess(partition: number): void {
    if (this.#policy.keepsSendTogether || this.#writable.includes(partition)) return;
    this.#writable = [...this.#writable, partition];
  }

  /** Whether the next batch goes without a partition. */
  get goesUnassigned(): boolean {
    if (this.#candidates().length === 0) return true;
    if (this.#policy.keepsSendTogether || this.#batchesSinceProbe < BATCHES_PER_PROBE) return false;
    // A probe waits for what is in flight, but not for a partition whose sends fail.
    for (const partitionQueue of this.#partitionQueues.values())
      if (partitionQueue.failures > 0) return false;
    return true;
  }

  /**
   * Whether there are some, and nothing can be sent to any of them now.
   *
   * @param isTried whether records that may go to any of them wait in memory: otherwise one has to come that is tried
   */
  areAllHeld(isTried: boolean): boolean {
    const candidates = this.#candidates();
    return candidates.length > 0 && candidates.every((at) => isHeld(this.#partitionQueues.get(at), isTried));
  }

  /** The earliest moment at which the next batch finds a partition; never while all are busy. */
  freeAt(): number {
    let at = NEVER;
    for (const partition of this.#candidates()) at = Math.min(at, this.#freeAtOf(partition));
    return at;
  }

  /** A batch leaves. @returns where it goes: any partition that is free */
  choose(now: number): number | undefined {
    if (this.goesUnassigned) {
      this.#batchesSinceProbe = 0;
      return undefined;
    }
    this.#batchesSinceProbe++;
    const free = this.#candidates().filter((candidate) => this.#freeAtOf(candidate) <= now);
    return free[Math.floor(this.#policy.random() * free.length)];
  }

  #freeAtOf(partition: number): number {
    return this.#partitionQueues.get(partition)?.freeAt ?? 0;
  }

  #candidates(): readonly number[] {
    return this.#writable.length > 0 || this.#count === undefined
      ? this.#writable
      : Array.from({ length: this.#count }, (_, at) => at);
  }
}

/** Whether nothing can be sent there. Unlike in `freeAt`, a send that is under way does not count: it may come through. */
function isHeld(partitionQueue: PartitionQueue | undefined, isTried: boolean): boolean {
  if (partitionQueue === undefined) return false;
  // What could not be sent there, and may go anywhere, does not wait there.
  const isUnreached = isTried && partitionQueue.failures > 0 && !partitionQueue.mayHaveArrived;
  return isUnreached || partitionQueue.isHeld || partitionQueue.awaitsDisk;
}
