import type { CallSite } from '../loop-safety/call-site/call-site.ts';
import { fingerprintOf, labelOf, shapeOf } from '../record/fingerprint.ts';
import { hasTooManyHops } from '../record/headers/hops.ts';
import type { PendingRecord } from '../record/record.ts';
import type { SendGate } from '../sender/sender-options.ts';
import type { Clock } from '../time/clock.ts';
import { BoundedMap } from '../util/bounded-map.ts';
import type { Info } from '../util/info.ts';
import { type FoundLoop, LoopDetector } from './loop-detector.ts';

/** A loop that was found. */
export interface Loop {
  /** By holding flushes, or by the header that counts hops. */
  readonly by: 'silence' | 'hops';
  /** The kind of its records, as {@link fingerprintOf} describes it. */
  readonly fingerprint: string;
  readonly level: string;
  /** What their messages have in common. */
  readonly shape: string;
  /** Where they are logged: `file:line:column`, or what the application calls that part of itself. */
  readonly callSite: string | undefined;
  /** Milliseconds from a send to the first record that came of it. */
  readonly delayMs: number;
  /** For how many milliseconds its records are kept from Kafka now. */
  readonly suppressedForMs: number;
}

export interface LoopDetectionOptions {
  readonly loopDetection: boolean;
  readonly loopHeader: boolean;
  readonly batch: { readonly lingerMs: number };
  readonly retry: { readonly maxAgeMs: number | undefined };
}

// How many kinds that were stopped because of their hops are remembered: varying texts make any number of kinds.
const MAX_STOPPED = 1_000;

// With a shorter `retry.maxAgeMs` the detector is off: records that it holds for up to a second could expire.
const MIN_AGE_MS = 5_000;

/** Finds records of loops that the guard cannot see: with the loop detector, or by the header that counts hops. */
export class LoopDetection {
  readonly #detector: LoopDetector | undefined;
  readonly #countsHops: boolean;
  readonly #onLoop: (loop: Loop) => void;
  /** Kinds of records that were stopped because of their hops. */
  readonly #stopped = new BoundedMap<string, true>(MAX_STOPPED);
  /** The loop that the present record has just proven. */
  #proven: FoundLoop | undefined;
  /** Loops found so far. */
  found = 0;

  constructor(options: LoopDetectionOptions, clock: Clock, onLoop: (loop: Loop) => void) {
    this.#countsHops = options.loopHeader;
    this.#onLoop = onLoop;
    const { maxAgeMs = Number.POSITIVE_INFINITY } = options.retry;
    if (!options.loopDetection || maxAgeMs < MIN_AGE_MS) return;
    this.#detector = new LoopDetector({
      lingerMs: options.batch.lingerMs,
      now: clock.monotonic,
      random: Math.random,
      onLoop: (loop) => {
        this.#proven = loop;
      },
    });
  }

  /** What may hold a flush. */
  get gate(): SendGate | undefined {
    return this.#detector;
  }

  /** @returns whether the record is in a loop, and must not go to Kafka */
  detects(record: PendingRecord, info: Info, origin: CallSite | undefined): boolean {
    const { level, text } = record;
    if (this.#countsHops && hasTooManyHops(info)) {
      const kind = fingerprintOf(info, level, text, origin);
      if (!this.#stopped.has(kind)) {
        this.#stopped.set(kind, true);
        this.#tell(
          'hops',
          { kind, delayMs: 0, suppressedForMs: Number.POSITIVE_INFINITY },
          record,
          info,
          origin,
        );
      }
      return true;
    }
    const detector = this.#detector;
    if (detector === undefined || !detector.wants(record.time)) return false;
    const isCaught = detector.onArrival(fingerprintOf(info, level, text, origin));
    const proven = this.#proven;
    this.#proven = undefined;
    if (proven !== undefined) this.#tell('silence', proven, record, info, origin);
    return isCaught;
  }

  #tell(
    by: Loop['by'],
    { kind: fingerprint, delayMs, suppressedForMs }: FoundLoop,
    { level, text }: PendingRecord,
    info: Info,
    origin: CallSite | undefined,
  ): void {
    this.found++;
    const shape = shapeOf(typeof info.message === 'string' ? info.message : text);
    const callSite = origin === undefined ? labelOf(info) : `${origin.file}:${origin.line}:${origin.column}`;
    this.#onLoop({ by, fingerprint, level, shape, callSite, delayMs, suppressedForMs });
  }
}

export function evidenceOf(loop: Loop): string {
  return loop.by === 'hops'
    ? 'records have been through Kafka again and again, as their header says'
    : `records come back about ${Math.max(1, Math.round(loop.delayMs))} ms after each send, and only then`;
}

export function remedyForLoop(loop: Loop): string {
  const what =
    'Look for what logs because a record was sent: a consumer of the topic, an agent that reads the log, a queue, a Kafka client that logs to this logger. Give it a logger or a topic of its own, or a filter.';
  return loop.by === 'hops'
    ? what
    : `${what} The loop's records are let through again in ${Math.round(loop.suppressedForMs / 1_000)} s; if this is no loop, set loopDetection: false.`;
}
