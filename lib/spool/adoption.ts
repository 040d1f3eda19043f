import type { Clock, Timer } from '../time/clock.ts';
import { attempt } from '../util/safely.ts';
import { type Directories, removeLeftovers, segmentsIn } from './directories.ts';
import { isGone } from './is-gone.ts';
import type { Segment } from './segments/segment.ts';
import { byName, latestStartOf, type Segments } from './segments/segments.ts';
import type { SpoolEvents } from './spool-options.ts';

// How often it is looked whether other processes have left something behind.
const LOOK_AROUND_MS = 30_000;

interface AdoptionOptions {
  clock: Clock;
  events: SpoolEvents;
  /** What is found is added to these. */
  segments: Segments;
}

/** Takes over what processes that are gone have left on disk: looks for it at once, and every half minute. */
export class Adoption {
  readonly #options: AdoptionOptions;
  /** Those of the owner; nothing while it is closed. */
  #directories: Directories | undefined;
  #timer: Timer | undefined;
  #scan: Promise<void> | undefined;
  /** What could not be read (too many files were open, say), to be tried again at the next look. */
  #unreadDirectories: string[] = [];
  #unreadSegments: Segment[] = [];
  /** By the names of the segments that were found, when the latest of their owners began; 0 where there were none. */
  latestStart = 0;

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  /** Resolves when all that was found has been counted; nothing if it has been. */
  get scan(): Promise<void> | undefined {
    return this.#scan;
  }

  begin(directories: Directories): void {
    this.#directories = directories;
    this.#lookAround(directories);
  }

  end(): void {
    this.#options.clock.cancel(this.#timer);
    this.#directories = undefined;
    this.#scan = undefined;
    this.#unreadDirectories = [];
    this.#unreadSegments = [];
  }

  #lookAround(directories: Directories): void {
    const { clock, events } = this.#options;
    this.#timer = clock.after(LOOK_AROUND_MS, () => this.#lookAround(directories));
    const taken = directories.lookAround(clock.systemTime(), (error) => events.onError(error));
    const found = [...this.#unreadDirectories.splice(0), ...taken];
    const left = [...this.#unreadSegments.splice(0), ...found.flatMap((path) => this.#segmentsIn(path))];
    this.latestStart = Math.max(this.latestStart, latestStartOf(left));
    if (found.length === 0 && left.length === 0) return;
    const scan = this.#scanAll(found, left.sort(byName), directories, this.#scan);
    this.#scan = scan;
    void scan.then(() => {
      // Another one waits behind it, or it is all somebody else's.
      if (this.#scan !== scan) return;
      this.#scan = undefined;
      events.onWork();
    });
  }

  async #scanAll(
    found: readonly string[],
    left: readonly Segment[],
    owned: Directories,
    before: Promise<void> | undefined,
  ): Promise<void> {
    const { clock, events } = this.#options;
    // Closed in the meantime: it is all somebody else's.
    const isOver = (): boolean => this.#directories !== owned;
    await before;
    if (isOver()) return;
    for (const segment of left) {
      // One a turn: the application goes on in between.
      await new Promise<void>((resolve) => clock.soon(resolve));
      if (isOver()) return;
      const damages = this.#read(
        () => segment.adopt(),
        () => this.#unreadSegments.push(segment),
      );
      if (damages === undefined) continue;
      if (damages > 0) events.onDamaged(damages);
      segment.numberFrom(events.onAdopted(segment.waiting, segment.records));
      if (segment.unsettled === 0) this.#attempt(() => segment.remove());
      else this.#options.segments.add(segment);
    }
    for (const directory of found) removeLeftovers(directory);
  }

  #segmentsIn(directory: string): Segment[] {
    const segments = this.#read(
      () => segmentsIn(directory),
      () => this.#unreadDirectories.push(directory),
    );
    return segments ?? [];
  }

  /** @param keep has it tried again: it could not be read, but is there */
  #read<Value>(fn: () => Value, keep: () => void): Value | undefined {
    return attempt(fn, (error) => {
      if (!isGone(error)) keep();
      this.#options.events.onError(error);
    });
  }

  #attempt<Value>(fn: () => Value): Value | undefined {
    return attempt(fn, (error) => this.#options.events.onError(error));
  }
}
