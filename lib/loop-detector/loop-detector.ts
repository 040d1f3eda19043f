import type { FlushGate } from '../sender/sender-options.ts';
import { Candidate, MAX_ECHO_MS } from './candidate.ts';
import { Quarantine } from './quarantine.ts';

// How long a send is held at most, in all. Timers are late: with this it stays within a second.
const MAX_HOLD_MS = 950;
// How much of that may pass before the silence begins, until echoes of what was sent before have come.
const MAX_SETTLING_MS = 500;

// The silence is drawn from so many times the width of the forecast: 4 rounds are enough for a proof then.
const ODDS = 40;

// How much later than drawn a send may go out. In a process that was busy meanwhile, its own records may be late, too.
const LATE_MS = 10;

// A test that has no result after so many rounds is ended.
const MAX_ROUNDS = 24;

// Sends may be held for so long in all before tests have to wait, and for this part of the time in the long run: traffic that
// looks like a loop again and again, and is none, must not be slowed down for good.
const MAX_CREDIT_MS = 15_000;
const MIN_CREDIT_MS = 1_000;
const CREDIT_PER_MS = 0.02;

// How many records after each send are looked at while nothing is tested: one a millisecond at most.
const SAMPLES = 16;

// Traffic of so many records a send is most likely no loop (which would have been found while it was small), and holding it
// costs most: it is only tested once it has gone on for this long.
const DENSE_RECORDS = 64;
const DENSE_PATIENCE_MS = 30_000;

// Of how many kinds of records something is remembered.
const MAX_KINDS = 500;

/** A loop that was found. */
export interface FoundLoop {
  /** Which records it consists of, as {@link fingerprintOf} says it. */
  readonly kind: string;
  /** Milliseconds from a send to the first record that came of it. */
  readonly delayMs: number;
  /** For how many milliseconds its records are kept from Kafka now. */
  readonly suppressedForMs: number;
}

type Phase =
  | { readonly at: 'calm' }
  /** There are candidates: the next send that is due will be held. */
  | { readonly at: 'waiting' }
  /** A send is held until the echoes of earlier sends have come. */
  | { readonly at: 'settling'; readonly since: number; readonly until: number }
  /** It is held for a random time: a loop is silent. */
  | { readonly at: 'silence'; readonly since: number; readonly until: number }
  /** It may go out. */
  | { readonly at: 'release' };

const CALM: Phase = { at: 'calm' };
const WAITING: Phase = { at: 'waiting' };
const RELEASE: Phase = { at: 'release' };

export interface LoopDetectorOptions {
  /** How long a batch waits to be filled, in milliseconds. */
  readonly lingerMs: number;
  /** Monotonic milliseconds. */
  now(): number;
  random(): number;
  onLoop(loop: FoundLoop): void;
}

/**
 * Finds loops that no flag can see: records that come back through another process, a queue, a file. A kind of record that
 * comes after the sends, again and again, becomes a candidate ({@link Candidate}). Candidates are tested: sends are held for
 * random times, and only echoes stop and start with them. Records of a kind that is proven to loop are kept from Kafka for a
 * while ({@link Quarantine}).
 */
export class LoopDetector implements FlushGate {
  readonly #options: LoopDetectorOptions;
  readonly #quarantine = new Quarantine();
  /** By kind, the one that has not been seen for longest first. */
  readonly #candidates = new Map<string, Candidate>();
  #phase: Phase = CALM;
  #rounds = 0;
  /** For how long sends may be held, and when that was last computed. */
  #creditMs = MAX_CREDIT_MS;
  #creditedAt = 0;
  #sends = 0;
  #lastSendAt = Number.NEGATIVE_INFINITY;
  /** Whether every record is of interest. */
  #isAttentive = false;
  #samples = 0;
  /** Since when sends have been large. */
  #denseSince: number | undefined;
  /** Whether the last one was. */
  #wasDense = false;
  #sampledAt = 0;

  constructor(options: LoopDetectorOptions) {
    this.#options = options;
  }

