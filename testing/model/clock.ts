// Time of the model: it passes only when it is told to, and ends for a process that has crashed.
import type { Clock, Timer } from '../../lib/time/clock.ts';
import { running } from './disk.ts';

interface Due {
  readonly at: number;
  readonly fn: () => void;
  readonly owner: ProcessClock;
}

// More turns than this without time passing, or timers within one step, are a loop.
const MAX_TURNS = 20_000;

/** The time of all processes of a model. */
export class ModelClock {
  now = 0;
  wallOffset = 1_700_000_000_000;
  readonly #timers = new Map<object, Due>();
  readonly #soon: { readonly fn: () => void; readonly owner: ProcessClock }[] = [];
  #asked = 0;

  after(owner: ProcessClock, ms: number, fn: () => void): Timer {
    this.#asked++;
    const timer = {};
    this.#timers.set(timer, { at: this.now + ms, fn, owner });
    return timer;
  }

  cancel(timer: Timer | undefined): void {
    if (timer !== undefined) this.#timers.delete(timer);
  }

  soon(owner: ProcessClock, fn: () => void): void {
    this.#asked++;
    this.#soon.push({ fn, owner });
  }

  /** Lets promises and what is to run soon have their turns, until nobody asks for anything more. */
  async settle(): Promise<void> {
    for (let turns = 0; ; turns++) {
      if (turns > MAX_TURNS) throw new Error('something asks for another turn again and again');
      const before = this.#asked;
      const due = this.#soon.splice(0);
      for (const { fn, owner } of due) owner.run(fn);
      await new Promise((resolve) => setImmediate(resolve));
      if (due.length === 0 && this.#asked === before) return;
    }
  }

  /** Lets so many milliseconds pass, one timer after the other. @param isOver ends it before */
  async pass(ms: number, isOver: () => boolean = () => false): Promise<void> {
    const until = this.now + ms;
    await this.settle();
    for (let fired = 0; !isOver(); fired++) {
      if (fired > MAX_TURNS) throw new Error('timers fire again and again');
      const next = this.#next();
      if (next === undefined || next[1].at > until) break;
      this.#timers.delete(next[0]);
      this.now = Math.max(this.now, next[1].at);
      next[1].owner.run(next[1].fn);
      await this.settle();
    }
    if (!isOver()) this.now = Math.max(this.now, until);
  }

  #next(): [object, Due] | undefined {
    let next: [object, Due] | undefined;
    for (const entry of this.#timers) if (next === undefined || entry[1].at < next[1].at) next = entry;
    return next;
  }
}

/** The same for one process. */
export class ProcessClock implements Clock {
  readonly #clock: ModelClock;
  /** Nothing happens in it any more. */
  hasEnded = false;

  readonly #name: string;

  constructor(clock: ModelClock, name: string) {
    this.#clock = clock;
    this.#name = name;
  }

  /** Does something in the process. */
  run<Result>(fn: () => Result): Result | undefined {
    return this.hasEnded ? undefined : running.run(this.#name, fn);
  }

  readonly monotonic = (): number => this.#clock.now;
  readonly wall = (): number => this.#clock.now + this.#clock.wallOffset;
  readonly systemTime = this.wall;

  after(ms: number, fn: () => void): Timer {
    return this.#clock.after(this, ms, fn);
  }

  cancel(timer: Timer | undefined): void {
    this.#clock.cancel(timer);
  }

  soon(fn: () => void): void {
    this.#clock.soon(this, fn);
  }
}
