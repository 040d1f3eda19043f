import type { SendGate } from '../sender/sender-options.ts';
import { Candidate, MAX_ECHO_MS } from './candidate.ts';
import { HoldBudget } from './hold-budget.ts';
import { LargeSends } from './large-sends.ts';
import { Suppressions } from './suppressions.ts';

// How long a send is held at most, in all. Timers are late: with this it stays within a second.
const MAX_HOLD_MS = 950;
// How much of that may pass before the test begins, until echoes of what was sent before have come.
const MAX_SETTLING_MS = 500;

// The time is drawn from so many times the width of the forecast: 4 rounds are enough for a proof then.
const ODDS = 40;

// How much later than drawn a send may go out. In a process that was busy meanwhile, its own records may be late, too.
const LATE_MS = 10;

// A test that has no result after so many rounds is ended.
const MAX_ROUNDS = 24;

// How many records after each send are looked at while nothing is tested: one a millisecond at most.
const SAMPLES = 16;

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
  | { readonly at: 'idle' }
  /** There are candidates: the next send that is due will be held. */
  | { readonly at: 'waiting' }
  /** A send is held until the echoes of earlier sends have come. */
  | { readonly at: 'settling'; readonly since: number; readonly until: number }
  /** It is held for a random time, in which no record of a loop comes. */
  | { readonly at: 'held'; readonly since: number; readonly until: number }
  /** It may go out. */
  | { readonly at: 'releasing' };

const IDLE: Phase = { at: 'idle' };
const WAITING: Phase = { at: 'waiting' };
const RELEASING: Phase = { at: 'releasing' };

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
 * while ({@link Suppressions}).
 */
