import type { QueueState, Spool } from '../spool/spool.ts';
import type { Lane } from './lane.ts';
import type { Ledger } from './ledger.ts';
import type { DropReason, PendingRecord } from './record.ts';
import type { TopicLanes } from './topic-lanes.ts';
import type { BufferLimits, RecordBuffer } from './waiting/buffer.ts';

// How many records come back from disk, or go there, in one turn: some milliseconds' work.
const EXCHANGED_AT_ONCE = 500;

// What the queues that are held may keep of memory, all of them together, when others want room.
const HELD_SHARE = 0.25;

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
interface Held {
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

export interface SpooledQueuesParts {
  readonly spool: Spool;
  readonly ledger: Ledger;
  readonly buffer: RecordBuffer;
  readonly limits: BufferLimits;
  readonly topics: ReadonlyMap<string, TopicLanes>;
  lanesOf(topic: string): TopicLanes;
  drop(record: PendingRecord, reason: DropReason, cause: unknown): void;
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
  readonly #held = new Map<Lane, Held>();
  /** Where others have to wait for what is on disk. */
  readonly #awaiting = new Map<Lane, TopicLanes>();
  /** How many sends have come through. */
  #delivered = 0;

  constructor(parts: SpooledQueuesParts) {
    this.#parts = parts;
    parts.spool.stateOf = (record) => this.#stateOf(this.#heldOf(record));
  }

  /** How many queues are held. */
  get held(): number {
    return this.#held.size;
  }