  /**
   * Whether the next record has to be looked at: all of them during a test, and else a few after each send.
   *
   * @param time the record's, in whole milliseconds
   */
  wants(time: number): boolean {
    if (this.#isAttentive) return true;
    if (this.#samples === 0 || time === this.#sampledAt) return false;
    this.#sampledAt = time;
    this.#samples--;
    return true;
  }

  /** A record of this kind has come. @returns whether it is to be kept from Kafka */
  takes(kind: string): boolean {
    const now = this.#options.now();
    if (this.#quarantine.suppresses(kind, now)) return true;
    const delay = now - this.#lastSendAt;
    if (this.#phase.at === 'waiting' && delay > this.#longestGapMs) this.#endTest();
    if (delay > MAX_ECHO_MS) return false;
    const candidate = this.#addCandidate(kind);
    if (candidate.isIgnored(now)) return false;
    const arrival = { now, sends: this.#sends, delay, isSilence: this.#phase.at === 'silence' };
    if (this.#phase.at === 'calm') {
      const isOnProbation = this.#quarantine.isOnProbation(kind, now);
      const isSuspicious = candidate.sight(arrival, this.#longestGapMs, isOnProbation);
      if (isSuspicious && (isOnProbation || this.#credit(now) >= MIN_CREDIT_MS)) this.#beginTest();
      return false;
    }
    candidate.onArrival(arrival);
    if (arrival.isSilence) this.#endLostSilence(now);
    if (!candidate.isProven) return false;
    this.#suppress(candidate, now);
    return true;
  }

  hold(now: number, mayHold: boolean): number {
    if (this.#phase.at === 'calm' || this.#phase.at === 'release') return 0;
    if (!mayHold) {
      this.#callOff();
      return 0;
    }
    if (this.#phase.at === 'waiting') {
      const tried = this.#reviewTest(now);
      if (tried.length === 0) return 0;
      const settled = Math.max(...tried.map(({ settlesWithin }) => this.#lastSendAt + settlesWithin));
      this.#phase = { at: 'settling', since: now, until: Math.min(settled, now + MAX_SETTLING_MS) };
    }
    if (this.#phase.at === 'settling') {
      if (now < this.#phase.until) return this.#phase.until;
      const { since } = this.#phase;
      this.#phase = { at: 'silence', since, until: now + this.#draw(now, now - since) };
    }
    if (now < this.#phase.until) return this.#phase.until;
    this.#creditMs = this.#credit(now) - (now - this.#phase.since);
    if (now > this.#phase.until + LATE_MS) this.#callOff();
    this.#phase = RELEASE;
    return 0;
  }

  onSend(now: number, isForced: boolean, records: number): void {
    this.#recordDensity(now, records);
    if (this.#phase.at === 'release') {
      this.#phase = WAITING;
      for (const candidate of this.#candidates.values()) candidate.release(now);
    }
    this.#sends++;
    this.#lastSendAt = now;
    // An application that flushes may log when that is done: that is no echo.
    this.#samples = isForced || this.#isNewlyDense(now) ? 0 : SAMPLES;
    if (this.#quarantine.isEmpty) return;
    this.#quarantine.tidy(now);
    this.#attend();
  }

  /** All candidates that have bet have lost: the silence need not go on. */
  #endLostSilence(now: number): void {
    if (this.#phase.at !== 'silence') return;
    for (const candidate of this.#candidates.values()) if (candidate.isSilent) return;
    this.#phase = { ...this.#phase, until: now };
  }

  #recordDensity(now: number, records: number): void {
    const isDense = records >= DENSE_RECORDS;
    if (isDense) this.#denseSince ??= now;
    // One smaller send in between changes nothing: the partitions of a client that was handed in are found out with one record.
    else if (!this.#wasDense) this.#denseSince = undefined;
    this.#wasDense = isDense;
  }

  #isNewlyDense(now: number): boolean {
    return this.#denseSince !== undefined && now - this.#denseSince < DENSE_PATIENCE_MS;
  }

  get #longestGapMs(): number {
    return MAX_ECHO_MS + this.#options.lingerMs;
  }

  #addCandidate(kind: string): Candidate {
    const candidate = this.#candidates.get(kind) ?? new Candidate(kind);
    // To the end, because the one that has not been seen for longest is forgotten first.
    this.#candidates.delete(kind);
    this.#candidates.set(kind, candidate);
    if (this.#candidates.size > MAX_KINDS) {
      for (const oldest of this.#candidates.keys()) {
        this.#candidates.delete(oldest);
        break;
      }
    }
    return candidate;
  }

  #beginTest(): void {
    this.#phase = WAITING;
    this.#rounds = 0;
    this.#attend();
  }

  #endTest(): void {
    this.#phase = CALM;
    for (const candidate of this.#candidates.values()) candidate.forget();
    this.#attend();
  }

  #credit(now: number): number {
    const earned = (now - this.#creditedAt) * CREDIT_PER_MS;
    this.#creditedAt = now;
    this.#creditMs = Math.min(MAX_CREDIT_MS, this.#creditMs + earned);
    return this.#creditMs;
  }

  #callOff(): void {
    this.#phase = WAITING;
    for (const candidate of this.#candidates.values()) candidate.callOff();
  }

  /** Drops candidates that are no loops. @returns those that are left */
  #reviewTest(now: number): Candidate[] {
    const { random } = this.#options;
    const isOver = ++this.#rounds > MAX_ROUNDS;
    const isOverspent = this.#credit(now) < 0;
    const tried: Candidate[] = [];
    for (const candidate of this.#candidates.values()) {
      const isDropped =
        candidate.isTried && (isOver || candidate.yields(random) || (isOverspent && candidate.evidence <= 0));
      if (candidate.isHopeless || isDropped) candidate.ignore(now, random);
      else if (candidate.isTried) tried.push(candidate);
    }
    if (tried.length === 0) this.#endTest();
    return tried;
  }

  /** How long the silence lasts. All candidates bet before that is drawn. @param heldMs how long the send has been held */
  #draw(now: number, heldMs: number): number {
    let leader: Candidate | undefined;
    for (const candidate of this.#candidates.values()) {
      if (!candidate.isTried) continue;
      const lead = leader === undefined ? 1 : candidate.evidence - leader.evidence;
      if (lead > 0 || (lead === 0 && candidate.width < (leader?.width ?? 0))) leader = candidate;
    }
    const spanMs = Math.min(ODDS * (leader?.width ?? 0), MAX_HOLD_MS - heldMs);
    for (const candidate of this.#candidates.values()) candidate.bet(now, spanMs);
    return this.#options.random() * spanMs;
  }

  #suppress(candidate: Candidate, now: number): void {
    const { kind, delayMs } = candidate;
    const suppressedForMs = this.#quarantine.suppress(kind, now);
    this.#candidates.delete(kind);
    this.#attend();
    this.#options.onLoop({ kind, delayMs, suppressedForMs });
  }

  #attend(): void {
    this.#isAttentive = this.#phase.at !== 'calm' || !this.#quarantine.isEmpty;
  }
}
