import { ftruncateSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PendingRecord, SpoolPosition } from '../../record/record.ts';
import { attempt } from '../../util/safely.ts';
import { ENTRY_BYTES, type Entry, FILE_HEADER, FrameReader, frameOf, saltOf } from './frames.ts';
import { close, type Fates, Journal, writeWhole } from './journal.ts';
import { payloadOf, recordOf } from './record-payload.ts';

/** What a record may take in the journal: where it was sent, and that it is done with. */
export const JOURNAL_BYTES: number = 2 * ENTRY_BYTES;

const TO_THE_END = Number.POSITIVE_INFINITY;

/** A segment that is being read: in memory only for as long as that takes. */
interface Reading {
  readonly frames: FrameReader;
  readonly fates: Fates;
  /** How many frames have been read. */
  count: number;
  next: PendingRecord | undefined;
}

/** One file of records, and beside it the journal of what became of them. */
export class Segment {
  /** `<start of the process>-<first record>-<salt>`: sorted by name, segments are in the order of their records. */
  readonly name: string;
  /** Records that are only here: not in memory, and not done with. */
  waiting = 0;
  /** Records that are not done with. */
  unsettled = 0;
  bytes = 0;
  records = 0;

  readonly #path: string;
  readonly #salt: number;
  readonly #journal: Journal;
  #fd: number | undefined;
  /** Where the frames stand whose records are in memory. */
  readonly #inMemory = new Set<number>();
  /** How many entries the journal has about where records were sent. */
  #bindings = 0;
  /** The position of its first record in the new owner's order, where it was adopted. */
  #firstSeq: number | undefined;
  #reading: Reading | undefined;
  /** Up to where it has been read since it was last begun with; what waits before that has been passed over. */
  #readTo = 0;
  /** Of those that wait, how many are not to be read before it is begun anew with. */
  #passedOver = 0;

  constructor(directory: string, name: string) {
    this.name = name;
    this.#path = join(directory, name);
    this.#salt = saltOf(name);
    this.#journal = new Journal(`${this.#path}.ack`, this.#salt);
  }

  /** What it takes on disk, with room in the journal for each record. */
  get size(): number {
    return this.bytes + this.records * JOURNAL_BYTES;
  }

  get isSealed(): boolean {
    return this.#fd === undefined;
  }

  /** How many of those that wait are still to be read, or passed over. */
  get unread(): number {
    return this.waiting - this.#passedOver;
  }