export class LoopDetector implements SendGate {
  readonly #options: LoopDetectorOptions;
  readonly #suppressions = new Suppressions();
  /** By kind, the one that has not been seen for longest first. */
  readonly #candidates = new Map<string, Candidate>();
  #phase: Phase = IDLE;
  #rounds = 0;
  readonly #holdBudget = new HoldBudget();
  readonly #largeSends = new LargeSends();
  #sends = 0;
  #lastSendAt = Number.NEGATIVE_INFINITY;
  /** Whether every record is of interest. */
  #looksAtAll = false;
  #samples = 0;
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
    if (this.#looksAtAll) return true;
    if (this.#samples === 0 || time === this.#sampledAt) return false;
    this.#sampledAt = time;
    this.#samples--;
    return true;
  }

  /** A record of this kind has come. @returns whether it is to be kept from Kafka */
  onArrival(kind: string): boolean {
    const now = this.#options.now();
    if (this.#suppressions.suppresses(kind, now)) return true;
    const delay = now - this.#lastSendAt;
    if (this.#phase.at === 'waiting' && delay > this.#longestGapMs) this.#endTest();
    if (delay > MAX_ECHO_MS) return false;
    const candidate = this.#addCandidate(kind);
    if (candidate.isIgnored(now)) return false;
    const arrival = { now, sends: this.#sends, delay, isHeld: this.#phase.at === 'held' };
    if (this.#phase.at === 'idle') {
      const isOnProbation = this.#suppressions.isOnProbation(kind, now);
      const isSuspicious = candidate.onUntestedArrival(arrival, this.#longestGapMs, isOnProbation);
      if (isSuspicious && (isOnProbation || this.#holdBudget.allowsTest(now))) this.#beginTest();
      return false;
    }
    candidate.onArrival(arrival);
    if (arrival.isHeld) this.#endLostRound(now);
    if (!candidate.isProven) return false;
    this.#suppress(candidate, now);
    return true;
  }

  /**
   * Asked whenever a batch is due (SendGate). It moves a test on, by as many phases as their time has come for: waiting, settling,
   * held, releasing. `onArrival` counts against the candidates what comes while a send is held; `onSend` begins the next round.
   */
  pauseUntil(now: number, mayPause: boolean): number {
    if (this.#phase.at === 'idle' || this.#phase.at === 'releasing') return 0;
    if (!mayPause) {
      this.#callOff();
      return 0;
    }
    if (this.#phase.at === 'waiting') {
      const tried = this.#reviewTest(now);
      if (tried.length === 0) return 0;
      const settled = Math.max(...tried.map(({ echoesWithinMs }) => this.#lastSendAt + echoesWithinMs));
      this.#phase = { at: 'settling', since: now, until: Math.min(settled, now + MAX_SETTLING_MS) };
    }
    if (this.#phase.at === 'settling') {
      if (now < this.#phase.until) return this.#phase.until;
      const { since } = this.#phase;
      this.#phase = { at: 'held', since, until: now + this.#draw(now, now - since) };
    }
    if (now < this.#phase.until) return this.#phase.until;
    this.#holdBudget.spend(now - this.#phase.since, now);
    if (now > this.#phase.until + LATE_MS) this.#callOff();
    this.#phase = RELEASING;
    return 0;
  }

  onSend(now: number, isForced: boolean, records: number): void {
    this.#largeSends.onSend(now, records);
    if (this.#phase.at === 'releasing') {
      this.#phase = WAITING;
      for (const candidate of this.#candidates.values()) candidate.release(now);
    }
    this.#sends++;
    this.#lastSendAt = now;
    // An application that flushes may log when that is done: that is no echo.
    this.#samples = isForced || this.#largeSends.areNew(now) ? 0 : SAMPLES;
    this.#suppressions.forgetExpired(now);
    this.#updateLooksAtAll();
  }

  /** All candidates that have bet have lost: the send need not be held any longer. */
  #endLostRound(now: number): void {
    if (this.#phase.at !== 'held') return;
    for (const candidate of this.#candidates.values()) if (candidate.isAbsent) return;
    this.#phase = { ...this.#phase, until: now };
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
    this.#updateLooksAtAll();
  }

  #endTest(): void {
    this.#phase = IDLE;
    for (const candidate of this.#candidates.values()) candidate.forget();
    this.#updateLooksAtAll();
  }

  #callOff(): void {
    this.#phase = WAITING;
    for (const candidate of this.#candidates.values()) candidate.callOff();
  }

  /** Drops candidates that are no loops. @returns those that are left */
  #reviewTest(now: number): Candidate[] {
    const { random } = this.#options;
    const isOver = ++this.#rounds > MAX_ROUNDS;
    const isOverspent = this.#holdBudget.isOverspent(now);
    const tried: Candidate[] = [];
    for (const candidate of this.#candidates.values()) {
      const isDropped =
        candidate.isTested &&
        (isOver || candidate.backsOff(random) || (isOverspent && candidate.evidence <= 0));
      if (candidate.isRuledOut || isDropped) candidate.ignore(now, random);
      else if (candidate.isTested) tried.push(candidate);
    }
    if (tried.length === 0) this.#endTest();
    return tried;
  }

  /** How long the send is held from now on. All candidates bet before that is drawn. @param heldMs how long the send has been held */
  #draw(now: number, heldMs: number): number {
    let leader: Candidate | undefined;
    for (const candidate of this.#candidates.values()) {
      if (!candidate.isTested) continue;
      const lead = leader === undefined ? 1 : candidate.evidence - leader.evidence;
      if (lead > 0 || (lead === 0 && candidate.width < (leader?.width ?? 0))) leader = candidate;
    }
    const spanMs = Math.min(ODDS * (leader?.width ?? 0), MAX_HOLD_MS - heldMs);
    for (const candidate of this.#candidates.values()) candidate.bet(now, spanMs);
    return this.#options.random() * spanMs;
  }

  #suppress(candidate: Candidate, now: number): void {
    const { kind, delayMs } = candidate;
    const suppressedForMs = this.#suppressions.suppress(kind, now);
    this.#candidates.delete(kind);
    this.#updateLooksAtAll();
    this.#options.onLoop({ kind, delayMs, suppressedForMs });
  }

  #updateLooksAtAll(): void {
    this.#looksAtAll = this.#phase.at !== 'idle' || !this.#suppressions.isEmpty;
  }
}
