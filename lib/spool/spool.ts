import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../clock.ts';
import type { PendingRecord } from '../delivery/record.ts';
import { Directories, removeIfEmpty, segmentsIn } from './directories.ts';
import { FILE_HEADER, FRAME_BYTES } from './frames.ts';
import { JOURNAL_BYTES, Segment } from './segment.ts';
import { byName, Segments } from './segments.ts';

// How large a segment grows: what is read at once, in about a millisecond, and what one record that is not
// acknowledged yet keeps on disk.
const SEGMENT_BYTES = 1_048_576;
// How often it is looked whether other processes have left something behind.
const LOOK_AROUND_MS = 30_000;
// A field of JSON may take more than its text (escapes), so what a record will take is only guessed at beforehand.
const FIELDS_BYTES = 128;

export interface SpoolOptions {
  directory: string;
  /** `overflow`: what memory cannot hold, and what is left at the end. `always`: every record, before it is sent. */
  mode: 'overflow' | 'always';
  /** The most that this transport's files may take. */
  maxBytes: number;
}

export interface SpoolEvents {
  /** Records of other processes were found here. @returns the first of so many positions in the order of acceptance */
  onAdopted(records: number, positions: number): number;
  /** So many stretches of the files cannot be read. */
  onDamaged(stretches: number): void;
  /** So many records that waited here cannot be read any more. */
  onLost(records: number): void;
  /** Nothing can be written, or read. */
  onTrouble(cause: unknown): void;
  /** There is something to send. */
  onWork(): void;
}