  /** @throws when the file cannot be made */
  create(): this {
    // 'wx': a file that is there already is not ours.
    this.#fd = openSync(`${this.#path}.seg`, 'wx', 0o600);
    try {
      writeWhole(this.#fd, FILE_HEADER);
    } catch (error) {
      this.remove();
      throw error;
    }
    this.bytes = FILE_HEADER.length;
    return this;
  }

  /**
   * Takes over what another process has left.
   *
   * @returns how many stretches of it are damaged
   * @throws when the file cannot be read
   */
  adopt(): number {
    const file = readFileSync(`${this.#path}.seg`);
    const { done, bindings } = this.#journal.read();
    this.#journal.mend();
    this.#bindings = bindings;
    this.bytes = file.length;
    const reader = new FrameReader(file, this.#salt);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      this.records++;
      if (!done.has(frame.offset)) this.unsettled++;
    }
    this.waiting = this.unsettled;
    return reader.damages;
  }

  /** @param firstSeq the position of its first record in the order of this process */
  numberFrom(firstSeq: number): void {
    this.#firstSeq = firstSeq;
  }

  /**
   * Writes records in one go, all of them or none.
   *
   * @param keeps whether memory keeps them, too
   * @param isPassedOver whether they are not to be read before it is begun anew with
   * @throws when they cannot be written; the segment is sealed then
   */
  append(records: readonly PendingRecord[], keeps: boolean, isPassedOver = false): void {
    if (this.#fd === undefined) throw new Error('the segment is sealed');
    const frames = records.map((record) => frameOf(payloadOf(record), this.#salt));
    const group = Buffer.concat(frames);
    try {
      writeWhole(this.#fd, group);
      // Renamed with its directory by one that has taken this process for dead, and may have read it already: it is not there.
      statSync(`${this.#path}.seg`);
    } catch (error) {
      const fd = this.#fd;
      // Where it fails, the torn end is found by its checksum.
      attempt(() => ftruncateSync(fd, this.bytes));
      this.seal();
      throw error;
    }
    let offset = this.bytes;
    for (const [at, record] of records.entries()) {
      record.spoolPosition = { segment: this.name, offset };
      if (keeps) this.#inMemory.add(offset);
      offset += frames[at]?.length ?? 0;
    }
    this.bytes = offset;
    this.records += records.length;
    this.unsettled += records.length;
    if (keeps) return;
    this.waiting += records.length;
    if (isPassedOver) this.#passedOver += records.length;
  }

  /** No more records. */
  seal(): void {
    close(this.#fd);
    this.#fd = undefined;
  }

  /** Memory gives up a record that stands here. It is not to be read before the segment is begun anew with. */
  leave({ offset }: SpoolPosition): void {
    this.#inMemory.delete(offset);
    this.waiting++;
    // Being read, it comes to this one by itself.
    if (this.#readTo === 0 || offset < this.#readTo) this.#passedOver++;
    this.#closeJournal();
  }

  /** What has been passed over is to be read again, from the beginning. */
  beginAnew(): void {
    this.#reading = undefined;
    this.#readTo = 0;
    this.#passedOver = 0;
  }

  /** The next record that is only here, without taking it. @throws when the file cannot be read */
  peek(): PendingRecord | undefined {
    if (this.#reading?.next !== undefined || this.unread === 0) return this.#reading?.next;
    this.seal();
    const reading = this.#reading ?? this.#open();
    const { frames, fates } = reading;
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
      const { offset, payload } = frame;
      this.#readTo = offset;
      reading.count++;
      if (this.#inMemory.has(offset) || fates.done.has(offset)) continue;
      const record = attempt(() => recordOf(payload));
      // Then it still counts as unread when all others are taken: see `giveUp`.
      if (record === undefined) continue;
      if (this.#firstSeq !== undefined) record.seq = this.#firstSeq + reading.count - 1;
      record.partition = fates.partitions.get(offset);
      record.spoolPosition = { segment: this.name, offset };
      reading.next = record;
      return record;
    }
    this.#endReading();
    return undefined;
  }

  /** The next record that is only here: from now on memory has it, too. */
  take(): PendingRecord | undefined {
    const record = this.peek();
    if (record?.spoolPosition === undefined) return undefined;
    this.#inMemory.add(record.spoolPosition.offset);
    this.waiting--;
    this.#advance(record.spoolPosition);
    return record;
  }

  /** Leaves the next record here, until the segment is begun anew with. */
  passOver(): void {
    const place = this.peek()?.spoolPosition;
    if (place === undefined) return;
    this.#passedOver++;
    this.#advance(place);
  }

  /** Those that wait here and cannot be read: all of them, where the file is gone. @returns how many */
  giveUp(isGone: boolean): number {
    const lost = isGone ? this.waiting : this.unread;
    this.waiting -= lost;
    this.unsettled -= lost;
    if (isGone) this.#passedOver = 0;
    this.#endReading();
    return lost;
  }

  /**
   * Notes where records are about to be sent.
   *
   * @throws when the journal cannot be written: whoever takes the file over sends them anywhere, then
   */
  bind(entries: readonly Entry[]): void {
    for (const { offset, partition } of entries)
      if (partition !== undefined) this.#reading?.fates.partitions.set(offset, partition);
    // Of a key, never the younger records alone: the next process would send those first.
    this.#journal.note(entries);
    this.#bindings += entries.length;
    // There is room for one each. More is rare: the partition was gone, or others have been added.
    if (this.#bindings > this.records) this.#bindings = this.#journal.compact();
  }

  /** @throws when the journal cannot be written: they will be sent again, then, by the next process */
  settle(places: readonly Pick<SpoolPosition, 'offset'>[]): void {
    this.unsettled -= places.length;
    // All of its records are settled, so the file is about to be removed: nothing need be noted.
    if (this.unsettled === 0 && this.isSealed) return;
    this.#journal.note(places.map(({ offset }) => ({ offset, partition: undefined })));
    for (const { offset } of places) {
      this.#inMemory.delete(offset);
      this.#reading?.fates.done.add(offset);
    }
    this.#closeJournal();
  }

  /** Closes both files. */
  close(): void {
    this.seal();
    this.#journal.close();
    this.#endReading();
  }

  remove(): void {
    this.close();
    rmSync(`${this.#path}.seg`, { force: true });
    this.#journal.remove();
  }

  #open(): Reading {
    const frames = new FrameReader(readFileSync(`${this.#path}.seg`), this.#salt);
    const reading = { frames, fates: this.#journal.read(), count: 0, next: undefined };
    // Whatever has been passed over is met again.
    this.#passedOver = 0;
    this.#reading = reading;
    return reading;
  }

  #advance({ offset }: SpoolPosition): void {
    if (this.#reading !== undefined) this.#reading.next = undefined;
    this.#readTo = offset + 1;
    if (this.unread === 0) this.#endReading();
  }

  #endReading(): void {
    this.#reading = undefined;
    this.#readTo = TO_THE_END;
  }

  /** Where memory has none of its records, nothing may be noted for long; and there may be many such segments. */
  #closeJournal(): void {
    if (this.isSealed && this.unsettled === this.waiting) this.#journal.close();
  }
}
