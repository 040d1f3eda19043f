// A disk that fails: the functions of `node:fs` that the spool uses, put between it and a real directory.
import { AsyncLocalStorage } from 'node:async_hooks';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** What fails. */
export type DiskFault = 'write' | 'open' | 'read';

const CODES: Record<DiskFault, string> = { write: 'EIO', open: 'EMFILE', read: 'EMFILE' };

const { writeSync, openSync, readFileSync, closeSync, mkdirSync, renameSync, ftruncateSync } = fs;

/** Which process of the model does what is done. */
export const running: AsyncLocalStorage<string> = new AsyncLocalStorage();

// No process has this id.
const DEAD_PID = 4_999_999;

/** The disk below one directory, from `install` on until `remove`. */
export class ModelDisk {
  readonly #directory: string;
  readonly #open = new Set<number>();
  readonly #faults: Record<DiskFault, number> = { write: 0, open: 0, read: 0 };
  /** How many bytes there still is room for. */
  #room = Number.POSITIVE_INFINITY;
  /** By directory of an owner's, the process that has it. */
  readonly #owners = new Map<string, string>();
  /** Processes that are gone: what they had still to do is not done. */
  readonly #ended = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  fail(fault: DiskFault, times: number): void {
    this.#faults[fault] = times;
  }

  /** Its last so many bytes are about to be taken. */
  fill(room: number): void {
    this.#room = room;
  }

  mend(): void {
    this.#room = Number.POSITIVE_INFINITY;
    for (const fault of Object.keys(this.#faults) as DiskFault[]) this.#faults[fault] = 0;
  }

  install(): void {
    Object.assign(fs, {
      openSync: (path: string, flags: unknown, ...rest: unknown[]): number => {
        // `readFileSync` comes here, too.
        if (this.#is(path) && typeof flags === 'string' && flags !== 'r') this.#throwIf('open');
        const fd = (openSync as (...args: unknown[]) => number)(path, flags, ...rest);
        if (this.#is(path)) this.#open.add(fd);
        return fd;
      },
      mkdirSync: (path: string, ...rest: unknown[]): unknown => {
        const isHere = this.#is(path);
        const made = (mkdirSync as (...args: unknown[]) => unknown)(path, ...rest);
        if (isHere) this.#owners.set(path, running.getStore() ?? '');
        return made;
      },
      renameSync: (from: string, to: string): void => {
        const isHere = this.#is(to);
        renameSync(from, to);
        if (!isHere) return;
        this.#owners.delete(from);
        this.#owners.set(to, running.getStore() ?? '');
      },
      ftruncateSync: (fd: number, size: number): void => {
        // What is cut off is there again.
        this.#room += fs.fstatSync(fd).size - size;
        ftruncateSync(fd, size);
      },
      closeSync: (fd: number): void => {
        this.#open.delete(fd);
        closeSync(fd);
      },
      readFileSync: (path: unknown, ...rest: unknown[]): unknown => {
        if (this.#is(path)) this.#throwIf('read');
        return (readFileSync as (...args: unknown[]) => unknown)(path, ...rest);
      },
      writeSync: (fd: number, bytes: Buffer, at = 0): number => {
        if (!this.#open.has(fd)) return writeSync(fd, bytes, at);
        return this.#write(fd, bytes, at);
      },
    });
    syncBuiltinESMExports();
  }

  /** Closes what crashed processes have left open, too. */
  remove(): void {
    Object.assign(fs, { writeSync, openSync, readFileSync, closeSync, mkdirSync, renameSync, ftruncateSync });
    syncBuiltinESMExports();
    for (const fd of this.#open) closeSync(fd);
  }

  /** A process is gone: what it had can be told to be nobody's. */
  abandon(process: string): void {
    this.#ended.add(process);
    for (const [path, owner] of [...this.#owners]) {
      const name = basename(path).replace(/^([0-9a-f]{12})-\d+-/, `$1-${DEAD_PID}-`);
      if (owner !== process || name === basename(path) || !fs.existsSync(path)) continue;
      renameSync(path, join(dirname(path), name));
      this.#owners.delete(path);
    }
  }

  #write(fd: number, bytes: Buffer, at: number): number {
    this.#throwIfEnded();
    this.#throwIf('write');
    const length = bytes.length - at;
    if (this.#room === 0) this.#throw('ENOSPC');
    const written = writeSync(fd, bytes, at, Math.min(length, this.#room));
    this.#room -= written;
    return written;
  }

  #is(path: unknown): boolean {
    const isHere = typeof path === 'string' && path.startsWith(this.#directory);
    if (isHere) this.#throwIfEnded();
    return isHere;
  }

  #throwIfEnded(): void {
    if (this.#ended.has(running.getStore() ?? '')) throw new Error('the process has ended');
  }

  #throwIf(fault: DiskFault): void {
    if (this.#faults[fault] === 0) return;
    this.#faults[fault]--;
    this.#throw(CODES[fault]);
  }

  #throw(code: string): never {
    throw Object.assign(new Error(`${code}: the model's disk`), { code });
  }
}
