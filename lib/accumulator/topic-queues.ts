import { groupBy } from '../util/group-by.ts';
import { countOf, type Records } from './batch.ts';
import { takeAt, takeOfOneKey, takeOldest } from './take-records.ts';
import { KeylessPartitions } from './sticky-partition.ts';
import { Lane } from './partition-queue.ts';
import { LaneBatch } from './producer-batch.ts';
import type { LanePolicy } from './batching-policy.ts';
import type { PendingRecord, RecordKey } from '../record/record.ts';
import type { RecordIsolation } from '../sender/record-isolation.ts';
import type { LaneQueue } from './store/record-store.ts';

const NEVER = Number.POSITIVE_INFINITY;

/**
 * The records of one topic that wait, and how they form batches. The rule behind everything here: **one topic
 * and one partition per send**, because a kafkajs send that spans partitions can resolve with records lost
 * (retries inside one send re-partition the batch, but skip brokers that have answered).
 *
 * - Keyed records have a lane for each partition, once the number of partitions is known; until then one key a
 *   send, so that no order is lost.
 * - Records without key wait together; each batch of them is bound to a partition when it is formed ("sticky
 *   partitioning"), and stays bound when it has to be sent again.
 * - Of a send without a partition nobody knows where it goes until it is answered. So whatever could be inverted
 *   with it waits.
 */
export class TopicLanes {
  readonly topic: string;
  readonly #policy: LanePolicy;
  /** Without key, not bound to a partition yet. Its own sends are those without a partition. */
  readonly #loose: Lane;
  /** With key, while the number of partitions is not known. */
  readonly #unbound: Lane;
  readonly #lanes = new Map<number, Lane>();
  /** Whose turn it is: every batch sends its lane to the end, so that a busy lane cannot starve the others. */
  readonly #turns: Set<Lane>;
  readonly #partitions: KeylessPartitions;
  /** Changes whenever keys may belong elsewhere. */
  generation = 0;
  /** Whether what comes back from disk may go to any partition, wherever it was sent: what has waited here may. */
  mustUnbind = false;
  /** Sends that failed, all that ever did; and why the last one did. */
  errors = 0;
  lastError: unknown;

  constructor(topic: string, policy: LanePolicy) {
    this.topic = topic;
    this.#policy = policy;
    this.#loose = new Lane(undefined, policy.makeQueue());
    this.#unbound = new Lane(undefined, policy.makeQueue());
    this.#turns = new Set([this.#loose, this.#unbound]);
    this.#partitions = new KeylessPartitions(policy, this.#lanes);
  }

