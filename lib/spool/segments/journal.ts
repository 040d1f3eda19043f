import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { attempt } from '../../util/safely.ts';
import { isGone } from '../is-gone.ts';
import { ENTRY_BYTES, type Entry, entriesIn, journalBytes } from './frames.ts';

/** What the journal of a segment says about its frames, by their offsets. */
export interface Fates {
  /** Done with. */
  readonly done: Set<number>;
  /** Where their records were sent. */
  readonly partitions: Map<number, number>;
  /** How many entries there are about that. */
  readonly bindings: number;
}

/** The file beside a segment that says what became of its records. Read when it is needed, and not kept in memory. */
export class Journal {
  readonly #path: string;
  readonly #salt: number;
  #fd: number | undefined;
  /** Where a part of a write begins that has failed: it has to be cut off, and could not be so far. */
  #tornAt: number | undefined;

  constructor(path: string, salt: number) {
    this.#path = path;
    this.#salt = salt;
  }

  /** All of them or none. @throws when it cannot be written */
  note(entries: readonly Entry[]): void {
    this.#fd ??= openSync(this.#path, 'a', 0o600);
    const fd = this.#fd;
    this.#cutOff(fd);
    const { size } = fstatSync(fd);
    try {
      writeWhole(fd, journalBytes(entries, this.#salt));
    } catch (error) {
      // A disk that is full takes a part, and none of what follows that could be read: it would not start where an entry starts.
      this.#tornAt = size;
      attempt(() => this.#cutOff(fd));
      throw error;
    }
  }

  /** See {@link readJournal}. */
  read(): Fates {
    return readJournal(this.#path, this.#salt);
  }

  /** Torn in the middle of an entry: what is added later must start where an entry starts. */
  mend(): void {
    const { length: size } = bytesOf(this.#path);
    const torn = size % ENTRY_BYTES;
    if (torn > 0) truncateSync(this.#path, size - torn);
  }

  /**
   * Keeps the last entry about each frame alone.
   *
   * @returns how many of them say where a record was sent
   * @throws when it cannot be read, or written anew: then it stays as it is
   */
  compact(): number {
    const { done, partitions } = this.read();
    const entries: Entry[] = [...done].map((offset) => ({ offset, partition: undefined }));
    for (const [offset, partition] of partitions) if (!done.has(offset)) entries.push({ offset, partition });
    // In one step: a process that is killed leaves the one or the other.
    const fd = openSync(this.#newPath, 'w', 0o600);
    try {
      writeWhole(fd, journalBytes(entries, this.#salt));
    } finally {
      close(fd);
    }
    this.close();
    renameSync(this.#newPath, this.#path);
    this.#tornAt = undefined;
    return entries.length - done.size;
  }

  /** Removes what there is of it. */
  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
    // A process was killed, or the disk was full, while it was written anew.
    rmSync(this.#newPath, { force: true });
  }

  /** It is opened again when something is to be noted. */
  close(): void {
    close(this.#fd);
    this.#fd = undefined;
  }

  /** @throws when it cannot be done */
  #cutOff(fd: number): void {
    if (this.#tornAt === undefined) return;
    ftruncateSync(fd, this.#tornAt);
    this.#tornAt = undefined;
  }

  get #newPath(): string {
    return `${this.#path}.new`;
  }
}

/** What the journal of a segment says. @throws when it is there and cannot be read */
export function readJournal(path: string, salt: number): Fates {
  const done = new Set<number>();
  const partitions = new Map<number, number>();
  let bindings = 0;
  for (const { offset, partition } of entriesIn(bytesOf(path), salt)) {
    if (partition === undefined) done.add(offset);
    else {
      partitions.set(offset, partition);
      bindings++;
    }
  }
  return { done, partitions, bindings };
}

/** None where there is no file. */
function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (!isGone(error)) throw error;
    return Buffer.alloc(0);
  }
}

export function writeWhole(fd: number, bytes: Buffer): void {
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

export function close(fd: number | undefined): void {
  // Where it fails, it is gone either way.
  if (fd !== undefined) attempt(() => closeSync(fd));
}
