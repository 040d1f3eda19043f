import type { PendingRecord } from './record.ts';
import { RecordQueue } from './record-queue.ts';

/** Records of one topic that go to Kafka in one send. */
export interface Batch {
  readonly topic: string;
  readonly records: readonly PendingRecord[];
  /** The partition all of them go to; nothing while the client has yet to choose one for all of them. */
  partition: number | undefined;
  readonly lane: Lane;
}

/** What is known about a topic's partitions. */
export interface PartitionKnowledge {
  /** Partitions are numbered from 0; nothing while the count is not known. */
  count: number | undefined;
  /** Those that can be written to now, as far as is known. */
  writable: readonly number[];
}

export interface BatchLimits {
  maxRecords: number;
  maxBytes: number;
  lingerMs: number;
}

export interface LanePolicy {
  limits: BatchLimits;
  /** The partition that kafkajs's murmur2 gives a key. */
  partitionOfKey(key: string | Buffer, count: number): number;
  /**
   * Whether the client keeps all records of a send that names no partition together. The own one does; of a
   * client that was handed in nobody knows, so such a send carries a single record, or several of one key.
   */
  keepsTogether: boolean;
  random(): number;
  /** Monotonic milliseconds. */
  now(): number;
}

/**
 * A stream of records that must keep its order, and therefore has at most one send under way: several would
 * be inverted by a retry.
 */
export class Lane {
  readonly partition: number | undefined;
  readonly queue = new RecordQueue();
  busy = false;
  /** Failed sends in a row. */
  failures = 0;
  /** Nothing is sent before this moment. */
  notBefore = 0;
  /** How many records a send may carry: lowered to corner a record that the broker refuses. */
  sendLimit = Number.POSITIVE_INFINITY;

  constructor(partition: number | undefined) {
    this.partition = partition;
  }
}

// With a client that was handed in, every so many batches one record goes out without a partition: where its
// partitioner puts it tells of partitions that are not known yet. 16: a send more in 16, and a topic's
// partitions are found within seconds.
const BATCHES_PER_PROBE = 16;

/**
 * The records of one topic that wait, and how they form batches. The rule behind everything here: **one topic
 * and one partition per send**, because a kafkajs send that spans partitions can resolve with records lost
 * (retries inside one send re-partition the batch, but skip brokers that have answered).
 *
 * - Keyed records have a lane for each partition, once the number of partitions is known; until then one key a
 *   send, so that no order is lost.
 * - Records without key wait together; each batch of them is bound to a partition when it is formed ("sticky
 *   partitioning"), and stays bound when it has to be sent again.
 */
export class TopicLanes {
  readonly topic: string;
  readonly #policy: LanePolicy;
  readonly #knowledge: PartitionKnowledge = { count: undefined, writable: [] };
  /** Without key, not bound to a partition yet. */
  readonly #loose = new RecordQueue();
  /** Sends without a partition, and the keyed records that wait for the number of partitions. */
  readonly #unbound = new Lane(undefined);
  readonly #lanes = new Map<number, Lane>();
  #batchesSinceProbe = 0;

  constructor(topic: string, policy: LanePolicy) {
    this.topic = topic;
    this.#policy = policy;
  }