  /** Whether nothing waits here and nothing is under way. */
  get isIdle(): boolean {
    return [...this.#turns].every((lane) => lane.isQuiet);
  }

  /** Everything that waits here. */
  *queues(): Generator<LaneQueue> {
    for (const lane of this.#turns) yield lane.queue;
  }

  /** Where a record would wait. */
  laneFor({ key, partition }: PendingRecord): Lane {
    if (partition !== undefined) return this.#lane(partition);
    if (key === null) return this.#loose;
    const { count } = this.#partitions;
    return count === undefined ? this.#unbound : this.#lane(this.#policy.partitionOfKey(key, count));
  }

  /** @returns whether a batch is full */
  add(record: PendingRecord): boolean {
    const { queue } = this.laneFor(record);
    if (queue.count === 0) queue.since = this.#policy.now();
    queue.push(record);
    return this.#isFull(queue);
  }

  /** Where nothing can be sent now. */
  *held(): Generator<Lane> {
    for (const lane of this.#turns) if (lane.isHeld || this.#isWaiting(lane)) yield lane;
  }

  /** Whether a record like this one cannot be sent now. */
  isHeld(record: PendingRecord): boolean {
    const lane = this.laneFor(record);
    return lane.isHeld || this.#isWaiting(lane);
  }

  /** Whether its records have no partition that they could be sent to now. */
  #isWaiting(lane: Lane): boolean {
    if (lane === this.#loose && !this.#partitions.goesUnbound) return this.#partitions.areAllHeld;
    if (lane !== this.#loose && (lane !== this.#unbound || !this.#policy.keepsTogether)) return false;
    // See `#clearAt`: they wait for what was sent before, wherever it went.
    for (const { isHeld, awaitsDisk } of this.#lanes.values()) if (isHeld || awaitsDisk) return true;
    return false;
  }

  /** Those with keys, while it is not known where they go. */
  get withoutPartition(): Lane {
    return this.#unbound;
  }

  /** The next batch that is due, taken out of its queue. @param force do not wait for the linger */
  take(now: number, force: boolean): LaneBatch | undefined {
    for (const lane of this.#turns) {
      // What was to be tried alone has been shed, or is too old.
      if (!lane.busy && lane.queue.count === 0) lane.isolation = undefined;
      if (this.#dueAt(lane, force) > now) continue;
      this.#turns.delete(lane);
      this.#turns.add(lane);
      if (lane.parked !== undefined) return this.#resume(lane, lane.parked);
      if (lane.isolation !== undefined) return this.#formAlone(lane, lane.isolation);
      if (lane === this.#loose) return this.#formLoose(now);
      return lane === this.#unbound ? this.#formOfOneKey(lane) : this.#form(lane.queue, lane);
    }
    return undefined;
  }

  /** When the next batch is due, if nothing else happens: the moment to look again. */
  nextDue(force: boolean): number | undefined {
    let next = NEVER;
    for (const lane of this.#turns) next = Math.min(next, this.#dueAt(lane, force));
    return next === NEVER ? undefined : next;
  }

  /** Puts the records of a failed send back. @param notBefore when they may be sent again */
  giveBack(batch: LaneBatch, records: readonly PendingRecord[], notBefore: number): void {
    for (const [lane, own] of this.#landed(batch, records)) {
      lane.noteFailure(notBefore);
      lane.takeBack(own);
    }
  }

  /** Puts the one record of a failed send back: whether it is the cause is to be found out. */
  isolate(batch: LaneBatch, records: readonly PendingRecord[]): void {
    for (const [lane, own] of this.#landed(batch, records)) {
      lane.suspects = 0;
      lane.takeBack(own);
    }
  }

  /** How many records this lane could send, one with such a key being its oldest. */
  waitingFor(lane: Lane, key: RecordKey | undefined): number {
    const canBorrow = lane.partition !== undefined && key === null;
    return lane.queue.count + (canBorrow ? this.#loose.queue.count : 0);
  }

  /**
   * Keeps a failed batch as it is, to be sent again as it is.
   *
   * @param partition where it was sent to
   * @returns the batch that will go
   */
  park(batch: LaneBatch, partition: number, notBefore: number): LaneBatch {
    batch.lane.busy = false;
    const lane = this.#lane(partition);
    if (lane !== batch.lane) batch.lane.noteGone();
    lane.noteFailure(notBefore);
    for (const record of batch.records) record.isBack = true;
    lane.parked = new LaneBatch(batch.topic, lane, batch.records);
    return lane.parked;
  }

  /** Forgets what is parked: its records have been given up. */
  unpark(): void {
    for (const lane of this.#lanes.values()) lane.parked = undefined;
  }

  /** Puts the records of a send back that was refused because of one of them: the next ones carry half as many. */
  halve(batch: LaneBatch, records: readonly PendingRecord[]): void {
    for (const [lane, own] of this.#landed(batch, records)) {
      lane.corner(own.length);
      lane.takeBack(own);
    }
  }

  /** A send came through: the lane is free, and what it taught is kept. */
  succeed(batch: LaneBatch): void {
    batch.lane.busy = false;
    batch.lane.noteSuccess(batch.count);
    if (batch.partition !== undefined) this.#partitions.noteSuccess(batch.partition);
  }

  /** The whole send was refused: its records are gone, the lane is free. */
  refuse(batch: LaneBatch): void {
    batch.lane.busy = false;
    batch.lane.noteGone();
  }

  /** What the client has found out about the partitions. Keyed records get their lanes. */
  learn(count: number, writable: readonly number[]): void {
    const known = this.#partitions.count;
    // Keys belong elsewhere now: those that wait must not be overtaken by what comes after them.
    if (known !== undefined && known !== count) this.forget();
    this.#partitions.learn(count, writable);
    if (known === count) return;
    this.generation++;
    this.#unbound.failures = 0;
    for (const record of this.#unbound.queue.drain()) this.laneFor(record).queue.push(record);
  }

  /** Whether there is such a partition, as far as is known. */
  hasPartition(partition: number): boolean {
    return partition < (this.#partitions.count ?? 0);
  }

  /** The partitions are not what they were (a topic that was deleted and made anew): all is to be found out again. */
  forget(): void {
    this.#partitions.forget();
    this.generation++;
    this.mustUnbind = true;
    const bound: PendingRecord[] = [];
    for (const [partition, lane] of this.#lanes) {
      bound.push(...lane.queue.drain());
      lane.suspects = 0;
      lane.isolation = undefined;
      if (lane.busy || lane.parked !== undefined) continue;
      this.#lanes.delete(partition);
      this.#turns.delete(lane);
    }
    bound.sort((a, b) => a.seq - b.seq);
    for (const record of bound) record.partition = undefined;
    this.#loose.queue.pushFront(bound.filter((record) => record.key === null));
    this.#unbound.queue.pushFront(bound.filter((record) => record.key !== null));
  }

  /** Forgets all waiting times: somebody flushes. */
  hurry(): void {
    for (const lane of this.#turns) lane.notBefore = 0;
  }

  #lane(partition: number): Lane {
    let lane = this.#lanes.get(partition);
    if (lane === undefined) {
      lane = new Lane(partition, this.#policy.makeQueue());
      this.#lanes.set(partition, lane);
      this.#turns.add(lane);
    }
    return lane;
  }

  /** Frees the lane of a failed send. @returns the lanes that its records go back to */
  #landed(batch: LaneBatch, records: readonly PendingRecord[]): Map<Lane, PendingRecord[]> {
    batch.lane.busy = false;
    // A first send that failed may have reached the partition it was meant for: from now on it is bound to it.
    const lanes = groupBy(records, (record) =>
      batch.partition === undefined ? this.laneFor(record) : this.#lane(batch.partition),
    );
    if (!lanes.has(batch.lane)) {
      const [lane] = lanes.keys();
      if (lane !== undefined) lane.isolation ??= batch.lane.isolation;
      batch.lane.isolation = undefined;
      batch.lane.noteGone();
    }
    return lanes;
  }

  #isFull({ count, bytes }: LaneQueue): boolean {
    const { maxRecords, maxBytes } = this.#policy.limits;
    return count >= maxRecords || bytes >= maxBytes;
  }

  /** When the lane's next batch may go; never, as long as something has to land first. */
  #dueAt(lane: Lane, force: boolean): number {
    const { queue } = lane;
    if (lane.busy) return NEVER;
    if (lane.parked !== undefined) return Math.max(lane.notBefore, this.#clearAt(lane));
    if (queue.count === 0) return NEVER;
    // While a refused record is looked for, a smaller batch is as full as it may get.
    const isReady =
      force ||
      lane.isTryingAgain ||
      lane.isolation !== undefined ||
      this.#isFull(queue) ||
      queue.count >= lane.sendLimit;
    const due = isReady
      ? lane.notBefore
      : Math.max(lane.notBefore, queue.since + this.#policy.limits.lingerMs);
    return Math.max(due, this.#clearAt(lane));
  }

  /** From when on nothing is in the way that could be inverted with a send of this lane. */
  #clearAt(lane: Lane): number {
    const { keepsTogether } = this.#policy;
    const isUnboundUnderWay = keepsTogether && this.#unbound.busy;
    if (lane === this.#unbound) {
      // With a client that was handed in, keyed records are never in a lane of a partition.
      return !keepsTogether || (!this.#loose.busy && this.#areLanesQuiet()) ? 0 : NEVER;
    }
    if (isUnboundUnderWay) return NEVER;
    if (lane !== this.#loose) return this.#loose.busy ? NEVER : 0;
    if (this.#partitions.goesUnbound) return this.#areLanesQuiet() ? 0 : NEVER;
    return this.#partitions.freeAt();
  }

  #areLanesQuiet(): boolean {
    for (const lane of this.#lanes.values()) if (!lane.isQuiet || lane.awaitsDisk) return false;
    return true;
  }

  #formLoose(now: number): LaneBatch {
    const { queue } = this.#loose;
    const partition = this.#partitions.choose(now);
    if (partition !== undefined) this.#loose.failures = 0;
    return partition === undefined
      ? this.#form(queue, this.#loose, this.#policy.keepsTogether ? NEVER : 1)
      : this.#form(queue, this.#lane(partition));
  }

  #resume(lane: Lane, batch: LaneBatch): LaneBatch {
    lane.parked = undefined;
    lane.busy = true;
    return batch;
  }

  #form(queue: LaneQueue, lane: Lane, limit = NEVER): LaneBatch {
    const { maxRecords, maxBytes } = this.#policy.limits;
    const most = Math.min(maxRecords, lane.sendLimit, limit);
    const limits = { most, maxBytes };
    return this.#depart(queue.takePacked(limits) ?? takeOldest(queue, limits), queue, lane);
  }

  /** The record whose turn it is to be sent alone. Where none is left here, one that is not bound to a partition yet. */
  #formAlone(lane: Lane, { position }: RecordIsolation): LaneBatch {
    const { queue } = lane;
    const borrowed =
      position >= queue.count && this.waitingFor(lane, queue.head?.key) > position
        ? this.#loose.queue.shift()
        : undefined;
    if (borrowed !== undefined) queue.push(borrowed);
    return this.#depart(takeAt(queue, Math.min(position, queue.count - 1)), queue, lane);
  }

  /**
   * The oldest records, as long as they share a key. With a client that was handed in, where every keyed send is one
   * of these, also the next few that do: that inverts no key, but records of different keys.
   */
  #formOfOneKey(lane: Lane): LaneBatch {
    const { limits, keepsTogether } = this.#policy;
    const most = Math.min(limits.maxRecords, lane.sendLimit);
    const among = keepsTogether ? 'adjacent' : limits.maxRecords;
    const records = takeOfOneKey(lane.queue, { most, maxBytes: limits.maxBytes }, among);
    return this.#depart(records, lane.queue, lane);
  }

  #depart(records: Records, queue: LaneQueue, lane: Lane): LaneBatch {
    lane.busy = true;
    // What is left starts to gather anew: while this send is under way it may become a full batch. But not where the batch was
    // only so small because a refused record is looked for: then each would wait for the linger.
    if (countOf(records) < lane.sendLimit) queue.since = this.#policy.now();
    return new LaneBatch(this.topic, lane, records);
  }
}
