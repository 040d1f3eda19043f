import { isTappable, type TappableLogger, type TapUser, tap, untap } from '../recursion/logger-tap.ts';

/** A stream that pipes into the transport: a winston logger, as a rule. */
export interface Parent extends Partial<TappableLogger> {
  /** Of the stream below. readable-stream 3 has no `writableEnded`. */
  readonly _writableState?: { readonly ending?: boolean };
  readonly exitOnError?: unknown;
  pipe?(target: unknown): unknown;
}

/**
 * The loggers that a transport is added to. winston-transport's own books hold one, and forget about the others
 * (its `once('pipe')` and `once('unpipe')`), so that a transport that was removed and added again, or added to
 * two loggers, has no levels.
 */
export class Parents {
  readonly #user: TapUser;
  readonly #parents = new Set<Parent>();
  #keepsLiving = false;

  constructor(user: TapUser) {
    this.#user = user;
  }

  get count(): number {
    return this.#parents.size;
  }

  /** The one that has been there longest. */
  get first(): Parent | undefined {
    for (const parent of this.#parents) return parent;
    return undefined;
  }

  /** Whether a logger has ended, and another goes on. */
  get oneOfSeveralHasEnded(): boolean {
    const parents = [...this.#parents];
    return parents.some(hasEnded) && !parents.every(hasEnded);
  }

  /** Whether records come in marked. Otherwise (a stream that is no logger) the flag is read on arrival. */
  get areTapped(): boolean {
    return [...this.#parents].some(isTappable);
  }

  add(parent: Parent): void {
    this.#parents.add(parent);
    if (isTappable(parent)) tap(parent, this.#user);
  }

  remove(parent: Parent): void {
    this.#parents.delete(parent);
    if (isTappable(parent)) untap(parent, this.#user);
  }

  /** Runs `fn`, during which loggers that go on are not to be let go of. */
  keepLiving(fn: () => void): void {
    this.#keepsLiving = true;
    try {
      fn();
    } finally {
      this.#keepsLiving = false;
    }
  }

  /** Whether this parent, which has just let go, is to be tied again. */
  isKept(parent: Parent): boolean {
    return this.#keepsLiving && !hasEnded(parent);
  }
}

function hasEnded(parent: Parent): boolean {
  return parent._writableState?.ending === true;
}
