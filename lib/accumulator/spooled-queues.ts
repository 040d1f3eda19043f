import type { PendingRecord } from '../record/record.ts';
import type { Spool } from '../spool/spool.ts';
import type { Ledger } from './ledger.ts';
import type { BufferLimits, MemoryLimit } from './memory-limit.ts';
import { type Held, HeldQueues, type HeldTopic } from './queues/held-queues.ts';
import type { PartitionQueue } from './queues/partition-queue.ts';
import type { TopicQueues } from './queues/topic-queues.ts';
import type { Topics } from './queues/topics.ts';
import type { RecordDropper } from './record-dropper.ts';

// How many records come back from disk, or go there, in one turn: some milliseconds' work.
const MAX_RECORDS_AT_ONCE = 500;

// What the queues that are held may keep of memory, all of them together, when others want room.
const HELD_MEMORY_SHARE = 0.25;

export interface SpooledQueuesParts {
  readonly spool: Spool;
  readonly ledger: Ledger;
  readonly buffer: MemoryLimit;
  readonly limits: BufferLimits;
  readonly topics: Topics;
  readonly dropper: RecordDropper;
  onHeld(held: HeldTopic): void;
}

/**
 * Decides which records wait on disk, and which in memory. On disk, all queues stand behind one another. One that is held
 * (its topic is missing, its partition has no leader, its broker is away) costs no other one anything:
 *
 * - What is on disk is read past its records, which stay there. They are read from the beginning on when it is held no more.
 * - What is new of it goes to disk behind them; what is new of others goes to memory.
 * - When others want room in memory, it keeps a share for its next attempts; the youngest go to disk.
 * - Once it has filled its share of the disk, what is new of it is dropped, and nothing of others.
 *
 * All of a queue that is on disk is younger than all of it that is in memory, so its order holds.
 */
export class SpooledQueues {
  readonly #parts: SpooledQueuesParts;
  readonly #held: HeldQueues;
  /** The queues that have to wait for records on disk, with the topic's `generation` at that time. */
  readonly #awaiting = new Map<PartitionQueue, { readonly queues: TopicQueues; generation: number }>();

  /** How many records go to disk in one go, when others want room: one, while nothing can be written. */
  #atOnce = MAX_RECORDS_AT_ONCE;