  /** Whether nothing waits here and nothing is under way. */
  get isIdle(): boolean {
    const lanes = [this.#unbound, ...this.#lanes.values()];
    return this.#loose.count === 0 && lanes.every((lane) => lane.queue.count === 0 && !lane.busy);
  }

  /** Everything that waits here. */
  *queues(): Generator<RecordQueue> {
    yield this.#loose;
    yield this.#unbound.queue;
    for (const lane of this.#lanes.values()) yield lane.queue;
  }

  /** @returns whether a batch is full */
  add(record: PendingRecord): boolean {
    const queue = this.#queueFor(record);
    if (queue.count === 0) queue.since = this.#policy.now();
    queue.push(record);
    const { maxRecords, maxBytes } = this.#policy.limits;
    return queue.count >= maxRecords || queue.bytes >= maxBytes;
  }

  /** The next batch that is due, taken out of its queue. @param force do not wait for the linger */
  take(now: number, force: boolean): Batch | undefined {
    for (const lane of this.#lanes.values()) {
      if (this.#isReady(lane, now) && this.#isDue(lane.queue, now, force || lane.failures > 0)) {
        return this.#form(lane.queue, lane);
      }
    }
    const unboundReady = this.#isReady(this.#unbound, now);
    const hasFailed = this.#unbound.failures > 0;
    if (unboundReady && this.#isDue(this.#unbound.queue, now, force || hasFailed)) {
      return this.#formOfOneKey(this.#unbound.queue, this.#unbound);
    }
    // While a send without a partition is under way, or has failed, nobody knows where its records are: what
    // comes after them has to wait, or a partition could see it first.
    const looseDue = unboundReady && this.#isDue(this.#loose, now, force || hasFailed);
    return looseDue ? this.#formLoose(now) : undefined;
  }

  /** When the next batch is due, if nothing else happens: the moment to look again. */
  nextDue(force: boolean): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const lane of [this.#unbound, ...this.#lanes.values()]) {
      if (lane.queue.count === 0 || lane.busy) continue;
      next = Math.min(next, Math.max(lane.notBefore, this.#dueAt(lane.queue, force || lane.failures > 0)));
    }
    if (this.#loose.count > 0 && !this.#unbound.busy) {
      const { notBefore, failures } = this.#unbound;
      const due = Math.max(
        notBefore,
        this.#dueAt(this.#loose, force || failures > 0),
        this.#partitionFreeAt(),
      );
      next = Math.min(next, due);
    }
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** Puts the records of a failed send back. @param notBefore when they may be sent again */
  giveBack(batch: Batch, records: readonly PendingRecord[], notBefore: number): void {
    batch.lane.busy = false;
    // A first send that failed may have reached the partition it was meant for: from now on it is bound to it.
    const lane = batch.partition === undefined ? this.#unbound : this.#lane(batch.partition);
    if (lane !== batch.lane) batch.lane.failures = 0;
    lane.failures++;
    lane.notBefore = notBefore;
    const queue = lane.partition === undefined && records[0]?.key === null ? this.#loose : lane.queue;
    queue.pushFront(records);
  }

  /** A send came through: the lane is free, and what it taught is kept. */
  succeed(batch: Batch): void {
    batch.lane.busy = false;
    batch.lane.failures = 0;
    batch.lane.notBefore = 0;
    // Doubling back up, so that one refused record does not slow down all that follow it.
    batch.lane.sendLimit =
      batch.lane.sendLimit * 2 < this.#policy.limits.maxRecords
        ? batch.lane.sendLimit * 2
        : Number.POSITIVE_INFINITY;
    if (!this.#policy.keepsTogether && batch.partition !== undefined) {
      const { writable } = this.#knowledge;
      if (!writable.includes(batch.partition)) this.#knowledge.writable = [...writable, batch.partition];
    }
  }

  /** The whole send was refused: its records are gone, the lane is free. */
  refuse(batch: Batch): void {
    batch.lane.busy = false;
    batch.lane.failures = 0;
  }

  /** The next sends of this lane carry half as many records, to find the one that is refused. */
  halve(batch: Batch): void {
    const lane = batch.partition === undefined ? this.#unbound : this.#lane(batch.partition);
    lane.sendLimit = Math.max(1, Math.floor(batch.records.length / 2));
  }

  /** What the client has found out about the partitions. Keyed records get their lanes. */
  learn(count: number, writable: readonly number[]): void {
    this.#knowledge.writable = writable;
    if (this.#knowledge.count === count) return;
    this.#knowledge.count = count;
    for (
      let record = this.#unbound.queue.shift();
      record !== undefined;
      record = this.#unbound.queue.shift()
    ) {
      this.#queueFor(record).push(record);
    }
  }

  /** The partitions are not what they were (a topic that was deleted and made anew): all is to be found out again. */
  forget(): void {
    this.#knowledge.count = undefined;
    this.#knowledge.writable = [];
    const bound = [...this.#lanes.values()].flatMap((lane) => [...lane.queue]);
    for (const record of bound) record.queue?.discard(record);
    bound.sort((a, b) => a.seq - b.seq);
    this.#loose.pushFront(bound.filter((record) => record.key === null));
    this.#unbound.queue.pushFront(bound.filter((record) => record.key !== null));
    for (const [partition, lane] of this.#lanes) if (!lane.busy) this.#lanes.delete(partition);
  }

  /** Forgets all waiting times: somebody flushes. */
  hurry(): void {
    for (const lane of [this.#unbound, ...this.#lanes.values()]) lane.notBefore = 0;
  }

  #queueFor(record: PendingRecord): RecordQueue {
    if (record.key === null) return this.#loose;
    const { count } = this.#knowledge;
    if (count === undefined) return this.#unbound.queue;
    return this.#lane(this.#policy.partitionOfKey(record.key, count)).queue;
  }

  #lane(partition: number): Lane {
    let lane = this.#lanes.get(partition);
    if (lane === undefined) {
      lane = new Lane(partition);
      this.#lanes.set(partition, lane);
    }
    return lane;
  }

  #isReady(lane: Lane, now: number): boolean {
    return !lane.busy && lane.notBefore <= now;
  }

  #isDue(queue: RecordQueue, now: number, force: boolean): boolean {
    return queue.count > 0 && this.#dueAt(queue, force) <= now;
  }

  #dueAt(queue: RecordQueue, force: boolean): number {
    if (force) return 0;
    const { maxRecords, maxBytes, lingerMs } = this.#policy.limits;
    if (queue.count >= maxRecords || queue.bytes >= maxBytes) return 0;
    return queue.since + lingerMs;
  }

  #formLoose(now: number): Batch | undefined {
    const candidates = this.#candidates();
    const probes = !this.#policy.keepsTogether && this.#batchesSinceProbe >= BATCHES_PER_PROBE;
    if (candidates.length === 0 || probes) {
      this.#batchesSinceProbe = 0;
      const limit = this.#policy.keepsTogether ? Number.POSITIVE_INFINITY : 1;
      return this.#form(this.#loose, this.#unbound, limit);
    }
    const free = candidates.filter(
      (candidate) => this.#isFree(candidate) && this.#isReady(this.#lane(candidate), now),
    );
    const partition = free[Math.floor(this.#policy.random() * free.length)];
    if (partition === undefined) return undefined;
    this.#batchesSinceProbe++;
    return this.#form(this.#loose, this.#lane(partition));
  }

  /** A lane with records of its own has some to send again, or keyed ones: it is left to them. */
  #isFree(partition: number): boolean {
    const lane = this.#lanes.get(partition);
    return lane === undefined || (!lane.busy && lane.queue.count === 0);
  }

  /** The earliest moment at which records without key find a partition; for ever away while all are busy. */
  #partitionFreeAt(): number {
    const candidates = this.#candidates();
    if (candidates.length === 0) return 0;
    const moments = candidates.filter((p) => this.#isFree(p)).map((p) => this.#lanes.get(p)?.notBefore ?? 0);
    return Math.min(...moments);
  }

  #candidates(): readonly number[] {
    const { count, writable } = this.#knowledge;
    return writable.length > 0 || count === undefined
      ? writable
      : Array.from({ length: count }, (_, at) => at);
  }

  #form(queue: RecordQueue, lane: Lane, limit = Number.POSITIVE_INFINITY): Batch {
    const records: PendingRecord[] = [];
    const { maxRecords, maxBytes } = this.#policy.limits;
    const most = Math.min(maxRecords, lane.sendLimit, limit);
    let bytes = 0;
    for (let next = queue.peek(); next !== undefined && records.length < most; next = queue.peek()) {
      if (records.length > 0 && bytes + next.bytes > maxBytes) break;
      bytes += next.bytes;
      records.push(next);
      queue.shift();
    }
    lane.busy = true;
    // What is left starts to gather anew: while this send is under way it may become a full batch.
    queue.since = this.#policy.now();
    return { topic: this.topic, records, partition: lane.partition, lane };
  }

  /** The records that share the key of the oldest one, among the next few. */
  #formOfOneKey(queue: RecordQueue, lane: Lane): Batch {
    const { maxRecords, maxBytes } = this.#policy.limits;
    const most = Math.min(maxRecords, lane.sendLimit);
    const key = String(queue.peek()?.key);
    const records: PendingRecord[] = [];
    let bytes = 0;
    let seen = 0;
    for (const record of queue) {
      if (++seen > maxRecords || records.length >= most) break;
      if (String(record.key) !== key) continue;
      if (records.length > 0 && bytes + record.bytes > maxBytes) break;
      bytes += record.bytes;
      records.push(record);
    }
    for (const record of records) queue.discard(record);
    lane.busy = true;
    return { topic: this.topic, records, partition: undefined, lane };
  }
}
