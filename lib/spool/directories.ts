import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { attempt } from '../util/safely.ts';
import { isGone } from './is-gone.ts';
import { Owner, touch } from './owner.ts';
import { Segment } from './segments/segment.ts';

/** The directories in which one owner's segments stand: its own, and those that it has taken over. */
export class Directories {
  readonly #base: string;
  readonly #owner = new Owner();
  #own: string | undefined;
  #adopted: string[] = [];

  constructor(base: string) {
    this.#base = base;
  }

  /**
   * Takes over what processes that are gone have left, and gives a sign of life.
   *
   * @param onError the base cannot be made or used, or there can be no sign of life
   * @returns the directories that were taken over
   */
  lookAround(now: number, onError: (error: unknown) => void): string[] {
    const found = attempt(() => this.#takeOver(now), onError) ?? [];
    this.#adopted.push(...found);
    // Each by itself: without a sign of life, others take over what this process still sends.
    for (const path of this.#all()) {
      attempt(
        () => touch(path, now),
        (error) => (isGone(error) ? this.#forget(path) : onError(error)),
      );
    }
    return found;
  }

  #takeOver(now: number): string[] {
    makeDirectory(this.#base);
    accessSync(this.#base, constants.W_OK | constants.X_OK);
    return this.#owner.adoptAll(this.#base, now);
  }

  /** Where new segments go. Made when it is asked for, and another one when it has gone. @throws when it cannot be made */
  own(): string {
    if (this.#own !== undefined && existsSync(this.#own)) return this.#own;
    const path = join(this.#base, this.#owner.nextName());
    makeDirectory(path);
    this.#own = path;
    return path;
  }

  /** Removes those that are empty; the others, and what is in them, are anybody's from now on. */
  resign(): void {
    for (const path of this.#all()) {
      removeIfEmpty(path);
      this.#owner.leave(path);
    }
  }

  #forget(path: string): void {
    if (path === this.#own) this.#own = undefined;
    this.#adopted = this.#adopted.filter((other) => other !== path);
  }

  #all(): string[] {
    return this.#own === undefined ? this.#adopted : [this.#own, ...this.#adopted];
  }
}

/** The segments that stand in a directory. @throws when it cannot be read */
export function segmentsIn(directory: string): Segment[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.seg'))
    .map((file) => new Segment(directory, file.slice(0, -'.seg'.length)));
}

/** Removes journals whose segments are gone (a process was killed between the two removals), and the directory, if nothing is left. */
export function removeLeftovers(directory: string): void {
  const files = new Set(attempt(() => readdirSync(directory)));
  for (const file of files) {
    const [, name] = /^(.+)\.ack(?:\.new)?$/.exec(file) ?? [];
    if (name !== undefined && !files.has(`${name}.seg`)) attempt(() => rmSync(join(directory, file)));
  }
  removeIfEmpty(directory);
}

export function removeIfEmpty(directory: string): void {
  // Where it is not empty, somebody still needs it.
  attempt(() => rmdirSync(directory));
}

/**
 * Makes a directory, and those above it. Not by `recursive`: where a file system answers ENOENT although the directory above is there, as
 * /proc does, Node tries for ever (20.20, src/node_file.cc: `MKDirpSync`).
 *
 * @throws when it cannot be made
 */
function makeDirectory(path: string): void {
  try {
    makeOne(path);
  } catch (error) {
    const above = dirname(path);
    if (!isGone(error) || above === path) throw error;
    makeDirectory(above);
    makeOne(path);
  }
}

/** Another process may have made it in the meantime. */
function makeOne(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (attempt(() => statSync(path).isDirectory()) !== true) throw error;
  }
}
