import { attempt } from '../util/safely.ts';
import { type TapUser, tap, untap } from './logger-tap.ts';
import { heldBy, isTappable, rootOf, type TappableLogger } from './tappable-logger.ts';
import { hasEnded, type PipeTarget, whileReadByHand } from './workarounds.ts';

/** A stream that pipes into the transport: a winston logger, as a rule. */
export interface Parent extends Partial<TappableLogger> {
  /** What a logger pipes to: one that was added twice is in it twice. */
  readonly transports?: readonly unknown[];
  /** A function says it of each exception. */
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
  readonly #isKafka: (target: unknown) => boolean;
  /** By the logger itself: added to a child of it, the transport may be removed from the logger, or the other way round. */
  readonly #parents = new Map<Parent, Parent>();
  #keepsLiving = false;
  /** Whether records come in marked. Otherwise (a stream that is no logger) the flag is read on arrival. */
  areTapped = false;

  /** @param isKafka whether what a logger pipes to is such a transport: that takes records after its end, too */
  constructor(user: TapUser, isKafka: (target: unknown) => boolean) {
    this.#user = user;
    this.#isKafka = isKafka;
  }

  get count(): number {
    return this.#parents.size;
  }

  /** The one that has been there longest. */
  get first(): Parent | undefined {
    for (const parent of this.#parents.values()) return parent;
    return undefined;
  }

  /** All of them, the one that has been there longest first. */
  get all(): Iterable<Parent> {
    return this.#parents.values();
  }

  /** Whether a logger has ended, and another goes on. */
  get oneOfSeveralHasEnded(): boolean {
    const parents = [...this.#parents.values()];
    return parents.some(hasEnded) && !parents.every(hasEnded);
  }

  /** Whether one of them certainly ends the process after an uncaught exception. */
  get endTheProcess(): boolean {
    return [...this.#parents.values()].some(({ exitOnError }) => exitOnError === true);
  }

  /** Whether a logger that has ended still has records to hand over. */
  get haveLastRecords(): boolean {
    for (const parent of this.#parents.values()) {
      if (hasEnded(parent) && (parent.readableLength ?? 0) > 0) return true;
    }
    return false;
  }

  /** How many records they have taken, and not handed on. */
  get held(): number {
    let held = 0;
    for (const parent of this.#parents.values()) held += heldBy(parent);
    return held;
  }

  /**
   * Has the loggers hand over what they hold back, to all of their transports, whether one of them pushes back or not.
   *
   * @param maxRecords of each logger
   */
  handOver(maxRecords: number): void {
    for (const parent of this.#parents.values()) this.#handOverOf(parent, maxRecords);
  }

  /** The same of loggers that have ended. */
  handOverEnded(): void {
    for (const parent of this.#parents.values())
      if (hasEnded(parent)) this.#handOverOf(parent, Number.POSITIVE_INFINITY);
  }

  /** The logger is about to let go of the transport, or of all: has it hand over what was logged before. */
  handOverOf(logger: object): void {
    const parent = this.#parents.get(rootOf(logger));
    if (parent !== undefined && !this.isKept(parent)) this.#handOverOf(parent, Number.POSITIVE_INFINITY);
  }

  #handOverOf(parent: Parent, maxRecords: number): void {
    const others = (parent.transports ?? []).filter(
      (target): target is PipeTarget => isPipeTarget(target) && !this.#isKafka(target),
    );
    whileReadByHand(others, () => readFrom(parent, maxRecords));
  }

  has(parent: Parent): boolean {
    return this.#parents.has(rootOf(parent));
  }

  add(parent: Parent): void {
    this.#parents.set(rootOf(parent), parent);
    if (isTappable(parent)) tap(parent, this.#user);
    this.#updateTapped();
  }

  remove(parent: Parent): void {
    this.#parents.delete(rootOf(parent));
    if (isTappable(parent)) untap(parent, this.#user);
    this.#updateTapped();
  }

  /** Asked for every record: so it is found out here. */
  #updateTapped(): void {
    this.areTapped = [...this.#parents.values()].some(isTappable);
  }

  /** Runs `fn`, during which loggers that go on are not to be unpiped. */
  keepLiving(fn: () => void): void {
    this.#keepsLiving = true;
    try {
      fn();
    } finally {
      this.#keepsLiving = false;
    }
  }

  /** Whether this parent, which has just been unpiped, is to be piped again. */
  isKept(parent: Parent): boolean {
    return this.#keepsLiving && !hasEnded(parent);
  }
}

/** Reading a stream emits `data`, with which its transports get the record. */
function readFrom(parent: Parent, maxRecords: number): void {
  if (!isTappable(parent)) return;
  // No more than it has now: a transport may log because of what it gets.
  for (let left = Math.min(heldBy(parent), maxRecords); left > 0; left--) attempt(() => parent.read?.());
}

function isPipeTarget(target: unknown): target is PipeTarget {
  return typeof (target as PipeTarget | null | undefined)?.write === 'function';
}
