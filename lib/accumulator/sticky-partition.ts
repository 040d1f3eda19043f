import type { Lane } from './partition-queue.ts';
import type { LanePolicy } from './batching-policy.ts';

const NEVER = Number.POSITIVE_INFINITY;

// With a client that was handed in, every so many batches one record goes out without a partition: where its
// partitioner puts it tells of partitions that are not known yet. 16: a send more in 16, and a topic's
// partitions are found within seconds.
const BATCHES_PER_PROBE = 16;

/** What is known about a topic's partitions, and which of them the next records without key go to. */
export class KeylessPartitions {
  readonly #policy: LanePolicy;
  readonly #lanes: ReadonlyMap<number, Lane>;
  /** Partitions are numbered from 0; nothing while the count is not known. */
  #count: number | undefined;
  /** Those that can be written to now, as far as is known. */
  #writable: readonly number[] = [];
  #batchesSinceProbe = 0;

  /** @param lanes by partition: what is under way there, or waits to go again */
  constructor(policy: LanePolicy, lanes: ReadonlyMap<number, Lane>) {
    this.#policy = policy;
    this.#lanes = lanes;
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
  noteSuccess(partition: number): void {
    if (this.#policy.keepsTogether || this.#writable.includes(partition)) return;
    this.#writable = [...this.#writable, partition];
  }

  /** Whether the next batch goes without a partition. */
  get goesUnbound(): boolean {
    if (this.#candidates().length === 0) return true;
    if (this.#policy.keepsTogether || this.#batchesSinceProbe < BATCHES_PER_PROBE) return false;
    // A probe waits for what is under way, but not for a partition that is in trouble.
    for (const lane of this.#lanes.values()) if (lane.failures > 0) return false;
    return true;
  }

  /** Whether there are some, and nothing can be sent to any of them now. */
  get areAllHeld(): boolean {
    const candidates = this.#candidates();
    return candidates.length > 0 && candidates.every((at) => isTaken(this.#lanes.get(at)));
  }

  /** The earliest moment at which the next batch finds a partition; never while all are busy. */
  freeAt(): number {
    let at = NEVER;
    for (const partition of this.#candidates()) at = Math.min(at, this.#freeAtOf(partition));
    return at;
  }

  /** A batch leaves. @returns where it goes: any partition that is free ("sticky": the whole batch to one of them) */
  choose(now: number): number | undefined {
    if (this.goesUnbound) {
      this.#batchesSinceProbe = 0;
      return undefined;
    }
    this.#batchesSinceProbe++;
    const free = this.#candidates().filter((candidate) => this.#freeAtOf(candidate) <= now);
    return free[Math.floor(this.#policy.random() * free.length)];
  }

  /**
   * A lane with something to send again, or to corner, is left to that. Keyed records that wait there are no
   * hindrance: no order is promised between them and those without.
   */
  #freeAtOf(partition: number): number {
    const lane = this.#lanes.get(partition);
    if (lane === undefined) return 0;
    const isTaken =
      lane.busy ||
      lane.parked !== undefined ||
      lane.isCornering ||
      lane.isolation !== undefined ||
      lane.awaitsDisk;
    return isTaken || lane.queue.head?.key === null ? NEVER : lane.notBefore;
  }

  #candidates(): readonly number[] {
    return this.#writable.length > 0 || this.#count === undefined
      ? this.#writable
      : Array.from({ length: this.#count }, (_, at) => at);
  }
}

function isTaken(lane: Lane | undefined): boolean {
  // What could not be sent there, and may go anywhere, does not wait there.
  const isUnreached = lane !== undefined && lane.failures > 0 && !lane.hasDelivered;
  return lane !== undefined && (isUnreached || lane.isHeld || lane.awaitsDisk);
}
