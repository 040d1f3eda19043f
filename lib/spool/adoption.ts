import type { Clock, Timer } from '../util/clock.ts';
import { attempt } from '../util/safely.ts';
import { type Directories, removeIfEmpty, segmentsIn } from './directories.ts';
import { byName, type Segments } from './segments.ts';
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
  }

  #lookAround(directories: Directories): void {
    const { clock, events } = this.#options;
    this.#timer = clock.after(LOOK_AROUND_MS, () => this.#lookAround(directories));
    const found = directories.lookAround(clock.systemTime(), (error) => events.onError(error));
    if (found.length === 0) return;
    const scan = this.#scanAll(found, directories, this.#scan);
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
    owned: Directories,
    before: Promise<void> | undefined,
  ): Promise<void> {
    const { clock, events } = this.#options;
    // Closed in the meantime: it is all somebody else's.
    const isOver = (): boolean => this.#directories !== owned;
    await before;
    if (isOver()) return;
    const left = found.flatMap((directory) => this.#attempt(() => segmentsIn(directory)) ?? []).sort(byName);
    for (const segment of left) {
      // One a turn: the application goes on in between.
      await new Promise<void>((resolve) => clock.soon(resolve));
      if (isOver()) return;
      const damages = this.#attempt(() => segment.adopt());
      if (damages === undefined) continue;
      if (damages > 0) events.onDamaged(damages);
      segment.seqBase = events.onAdopted(segment.waiting, segment.records);
      if (segment.unsettled === 0) this.#attempt(() => segment.remove());
      else this.#options.segments.add(segment);
    }
    for (const directory of found) removeIfEmpty(directory);
  }

  #attempt<Value>(fn: () => Value): Value | undefined {
    return attempt(fn, (error) => this.#options.events.onError(error));
  }
}