  constructor(parts: SpooledQueuesParts) {
    this.#parts = parts;
    this.#held = new HeldQueues(parts.topics);
    parts.spool.useStates((record) => this.#held.stateOf(this.#held.of(record)));
  }

  /**
   * Where a new record goes:
   *
   * - to memory, where there is room and nothing waits on disk that it must not overtake;
   * - to disk otherwise;
   * - to memory all the same, where the disk is full and it overtakes nothing: the caller makes room. For a queue that is held while
   *   others send, only its own records give way: nothing of others is dropped for what cannot be sent anyway;
   * - nowhere, where the disk is full and it must not overtake what is there.
   */
  place(record: PendingRecord): 'memory' | 'disk' | 'nowhere' {
    const { spool, ledger } = this.#parts;
    const held = this.#held.of(record);
    // What other processes have left is older, too, and may not have been counted yet.
    const isUnread = spool.scan !== undefined || (ledger.spooledWaiting > 0 && spool.hasUnread);
    const isInLine = isUnread || held?.isOnDisk === true;
    if (!isInLine && this.#findRoom(record.bytes, held === undefined)) return 'memory';
    ledger.assignSeq(record);
    // What memory has and the disk not yet comes first.
    spool.writeKept();
    if (this.#store(record, held)) {
      ledger.acceptSpooled(record);
      return 'disk';
    }
    if (!isInLine && this.#held.stateOf(held) !== 'held-while-others-send') return 'memory';
    return !isInLine && this.#shedOwn(record) ? 'memory' : 'nowhere';
  }

  /**
   * Takes records back from disk, as memory has room, and writes there what has to be there before it is sent.
   *
   * @param now wall and monotonic time, for records that expire
   * @returns whether there is more to be done at once
   */
  syncWithSpool(now: { wall: number; monotonic: number }): boolean {
    const { spool, buffer } = this.#parts;
    spool.writeKept();
    // There may be older ones.
    if (spool.scan !== undefined) return false;
    this.look();
    for (const topic of this.#held.news()) this.#parts.onHeld(topic);
    // Only when memory is half empty: with each place that becomes free, a new file would be begun.
    const mayTake = buffer.isHalfEmpty(this.#held.inMemory, HELD_MEMORY_SHARE);
    // What is held is read past in any case: there may be others behind it.
    return (mayTake || this.#held.size > 0) && this.#readBack(now, mayTake);
  }

  /** Takes records back from disk. @param mayTake whether memory has room: otherwise only what is held is read past. @returns as `syncWithSpool` */
  #readBack(now: { wall: number; monotonic: number }, mayTake: boolean): boolean {
    const { spool, ledger, topics } = this.#parts;
    for (let count = 0; count < MAX_RECORDS_AT_ONCE; count++) {
      const next = spool.peek();
      if (next === undefined) {
        this.#onReadThrough();
        return false;
      }
      const queues = topics.of(next.topic);
      if (next.partition !== undefined && queues.onDisk.isUnbound(next)) next.partition = undefined;
      const held = this.#held.of(next);
      if (held !== undefined) {
        this.#onStored(held, next);
        spool.passOver();
        continue;
      }
      if (!mayTake) return false;
      // Larger than all that memory may hold (another process had more): alone, then.
      if (!this.#findRoom(next.bytes, true) && ledger.inMemory > this.#held.inMemory.count) return false;
      spool.take();
      ledger.replay(next);
      next.acceptedAt = now.monotonic - Math.max(0, now.wall - next.time);
      queues.onDisk.onReplayed(next);
      queues.add(next);
    }
    return true;
  }

  /** A send has come through. */
  onDelivered(): void {
    this.#held.onDelivered();
  }

  /** Finds out which queues are held: to be called whenever that may have changed, before more records come. */
  look(): void {
    const { spool } = this.#parts;
    // By their names, segments that begin now come behind what has been written of the same queue elsewhere.
    const hasReleased = this.#held.look(() => spool.beginSegments());
    for (const partitionQueue of this.#awaiting.keys()) this.#keepAllBehind(partitionQueue);
    if (hasReleased) spool.beginAnew();
  }

  #onStored(held: Held, record: PendingRecord): void {
    this.#held.onStored(held);
    if (record.partition === undefined) return;
    const partitionQueue = held.queues.queueFor(record);
    partitionQueue.setAwaitsDisk(true);
    const { queues } = held;
    if (!this.#awaiting.has(partitionQueue))
      this.#awaiting.set(partitionQueue, { queues, generation: queues.generation });
  }

  /** Other partitions are known now than when it came to wait for what is on disk. */
  #keepAllBehind(partitionQueue: PartitionQueue): void {
    const awaiting = this.#awaiting.get(partitionQueue);
    if (awaiting === undefined || awaiting.generation === awaiting.queues.generation) return;
    const { generation, onDisk, keyedUnassigned } = awaiting.queues;
    awaiting.generation = generation;
    this.#keepBehind(partitionQueue);
    if (onDisk.mustUnbind) this.#keepBehind(keyedUnassigned);
  }

  /**
   * What has only now come here goes behind what was sent from here before, and waits on disk: records with keys, when the
   * partitions become known, or are not known any more.
   */
  #keepBehind({ queue }: PartitionQueue): void {
    const { spool } = this.#parts;
    const younger: PendingRecord[] = [];
    while (queue.last?.hasBeenSent === false) {
      const record = queue.pop();
      if (record === undefined) break;
      if (record.partition !== undefined) {
        queue.push(record);
        break;
      }
      younger.unshift(record);
    }
    if (younger.length === 0) return;
    const left = this.#moveToDisk(younger, this.#held.of(younger[0] as PendingRecord));
    for (const record of younger) if (!left.has(record)) queue.push(record);
    spool.beginAnew();
  }

  /** Moves records from memory to disk. @returns those that are safe there */
  #moveToDisk(records: readonly PendingRecord[], held: Held | undefined): ReadonlySet<PendingRecord> {
    const { spool, ledger, topics } = this.#parts;
    const left = new Set(spool.leave(records, this.#held.stateOf(held), false));
    for (const record of left) {
      topics.of(record.topic).onDisk.onLeft(record);
      if (held !== undefined) this.#onStored(held, record);
      ledger.spool(record);
      record.empty();
    }
    return left;
  }

  /** All is back from disk that was sent before, but for what is held. */
  #onReadThrough(): void {
    // It may be a file that cannot be read now.
    if (this.#parts.spool.hasUnread) return;
    for (const partitionQueue of this.#awaiting.keys()) {
      if (this.#held.at(partitionQueue)?.isOnDisk === true) continue;
      partitionQueue.setAwaitsDisk(false);
      this.#awaiting.delete(partitionQueue);
    }
  }

  #store(record: PendingRecord, held: Held | undefined): boolean {
    const { spool } = this.#parts;
    // What memory has of it may have to come before this one on disk.
    if (held?.isOnDisk === false) spool.beginSegments();
    if (!spool.store([record], this.#held.stateOf(held))) return false;
    if (held !== undefined) this.#held.onStored(held);
    return true;
  }

  /** Whether memory has room. @param mayMoveHeld whether queues that are held may have to give way */
  #findRoom(bytes: number, mayMoveHeld: boolean): boolean {
    const { buffer } = this.#parts;
    while (!buffer.hasRoomFor(bytes, true)) if (!mayMoveHeld || !this.#moveHeldToDisk()) return false;
    return true;
  }

  /**
   * Moves some of the youngest records of the queue that is most beyond its share to disk; drops one, if nothing can be written.
   *
   * @returns whether memory has become freer
   */
  #moveHeldToDisk(): boolean {
    const { limits, spool } = this.#parts;
    const share = HELD_MEMORY_SHARE / this.#held.size;
    // What is written would come back before older ones that are under way.
    const isBeyond = ({ mayOvertakeItself, queue: { count, bytes } }: PartitionQueue): boolean =>
      !mayOvertakeItself &&
      count > 1 &&
      (count > share * limits.maxRecords || bytes > share * limits.maxBytes);
    const held = this.#held.largest(isBeyond);
    if (held === undefined) return false;
    const { partitionQueue } = held;
    spool.writeKept();
    const youngest: PendingRecord[] = [];
    while (youngest.length < this.#atOnce && isBeyond(partitionQueue)) {
      const record = partitionQueue.queue.pop();
      if (record === undefined) break;
      youngest.unshift(record);
    }
    const left = this.#moveToDisk(youngest, held);
    this.#atOnce = left.size > 0 ? MAX_RECORDS_AT_ONCE : 1;
    // What could not be written goes back into the queue. If nothing could, the youngest is dropped: else this would go on for ever.
    const victim = left.size === 0 ? youngest.pop() : undefined;
    for (const record of youngest) if (!left.has(record)) partitionQueue.queue.push(record);
    if (victim !== undefined) this.#parts.dropper.drop(victim, 'overflow', undefined);
    return left.size > 0 || victim !== undefined;
  }

  /** Makes room among a queue's own records. @returns whether there is some */
  #shedOwn(record: PendingRecord): boolean {
    const { buffer, topics, dropper } = this.#parts;
    const { queue } = topics.of(record.topic).queueFor(record);
    return buffer.makeRoomIn(queue, record, (victim) => dropper.drop(victim, 'overflow', undefined), true);
  }
}
