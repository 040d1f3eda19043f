import { readdirSync, readFileSync, readlinkSync, renameSync, statSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { crypto } from '../util/node-modules.ts';
import { attempt } from '../util/safely.ts';

// How long the directory of a process that cannot be looked up (another machine or container) has to be without a
// sign of life before it counts as left behind. Owners give one every 30 s.
const SILENT_MS = 120_000;

const NAME = /^([0-9a-f]{12})-(\d+)-(\d+)-([0-9a-f]{16})\.\d+$/;

// The start of a process where the system does not tell it, or not at the moment (too many files are open).
const UNKNOWN_START = '0';

// What an owner has closed and left, in a process that may go on for years.
const LEFT_NAME = /^left-[0-9a-f]{16}\.\d+$/;

/**
 * Who owns a directory of segments: `<where>-<pid>-<start>-<random>.<number>`. Where: a process id means something
 * only within one boot of one machine and one pid namespace. Start: process ids are used again.
 */
export class Owner {
  readonly #random = crypto().randomBytes(8).toString('hex');
  readonly #id = [placeOfProcesses(), process.pid, startOf(process.pid), this.#random].join('-');
  #directories = 0;

  /** @returns the name of one more directory */
  nextName(): string {
    return `${this.#id}.${this.#directories++}`;
  }

  /** From now on others may take over what is in the directory, though this process lives. */
  leave(path: string): void {
    // Where it fails: it is gone already, or it stays this process's for as long as that lives.
    attempt(() => renameSync(path, join(dirname(path), `left-${this.#random}.${this.#directories++}`)));
  }

  /** Makes the directories of owners that are gone its own. @returns their new paths; of several owners, one gets each */
  adoptAll(base: string, now: number): string[] {
    const adopted: string[] = [];
    for (const name of readdirSync(base)) {
      if (!isOrphan(base, name, now)) continue;
      const path = join(base, this.nextName());
      try {
        renameSync(join(base, name), path);
        adopted.push(path);
      } catch {
        // Another one was faster.
      }
    }
    return adopted;
  }
}

/** A sign of life. */
export function touch(directory: string, now: number): void {
  utimesSync(directory, now / 1000, now / 1000);
}

function isOrphan(base: string, name: string, now: number): boolean {
  return ownerState(base, name, now)?.isGone ?? false;
}

/** Who owns a directory. */
export interface OwnerState {
  /** Others may take over what is in it. */
  readonly isGone: boolean;
  /** Of a process of this machine. */
  readonly pid: number | undefined;
}

/** @returns nothing for what is no directory of an owner's */
export function ownerState(base: string, name: string, now: number): OwnerState | undefined {
  if (LEFT_NAME.test(name)) return { isGone: true, pid: undefined };
  const [, where, pid, start] = NAME.exec(name) ?? [];
  if (where === undefined) return undefined;
  if (where === placeOfProcesses()) return { isGone: hasEnded(Number(pid), start), pid: Number(pid) };
  const isGone = attempt(() => now - statSync(join(base, name)).mtimeMs > SILENT_MS) ?? false;
  return { isGone, pid: undefined };
}

let where: string | undefined;

function placeOfProcesses(): string {
  where ??= crypto()
    .createHash('sha256')
    .update(JSON.stringify([hostname(), attempt(bootId), attempt(() => readlinkSync('/proc/self/ns/pid'))]))
    .digest('hex')
    .slice(0, 12);
  return where;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
}

/** Whether it is another process by now that has this id, or none. @param start of the one that is meant */
function hasEnded(pid: number, start: string | undefined): boolean {
  const now = startOf(pid);
  return now !== start && now !== UNKNOWN_START && (now === '' || start !== UNKNOWN_START);
}

/** When a process started, in ticks since the boot; `UNKNOWN_START` where that cannot be told, '' when it is gone. */
function startOf(pid: number): string {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // The 22nd field; the second is a name in parentheses that may have blanks.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie is a process that has ended, and whose parent has not asked for its exit code yet.
  if (fields?.[0] === 'Z') return '';
  if (fields?.[19] !== undefined) return fields[19];
  try {
    process.kill(pid, 0);
    return UNKNOWN_START;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? '' : UNKNOWN_START;
  }
}