  /**
   * A new record goes to disk where memory has no room for it, or where others wait there that it must not overtake. When
   * it cannot be written and must not overtake them, it is dropped.
   *
   * @param refuse drops it
   * @returns whether it has been seen to
   */
  takesIn(record: PendingRecord, refuse: () => void): boolean {
    const { spool, ledger } = this.#parts;
    const held = this.#heldOf(record);
    // What other processes have left is older, too, and may not have been counted yet.
    const isUnread = spool.isScanning || (ledger.spooledWaiting > 0 && spool.hasUnread);
    const isInLine = isUnread || held?.isOnDisk === true;
    if (!isInLine && this.#findRoom(record.bytes, held === undefined)) return false;
    record.seq = ledger.accepted + 1;
    // What memory has and the disk not yet comes first.
    spool.writeKept();
    if (this.#store(record, held)) {
      ledger.acceptSpooled(record);
      return true;
    }
    if (!isInLine && this.#stateOf(held) !== 'held-alone') return false;
    // Nothing of others is to give way for what cannot be sent anyway.
    if (!isInLine && this.#shedOwn(record)) return false;
    refuse();
    return true;
  }

  /**
   * Takes records back from disk, as memory has room, and writes there what has to be there before it is sent.
   *
   * @param now wall and monotonic time, for records that expire
   * @returns whether there is more to be done at once
   */
  exchange(now: { wall: number; monotonic: number }): boolean {
    const { spool, ledger, lanesOf } = this.#parts;
    spool.writeKept();
    // There may be older ones.
    if (spool.isScanning) return false;
    this.look();
    // Not one by one, as each place becomes free: every time memory catches up, a file is begun anew.
    const mayTake = this.#isHalfEmpty();
    // What is held is read past in any case: there may be others behind it.
    if (!mayTake && this.#held.size === 0) return false;
    for (let count = 0; count < EXCHANGED_AT_ONCE; count++) {
      const next = spool.peek();
      if (next === undefined) {
        this.#noteReadThrough();
        return false;
      }
      if (next.partition !== undefined && lanesOf(next.topic).mustUnbind) next.partition = undefined;
      const held = this.#heldOf(next);
      if (held !== undefined) {
        this.#noteOnDisk(held, next);
        spool.passOver();
        continue;
      }
      if (!mayTake) return false;
      // Larger than all that memory may hold (another process had more): alone, then.
      if (!this.#findRoom(next.bytes, true) && this.#flowing().records > 0) return false;
      spool.take();
      ledger.replay(next);
      next.acceptedAt = now.monotonic - Math.max(0, now.wall - next.time);
      lanesOf(next.topic).add(next);
    }
    return true;
  }

  /** A send has come through. */
  noteDelivered(): void {
    this.#delivered++;
  }

  /** Finds out which queues are held. To be called before others may take their place: when a send has been answered, or partitions have become known. */
  look(): void {
    const { spool, topics } = this.#parts;
    const now = new Map<Lane, TopicLanes>();
    for (const lanes of topics.values()) for (const lane of lanes.held()) now.set(lane, lanes);
    const released = [...this.#held].filter(
      ([lane, { generation }]) => now.get(lane)?.generation !== generation,
    );
    const isNew = [...now.keys()].some((lane) => !this.#held.has(lane));
    if (released.length > 0 || isNew) {
      // By their names, segments that begin now come behind what has been written of the same queue elsewhere.
      spool.beginSegments();
      for (const [lane] of released) this.#held.delete(lane);
      for (const [lane, lanes] of now) this.#note(lane, lanes);
      for (const [lane, lanes] of this.#awaiting) {
        this.#keepBehind(lane);
        if (lanes.mustUnbind) this.#keepBehind(lanes.withoutPartition);
      }
      if (released.some(([, { isOnDisk }]) => isOnDisk)) spool.beginAnew();
    }
    for (const [lane, held] of this.#held) this.#tell(lane, held);
  }

  #noteOnDisk(held: Held, record: PendingRecord): void {
    held.isOnDisk = true;
    if (record.partition === undefined) return;
    const lane = held.lanes.laneFor(record);
    lane.awaitsDisk = true;
    this.#awaiting.set(lane, held.lanes);
  }

  /**
   * What has only now come here goes behind what was sent from here before, and waits on disk: records with keys, when the
   * partitions become known, or are not known any more.
   */
  #keepBehind({ queue }: Lane): void {
    const { spool } = this.#parts;
    const younger: PendingRecord[] = [];
    while (queue.last?.isBack === false) {
      const record = queue.pop();
      if (record === undefined) break;
      if (record.partition !== undefined) {
        queue.push(record);
        break;
      }
      younger.unshift(record);
    }
    if (younger.length === 0) return;
    const left = this.#leave(younger, this.#heldOf(younger[0] as PendingRecord));
    for (const record of younger) if (!left.has(record)) queue.push(record);
    spool.beginAnew();
  }

  /** Has memory let go of records. @returns those that are safe on disk */
  #leave(records: readonly PendingRecord[], held: Held | undefined): ReadonlySet<PendingRecord> {
    const { spool, ledger } = this.#parts;
    const left = new Set(spool.leave(records, this.#stateOf(held)));
    for (const record of left) {
      if (held !== undefined) this.#noteOnDisk(held, record);
      ledger.spool(record);
      record.text = '';
    }
    return left;
  }

  /** All is back from disk that was sent before, but for what is held. */
  #noteReadThrough(): void {
    // It may be a file that cannot be read now.
    if (this.#parts.spool.hasUnread) return;
    for (const lane of this.#awaiting.keys()) {
      if (this.#held.get(lane)?.isOnDisk === true) continue;
      lane.awaitsDisk = false;
      this.#awaiting.delete(lane);
    }
  }

  #note(lane: Lane, lanes: TopicLanes): void {
    if (this.#held.has(lane)) return;
    const { generation, errors } = lanes;
    const delivered = this.#delivered;
    this.#held.set(lane, { lanes, generation, delivered, errors, isOnDisk: false, isTold: false });
  }

  #tell(lane: Lane, held: Held): void {
    if (held.isTold || !held.isOnDisk) return;
    const { topic, errors, lastError } = held.lanes;
    // Records without key that go to no partition yet do not fail themselves, where none can be written to.
    const failures = lane.partition === undefined ? errors - held.errors + 1 : lane.failures;
    if (failures < FAILURES_TOLD) return;
    held.isTold = true;
    this.#parts.onHeld({ topic, partition: lane.partition, cause: lastError });
  }

  #heldOf(record: PendingRecord): Held | undefined {
    if (this.#held.size === 0) return undefined;
    return this.#held.get(this.#parts.lanesOf(record.topic).laneFor(record));
  }

  #stateOf(held: Held | undefined): QueueState {
    if (held === undefined) return 'flowing';
    return held.delivered < this.#delivered ? 'held-alone' : 'held';
  }

  #store(record: PendingRecord, held: Held | undefined): boolean {
    const { spool } = this.#parts;
    // What memory has of it may have to come before this one on disk.
    if (held?.isOnDisk === false) spool.beginSegments();
    if (!spool.store([record], this.#stateOf(held))) return false;
    if (held !== undefined) held.isOnDisk = true;
    return true;
  }

  /** Whether memory has room. @param mayPushOut whether queues that are held may have to give way */
  #findRoom(bytes: number, mayPushOut: boolean): boolean {
    const { buffer } = this.#parts;
    while (!buffer.hasRoomFor(bytes)) if (!mayPushOut || !this.#pushOut()) return false;
    return true;
  }

  /** What memory holds of queues that are not held. */
  #flowing(): { records: number; bytes: number } {
    const { held: records, heldBytes: bytes } = this.#parts.ledger;
    const flowing = { records, bytes };
    for (const { queue, parked } of this.#held.keys()) {
      flowing.records -= queue.count + (parked?.count ?? 0);
      flowing.bytes -= queue.bytes + (parked?.bytes ?? 0);
    }
    return flowing;
  }

  /** Whether what is not held takes at most half of what it may. */
  #isHalfEmpty(): boolean {
    const { ledger, limits } = this.#parts;
    const { records, bytes } = this.#flowing();
    const left = {
      records: limits.maxRecords - Math.min(ledger.held - records, HELD_SHARE * limits.maxRecords),
      bytes: limits.maxBytes - Math.min(ledger.heldBytes - bytes, HELD_SHARE * limits.maxBytes),
    };
    return records <= left.records / 2 && bytes <= left.bytes / 2;
  }

  /** Has the queue that has most beyond its share let go of some of its youngest. @returns whether there was one */
  #pushOut(): boolean {
    const { limits, spool } = this.#parts;
    const share = {
      records: Math.floor((HELD_SHARE * limits.maxRecords) / this.#held.size),
      bytes: Math.floor((HELD_SHARE * limits.maxBytes) / this.#held.size),
    };
    const isBeyond = ({ queue }: Lane): boolean =>
      queue.count > 1 && (queue.count > share.records || queue.bytes > share.bytes);
    const [lane, held] =
      [...this.#held]
        .filter(([candidate]) => isBeyond(candidate))
        .sort(([{ queue: one }], [{ queue: other }]) => other.bytes - one.bytes)[0] ?? [];
    if (lane === undefined || held === undefined) return false;
    const state = this.#stateOf(held);
    spool.writeKept();
    const youngest: PendingRecord[] = [];
    while (youngest.length < EXCHANGED_AT_ONCE && isBeyond(lane)) {
      const record = lane.queue.pop();
      if (record === undefined) break;
      youngest.unshift(record);
    }
    // What has no room on disk stays; but one record goes, or there would be none in memory either.
    while (youngest.length > 1 && !spool.hasRoomFor(youngest, state)) {
      for (const record of youngest.splice(0, youngest.length >> 1)) lane.queue.push(record);
    }
    const left = this.#leave(youngest, held);
    for (const record of youngest) if (!left.has(record)) this.#parts.drop(record, 'overflow', undefined);
    return youngest.length > 0;
  }

  /** Makes room among a queue's own records. @returns whether there is some */
  #shedOwn(record: PendingRecord): boolean {
    const { buffer, limits, lanesOf, drop } = this.#parts;
    if (limits.overflow === 'drop-newest') return false;
    const { queue } = lanesOf(record.topic).laneFor(record);
    while (!buffer.hasRoomFor(record.bytes)) {
      const oldest = queue.peek();
      if (oldest === undefined) return false;
      drop(oldest, 'overflow', undefined);
    }
    return true;
  }
}
