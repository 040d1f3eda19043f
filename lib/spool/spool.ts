import type { PendingRecord } from '../record/record.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { groupBy } from '../util/group-by.ts';
import { attempt } from '../util/safely.ts';
import { Adoption } from './adoption.ts';
import { Directories } from './directories.ts';
import { isGone } from './is-gone.ts';
import type { Segment } from './segments/segment.ts';
import { SegmentWriters } from './segments/segment-writers.ts';
import { Segments } from './segments/segments.ts';
import type { QueueState, SpoolEvents, SpoolOptions } from './spool-options.ts';

// Too many files were open, say: nothing else may come that would have it read again.
const READ_AGAIN_MS = 1_000;

/**
 * What memory cannot hold, or the process leaves behind: on disk, oldest first. Never throws.
 *
 * It is read from the oldest record on. What cannot be sent now is passed over, and read again after `beginAnew`. No more
 * is kept of it in memory than how many there are in each segment.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #clock: Clock;
  readonly #events: SpoolEvents;
  #directories: Directories;
  readonly #segments = new Segments();
  readonly #writers: SegmentWriters;
  readonly #adoption: Adoption;
  /** When what could not be read is tried again. */
  #reading: Timer | undefined;
  /** What is to be written before the next send. */
  #unwritten: PendingRecord[] = [];
  #isOpen = false;
  #stateOf: (record: PendingRecord) => QueueState = () => 'flowing';
  #keepsDropped = false;

  constructor(options: SpoolOptions, clock: Clock, events: SpoolEvents) {
    this.#options = options;
    this.#clock = clock;
    this.#events = events;
    this.#directories = new Directories(options.directory);
    this.#writers = new SegmentWriters({
      maxBytes: options.maxBytes,
      segments: this.#segments,
      directory: () => this.#directories.own(),
      onSettled: (segment) => this.#remove(segment),
      onError: (cause) => events.onError(cause),
    });
    this.#adoption = new Adoption({ clock, events, segments: this.#segments });
  }

  /** Whether every record is to be written. */
  get keepsAll(): boolean {
    return this.#options.mode === 'always';
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What stands here and is dropped stays here, for another process: of `spool --replay`, which must lose nothing. */
  keepDropped(): void {
    this.#keepsDropped = true;
  }

  /** @param stateOf the state of the queue of a record in memory */
  useStates(stateOf: (record: PendingRecord) => QueueState): void {
    this.#stateOf = stateOf;
  }

  /** Makes the directory, and looks for what other processes have left there. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#directories = new Directories(this.#options.directory);
    this.#adoption.begin(this.#directories);
    // The clock may have been set back: what is written from now on comes after what was found, by its name too.
    this.#writers.begin(Math.max(this.#clock.systemTime(), this.#adoption.latestStart + 1));
  }

  /** Resolves when all that was found has been counted; nothing if it has been: until then there may be more on disk. */
  get scan(): Promise<void> | undefined {
    return this.#adoption.scan;
  }

  /** Whether there are records here that have neither been read nor passed over. */
  get hasUnread(): boolean {
    return this.#segments.unread !== undefined;
  }

  /**
   * Writes records, to be read again later; those that are held, not before `beginAnew`.
   *
   * @param keeps whether memory keeps them, too
   * @returns whether it could be done
   */
  store(records: readonly PendingRecord[], state: QueueState = 'flowing', keeps = false): boolean {
    return this.#writers.store(records, state, keeps);
  }

  /** Notes a record of memory's, to be written at the end of the turn, together with the others of this turn. */
  keep(record: PendingRecord): void {
    record.isPinned = true;
    if (this.#unwritten.push(record) === 1) this.#clock.soon(() => this.writeKept());
  }

  /** Writes what is new in memory, in one go for each state. */
  writeKept(): void {
    if (this.#unwritten.length === 0) return;
    const records = this.#unwritten.filter(
      ({ state, spoolPosition }) => state !== 'settled' && spoolPosition === undefined,
    );
    this.#unwritten = [];
    for (const [state, own] of groupBy(records, this.#stateOf)) this.#writers.storeWhatFits(own, state, true);
  }

  /** From now on others are held than before: what comes next begins new segments, whose names come after the others'. */
  beginSegments(): void {
    this.writeKept();
    this.#writers.seal();
  }

  /** What has been passed over is to be read again, from the oldest record on. */
  beginAnew(): void {
    this.#segments.beginAnew();
  }

  /** The oldest record that is only on disk and has not been passed over, without taking it. */
  peek(): PendingRecord | undefined {
    return this.#oldest()?.peek();
  }

  /** The same: from now on memory has it, too. */
  take(): PendingRecord | undefined {
    return this.#oldest()?.take();
  }

  /** The same: it stays where it is, until `beginAnew`. */
  passOver(): void {
    this.#oldest()?.passOver();
  }

  /** Those are about to be sent to their partitions. */
  bind(records: readonly PendingRecord[]): void {
    for (const [segment, entries] of this.#segments.entriesOf(records))
      this.#attempt(() => segment.bind(entries));
  }

  /** Those are done with. */
  settle(records: readonly PendingRecord[]): void {
    for (const [segment, entries] of this.#segments.entriesOf(records)) {
      this.#attempt(() => segment.settle(entries));
      if (segment.unsettled === 0 && segment.isSealed) this.#remove(segment);
    }
  }

  /** It is dropped. */
  settleDropped(record: PendingRecord): void {
    if (record.spoolPosition !== undefined && !this.#keepsDropped) this.settle([record]);
  }

  /**
   * Memory gives up these, sorted by acceptance: at the end, or because others need the room. Those without a place are
   * written.
   *
   * @param isEnd whether it gives up what cannot be written, too; otherwise that stays, and what is older
   * @returns those that are safe on disk
   */
  leave(records: readonly PendingRecord[], state: QueueState = 'flowing', isEnd = true): PendingRecord[] {
    const unwritten = records.filter(({ spoolPosition }) => spoolPosition === undefined);
    for (const run of this.#segments
      .runsBetween(unwritten, ({ seq }) => this.#writers.nameFor(seq))
      .reverse()) {
      // A segment of their own: its name says that they come before what was written earlier.
      this.#writers.seal();
      const areAllWritten = this.#writers.storeWhatFits(run, state, false);
      this.#writers.seal();
      if (!areAllWritten) break;
    }
    const isOnDisk = ({ spoolPosition }: PendingRecord): boolean => spoolPosition !== undefined;
    this.bind(unwritten.filter((record) => isOnDisk(record) && record.partition !== undefined));
    const written = new Set(unwritten);
    const from = isEnd ? 0 : records.findLastIndex((record) => !isOnDisk(record)) + 1;
    const left = records.slice(from).filter(isOnDisk);
    for (const record of left) {
      const { spoolPosition } = record;
      if (spoolPosition !== undefined && !written.has(record))
        this.#segments.named(spoolPosition.segment)?.leave(spoolPosition);
    }
    return left;
  }

  /** Closes all files. What is in them is anybody's: also this one's, opened again. */
  close(): void {
    this.#adoption.end();
    this.#isOpen = false;
    this.#writers.seal();
    for (const segment of [...this.#segments]) {
      if (segment.unsettled === 0) this.#remove(segment);
      else segment.close();
    }
    this.#segments.clear();
    this.#directories.resign();
  }

  #oldest(): Segment | undefined {
    for (let segment = this.#segments.unread; segment !== undefined; segment = this.#segments.unread) {
      let isFileGone = false;
      try {
        if (segment.peek() !== undefined) return segment;
      } catch (error) {
        this.#events.onError(error);
        isFileGone = isGone(error);
        if (!isFileGone) {
          // It may pass.
          this.#reading ??= this.#clock.after(READ_AGAIN_MS, () => {
            this.#reading = undefined;
            this.#events.onWork();
          });
          return undefined;
        }
      }
      // It has fewer than it should have.
      const lost = segment.giveUp(isFileGone);
      if (lost > 0) this.#events.onLost(lost);
      if (segment.unsettled === 0) this.#remove(segment);
    }
    return undefined;
  }

  #remove(segment: Segment): void {
    this.#attempt(() => segment.remove());
    this.#segments.delete(segment);
  }

  #attempt<Value>(fn: () => Value): Value | undefined {
    return attempt(fn, (error) => this.#events.onError(error));
  }
}
