import { attempt } from '../util/safely.ts';
import { type TapUser, tap, untap } from './logger-tap.ts';
import { heldBy, isTappable, rootOf, type TappableLogger } from './tappable-logger.ts';
import { hasEnded, type PipeTarget, whileReadByHand } from './workarounds.ts';

/** A stream that pipes into the transport, usually a winston logger. */
export interface Parent extends Partial<TappableLogger> {
  /** The transports that the logger pipes to. One that was added twice is listed twice. */
  readonly transports?: readonly unknown[];
  /** A boolean, or a function that decides for each exception. */
  readonly exitOnError?: unknown;
  pipe?(target: unknown): unknown;
}

/**
 * The loggers that a transport is added to. winston-transport itself remembers only the first (its `once('pipe')` and
 * `once('unpipe')`), so that a transport which was removed and added again, or added to two loggers, has no levels.
 */
export class Parents {
  readonly #user: TapUser;
  readonly #isKafka: (target: unknown) => boolean;
  /** Keyed by the root logger: a transport that was added to a child may be removed from the root, and the other way round. */
  readonly #parents = new Map<Parent, Parent>();
  #isRepiping = false;
  /** Whether a tap marks the records. Otherwise (the source is no logger) the flag is read when a record arrives. */
  areTapped = false;

  /** @param isKafka whether a target is a KafkaTransport, which accepts writes after its end */
  constructor(user: TapUser, isKafka: (target: unknown) => boolean) {
    this.#user = user;
    this.#isKafka = isKafka;
  }

  get count(): number {
    return this.#parents.size;
  }

  /** The logger that was added first. */
  get first(): Parent | undefined {
    for (const parent of this.#parents.values()) return parent;
    return undefined;
  }

  /** All loggers, in the order in which they were added. */
  get all(): Iterable<Parent> {
    return this.#parents.values();
  }

  /** Whether some of the loggers have ended, but not all. */
  get oneOfSeveralHasEnded(): boolean {
    const parents = [...this.#parents.values()];
    return parents.some(hasEnded) && !parents.every(hasEnded);
  }

  /** Whether one of the loggers always ends the process after an uncaught exception. */
  get anyExitsOnError(): boolean {
    return [...this.#parents.values()].some(({ exitOnError }) => exitOnError === true);
  }

  /** Whether a logger that has ended still has records to hand over. */
  get endedHoldRecords(): boolean {
    for (const parent of this.#parents.values()) {
      if (hasEnded(parent) && (parent.readableLength ?? 0) > 0) return true;
    }
    return false;
  }

  /** How many records the loggers hold back. */
  get held(): number {
    let held = 0;
    for (const parent of this.#parents.values()) held += heldBy(parent);
    return held;
  }

  /**
   * Makes the loggers hand the records that they hold back to all of their transports, even to one that pushes back.
   *
   * @param maxRecords of each logger
   */
  handOver(maxRecords: number): void {
    for (const parent of this.#parents.values()) this.#handOverOf(parent, maxRecords);
  }

  /** The same for the loggers that have ended. */
  handOverEnded(): void {
    for (const parent of this.#parents.values())
      if (hasEnded(parent)) this.#handOverOf(parent, Number.POSITIVE_INFINITY);
  }

  /** Called before the logger lets go of the transport, or of all its transports: has it hand over what was logged before. */
  handOverOf(logger: object): void {
    const parent = this.#parents.get(rootOf(logger));
    if (parent !== undefined && !this.mustRepipe(parent)) this.#handOverOf(parent, Number.POSITIVE_INFINITY);
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

  /** Computed here and not in a getter, because it is read for every record. */
  #updateTapped(): void {
    this.areTapped = [...this.#parents.values()].some(isTappable);
  }

  /** Runs `fn`. Loggers that have not ended are piped again if `fn` unpipes them. */
  repipeUnended(fn: () => void): void {
    this.#isRepiping = true;
    try {
      fn();
    } finally {
      this.#isRepiping = false;
    }
  }

  /** Whether a logger that has just been unpiped is to be piped again. */
  mustRepipe(parent: Parent): boolean {
    return this.#isRepiping && !hasEnded(parent);
  }
}

/** Reads a stream, which emits `data`: so its transports get the records. */
function readFrom(parent: Parent, maxRecords: number): void {
  if (!isTappable(parent)) return;
  // Reads only what is held now: a transport may log more because of a record that it gets.
  for (let left = Math.min(heldBy(parent), maxRecords); left > 0; left--) attempt(() => parent.read?.());
}

function isPipeTarget(target: unknown): target is PipeTarget {
  return typeof (target as PipeTarget | null | undefined)?.write === 'function';
}