/** What memory cannot hold, or the process leaves behind: on disk, oldest first. Never throws. */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #clock: Clock;
  readonly #events: SpoolEvents;
  #directories: Directories;
  #startedAt = 0;
  readonly #segments = new Segments();
  /** Of them, the one that is being written. */
  #current: Segment | undefined;
  /** What is to be written before the next send. */
  #unwritten: PendingRecord[] = [];
  #timer: Timer | undefined;
  #isOpen = false;
  /** Directories that are being looked through. */
  #scan: Promise<void> | undefined;

  constructor(options: SpoolOptions, clock: Clock, events: SpoolEvents) {
    this.#options = options;
    this.#clock = clock;
    this.#events = events;
    this.#directories = new Directories(options.directory);
  }

  /** Whether there may be more on disk than has been counted. */
  get isScanning(): boolean {
    return this.#scan !== undefined;
  }

  /** Whether every record is to be written. */
  get keepsAll(): boolean {
    return this.#options.mode === 'always';
  }

  /** Makes the directory, and looks for what other processes have left there. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#directories = new Directories(this.#options.directory);
    this.#startedAt = this.#clock.systemTime();
    this.#lookAround();
  }

  /** Resolves when all that was found has been counted; nothing if it has been. */
  get scan(): Promise<void> | undefined {
    return this.#scan;
  }

  /**
   * Writes records, to be read again later.
   *
   * @param keeps whether memory keeps them, too
   * @returns whether it could be done
   */
  store(records: readonly PendingRecord[], keeps = false): boolean {
    if (records.length === 0) return true;
    try {
      const room = records.reduce((sum, record) => sum + this.#sizeOf(record), 0);
      if (this.#segments.bytes + FILE_HEADER.length + room > this.#options.maxBytes) {
        throw new Error(`the spool is full (spool.maxBytes is ${this.#options.maxBytes})`);
      }
      try {
        this.#append(records, keeps);
      } catch (error) {
        if (!isGone(error)) throw error;
        // Somebody has cleaned up, or taken this one for dead.
        this.#directories.forgetOwn();
        this.#append(records, keeps);
      }
      return true;
    } catch (error) {
      this.#events.onTrouble(error);
      return false;
    }
  }

  /** Notes a record of memory's, to be written at the end of the turn, together with the others of this turn. */
  keep(record: PendingRecord): void {
    record.isHeldOnTo = true;
    if (this.#unwritten.push(record) === 1) this.#clock.soon(() => this.writeKept());
  }

  /** Writes what is new in memory, in one go. */
  writeKept(): void {
    if (this.#unwritten.length === 0) return;
    const records = this.#unwritten.filter(({ state, place }) => state !== 'settled' && place === undefined);
    this.#unwritten = [];
    this.store(records, true);
  }

  /** The oldest record that is only on disk, without taking it. */
  peek(): PendingRecord | undefined {
    return this.#oldest()?.peek();
  }

  /** The oldest record that is only on disk: from now on memory has it, too. */
  take(): PendingRecord | undefined {
    return this.#oldest()?.take();
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

  /**
   * At the end: memory lets go of these, sorted by acceptance. Those without a place are written.
   *
   * @returns those that are safe on disk
   */
  leave(records: readonly PendingRecord[]): PendingRecord[] {
    const left = new Set<PendingRecord>();
    const unwritten = records.filter(({ place }) => place === undefined);
    for (const run of this.#segments.runsBetween(unwritten, ({ seq }) => this.#beginningOf(seq))) {
      // A segment of their own: its name says that they come before what was written earlier.
      this.#seal();
      if (!this.store(run)) continue;
      for (const record of run) left.add(record);
      this.bind(run.filter(({ partition }) => partition !== undefined));
    }
    for (const record of records) {
      if (record.place === undefined || left.has(record)) continue;
      this.#segments.named(record.place.segment)?.leave(record.place);
      left.add(record);
    }
    return [...left];
  }

  /** Closes all files. What is in them is anybody's: also this one's, opened again. */
  close(): void {
    this.#clock.cancel(this.#timer);
    this.#isOpen = false;
    this.#seal();
    for (const segment of [...this.#segments]) {
      if (segment.unsettled === 0) this.#remove(segment);
      else segment.close();
    }
    this.#segments.clear();
    this.#directories.resign();
    this.#scan = undefined;
  }

  #lookAround(): void {
    this.#timer = this.#clock.after(LOOK_AROUND_MS, () => this.#lookAround());
    const found = this.#attempt(() => this.#directories.lookAround(this.#clock.systemTime())) ?? [];
    if (found.length > 0) this.#scan = this.#scanAll(found, this.#directories, this.#scan);
  }

  async #scanAll(
    found: readonly string[],
    owned: Directories,
    before: Promise<void> | undefined,
  ): Promise<void> {
    // Closed in the meantime: it is all somebody else's.
    const isOver = (): boolean => !this.#isOpen || this.#directories !== owned;
    await before;
    if (isOver()) return;
    const segments = found.flatMap((directory) => this.#attempt(() => segmentsIn(directory)) ?? []);
    segments.sort(byName);
    for (const segment of segments) {
      // One a turn: the application goes on in between.
      await new Promise<void>((resolve) => this.#clock.soon(resolve));
      if (isOver()) return;
      const damages = this.#attempt(() => segment.adopt());
      if (damages === undefined) continue;
      if (damages > 0) this.#events.onDamaged(damages);
      segment.seqBase = this.#events.onAdopted(segment.waiting, segment.records);
      if (segment.unsettled === 0) segment.remove();
      else this.#segments.add(segment);
    }
    this.#scan = undefined;
    for (const directory of found) removeIfEmpty(directory);
    this.#events.onWork();
  }

  #oldest(): Segment | undefined {
    for (const segment of this.#segments) {
      if (segment.waiting === 0) continue;
      if (segment === this.#current) this.#current = undefined;
      try {
        if (segment.peek() !== undefined) return segment;
      } catch (error) {
        this.#events.onTrouble(error);
        // It may pass, but for a file that is gone.
        if (!isGone(error)) return undefined;
      }
      // It has fewer than it should have.
      this.#events.onLost(segment.giveUpWaiting());
      if (segment.unsettled === 0) this.#remove(segment);
      return this.#oldest();
    }
    return undefined;
  }

  #append(records: readonly PendingRecord[], keeps: boolean): void {
    this.#segments.append(this.#writable(records[0]?.seq ?? 0), records, keeps);
  }

  #writable(seq: number): Segment {
    const current = this.#current;
    if (current !== undefined && !current.isSealed && current.bytes < SEGMENT_BYTES) return current;
    this.#seal();
    const directory = this.#directories.own();
    const salt = randomBytes(4).toString('hex');
    const segment = new Segment(directory, `${this.#beginningOf(seq)}-${salt}`).create();
    this.#segments.add(segment);
    this.#current = segment;
    return segment;
  }

  #seal(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    current.seal();
    if (current.unsettled === 0) this.#remove(current);
  }

  #remove(segment: Segment): void {
    this.#attempt(() => segment.remove());
    this.#segments.delete(segment);
    if (this.#current === segment) this.#current = undefined;
  }

  /** How the name of a segment begins that begins with this position in the order of acceptance. */
  #beginningOf(seq: number): string {
    return `${padded(this.#startedAt)}-${padded(seq)}`;
  }

  #sizeOf({ bytes }: PendingRecord): number {
    return FRAME_BYTES + FIELDS_BYTES + JOURNAL_BYTES + bytes;
  }

  #attempt<Value>(fn: () => Value): Value | undefined {
    try {
      return fn();
    } catch (error) {
      this.#events.onTrouble(error);
      return undefined;
    }
  }
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Sixteen digits: as many as a safe integer can have. */
function padded(number: number): string {
  return String(number).padStart(16, '0');
}
