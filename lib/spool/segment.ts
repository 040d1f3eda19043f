import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PendingRecord, Place } from '../delivery/record.ts';
import { bytesOf, ENTRY_BYTES, type Entry, entriesIn, FILE_HEADER, FrameReader, frameOf } from './frames.ts';
import { payloadOf, recordOf } from './payload.ts';

/** What a record may take in the journal: where it was sent, and that it is done with. */
export const JOURNAL_BYTES: number = 2 * ENTRY_BYTES;

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
  /** The position of its first record in the new owner's order, where it was adopted. */
  seqBase: number | undefined;

  readonly #path: string;
  readonly #salt: number;
  #fd: number | undefined;
  #journalFd: number | undefined;
  /** Where the frames stand that are not to be loaded: in memory, or done with. */
  readonly #known = new Set<number>();
  /** Where the records of some frames were sent, as the journal has it. */
  readonly #partitions = new Map<number, number>();
  /** How many entries the journal has about that. */
  #bindings = 0;
  #reader: FrameReader | undefined;
  #read = 0;
  #next: PendingRecord | undefined;

  constructor(directory: string, name: string) {
    this.name = name;
    this.#path = join(directory, name);
    this.#salt = Number.parseInt(name.slice(-8), 16);
  }

  /** What it takes on disk, with room in the journal for each record. */
  get size(): number {
    return this.bytes + this.records * JOURNAL_BYTES;
  }

  get isSealed(): boolean {
    return this.#fd === undefined;
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
    const done = this.#readJournal();
    this.bytes = file.length;
    const reader = new FrameReader(file, this.#salt);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      this.records++;
      if (done.has(frame.offset)) this.#known.add(frame.offset);
      else this.unsettled++;
    }
    this.waiting = this.unsettled;
    return reader.damages;
  }

  /**
   * Writes records in one go, all of them or none.
   *
   * @param keeps whether memory keeps them, too
   * @throws when they cannot be written; the segment is sealed then
   */
  append(records: readonly PendingRecord[], keeps: boolean): void {
    if (this.#fd === undefined) throw new Error('the segment is sealed');
    const frames = records.map((record) => frameOf(payloadOf(record), this.#salt));
    const group = Buffer.concat(frames);
    try {
      writeWhole(this.#fd, group);
    } catch (error) {
      try {
        ftruncateSync(this.#fd, this.bytes);
      } catch {
        // Then the torn end is found by its checksum.
      }
      this.seal();
      throw error;
    }
    let offset = this.bytes;
    for (const [at, record] of records.entries()) {
      record.place = { segment: this.name, offset };
      if (keeps) this.#known.add(offset);
      offset += frames[at]?.length ?? 0;
    }
    this.bytes = offset;
    this.records += records.length;
    this.unsettled += records.length;
    if (!keeps) this.waiting += records.length;
  }

  /** No more records. */
  seal(): void {
    close(this.#fd);
    this.#fd = undefined;
  }

  /** Memory lets go of a record that stands here. */
  leave({ offset }: Place): void {
    this.#known.delete(offset);
    this.waiting++;
    // It may stand before what has been read.
    this.#reader = undefined;
    this.#next = undefined;
  }

  /** The next record that is only here, without taking it. */
  peek(): PendingRecord | undefined {
    if (this.#next !== undefined || this.waiting === 0) return this.#next;
    this.seal();
    if (this.#reader === undefined) {
      this.#reader = new FrameReader(readFileSync(`${this.#path}.seg`), this.#salt);
      this.#read = 0;
    }
    for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
      this.#read++;
      if (this.#known.has(frame.offset)) continue;
      const record = readable(frame.payload);
      // Then it still counts as waiting when all others are taken: see `giveUpWaiting`.
      if (record === undefined) continue;
      if (this.seqBase !== undefined) record.seq = this.seqBase + this.#read - 1;
      record.partition = this.#partitions.get(frame.offset);
      record.place = { segment: this.name, offset: frame.offset };
      this.#next = record;
      return record;
    }
    return undefined;
  }

  /** The next record that is only here: from now on memory has it, too. */
  take(): PendingRecord | undefined {
    const record = this.peek();
    if (record?.place === undefined) return undefined;
    this.#known.add(record.place.offset);
    this.#next = undefined;
    if (--this.waiting === 0) this.#reader = undefined;
    return record;
  }

  /** Those that waited here and cannot be read any more. @returns how many */
  giveUpWaiting(): number {
    const lost = this.waiting;
    this.waiting = 0;
    this.unsettled -= lost;
    this.#reader = undefined;
    return lost;
  }

  /**
   * Notes where records are about to be sent.
   *
   * @throws when the journal cannot be written: whoever takes the file over sends them anywhere, then
   */
  bind(entries: readonly Entry[]): void {
    // There is room for one each. More is rare (the partition was gone, and another one was found), and worth no more.
    if (this.#bindings + entries.length > this.records) return;
    this.#bindings += entries.length;
    this.#note(entries);
  }

  /** @throws when the journal cannot be written: they will be sent again, then */
  settle(places: readonly Pick<Place, 'offset'>[]): void {
    this.unsettled -= places.length;
    // What follows is about a file that will be gone at once.
    if (this.unsettled === 0 && this.isSealed) return;
    this.#note(places.map(({ offset }) => ({ offset, partition: undefined })));
  }

  /** Closes both files. */
  close(): void {
    this.seal();
    close(this.#journalFd);
    this.#journalFd = undefined;
    this.#reader = undefined;
    this.#next = undefined;
  }

  remove(): void {
    this.close();
    rmSync(`${this.#path}.seg`, { force: true });
    rmSync(`${this.#path}.ack`, { force: true });
  }

  #note(entries: readonly Entry[]): void {
    this.#journalFd ??= openSync(`${this.#path}.ack`, 'a', 0o600);
    writeWhole(this.#journalFd, bytesOf(entries, this.#salt));
  }

  /** @returns where the frames start that are done with */
  #readJournal(): Set<number> {
    const done = new Set<number>();
    try {
      const journal = readFileSync(`${this.#path}.ack`);
      for (const { offset, partition } of entriesIn(journal, this.#salt)) {
        if (partition === undefined) done.add(offset);
        else {
          this.#partitions.set(offset, partition);
          this.#bindings++;
        }
      }
      // Torn in the middle of an entry: what is added later must start where an entry starts.
      const torn = journal.length % ENTRY_BYTES;
      if (torn > 0) truncateSync(`${this.#path}.ack`, journal.length - torn);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return done;
  }
}

function readable(payload: Buffer): PendingRecord | undefined {
  try {
    return recordOf(payload);
  } catch {
    return undefined;
  }
}

function writeWhole(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    const written = writeSync(fd, bytes, at);
    if (written === 0) throw new Error('nothing was written');
    at += written;
  }
  // The file was taken over by another process, and is gone: what is written there, nobody will read.
  if (fstatSync(fd).nlink === 0) {
    throw Object.assign(new Error('the file has been removed'), { code: 'ENOENT' });
  }
}

function close(fd: number | undefined): void {
  if (fd === undefined) return;
  try {
    closeSync(fd);
  } catch {
    // It is gone either way.
  }
}
