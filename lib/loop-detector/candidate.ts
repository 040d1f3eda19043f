import { EchoDelays, type Forecast } from './echo-delays.ts';

// An echo is a record that is logged because of a send. One that comes later than this after the send is not looked at.
export const MAX_ECHO_MS = 2_000;

// A kind of record is tested when it has followed so many sends in a row. Three are enough when it comes after the same delay
// each time.
const SIGHTINGS = 12;

// For a kind that was proven to be a loop, and whose suppression has ended lately.
const RELAPSE_SIGHTINGS = 2;
const RELAPSE_EVIDENCE = 4;

// Tolerance: an arrival up to this much later than the latest echo so far is an echo too, not one without a send before it.
const SETTLING_MS = 30;

// Which part of the evidence is set on the next bet. Not all, so that one lost round does not undo the others.
const BET_PART = 0.9;
const LOSS = Math.log10(1 - BET_PART);
// A bet at lower odds is not made.
const MIN_ODDS = 3;

/** Suppressed at odds of 100,000 to 1. Dropped after three lost rounds, or after two unprompted arrivals. */
const PROVEN = 5;
const RULED_OUT = -2.5;
const MAX_UNPROMPTED_ARRIVALS = 2;

// How long a dropped candidate is ignored. A kind of record that has come while nothing was sent is most likely no loop. One
// that has not, but came at another moment than forecast, may be a loop in which another service holds sends too: each
// ignores it for a random time, so that one of them tests first.
const FIRST_IGNORE_MS = 30_000;
const FIRST_PAUSE_MS = 2_000;
// Or for so many of its own delays: a slow loop does little harm meanwhile, and each test of a slow pattern holds sends longer.
const FIRST_PAUSE_ROUNDS = 30;
const MAX_IGNORE_MS = 1_800_000;

// An echo that is so much later than forecast was held by another service, too: if both services run the detector, one backs
// off. With these probabilities: where evidence has been won, and where none has.
const HELD_ELSEWHERE_MS = 100;
const BACKS_OFF_WITH_EVIDENCE = 0.25;
const BACKS_OFF_WITHOUT = 0.75;

/** The forecast is in milliseconds from the release. */
type Bet =
  | { readonly at: 'none' }
  /** While nothing is sent: it must not come. */
  | { readonly at: 'while-held'; readonly forecast: Forecast; readonly gain: number }
  /** After the release: it must come when it is forecast. */
  | {
      readonly at: 'after-release';
      readonly forecast: Forecast;
      readonly gain: number;
      readonly since: number;
    };

const NO_BET: Bet = { at: 'none' };

/** When a record came. */
export interface Arrival {
  readonly now: number;
  /** How many sends there had been. */
  readonly sends: number;
  /** Milliseconds since the last of them. */
  readonly delay: number;
  /** Whether a send was being held, and all echoes should have come. */
  readonly isHeld: boolean;
}

/**
 * One kind of record, and the evidence that it comes because of our sends.
 *
 * The method is testing by betting. A send is held for a time that is drawn evenly from `span` milliseconds. Before that, the
 * forecast is made that no record of the kind comes meanwhile, and that the first one comes within `width` milliseconds after
 * the release. Records that do not depend on our sends come at their own time, whatever is drawn: so the forecast comes true
 * with a probability of `width / span` at most, *whatever the pattern of the traffic is*. A win is paid at those odds, so the
 * evidence against a kind that is no loop does not grow on average, and the probability that it ever reaches 100,000 times
 * its start is 1 in 100,000 at most (Ville's inequality), and only if its next record always comes within the span. A loop
 * wins nearly every round: four are enough.
 */
export class Candidate {
  readonly kind: string;
  #hasPattern = false;
  #sightings = 0;
  #lastSend = -1;
  #lastSeenAt = Number.NEGATIVE_INFINITY;
  readonly #delays = new EchoDelays();
  /** The latest of the kind after a send. */
  #latest = 0;
  #bet: Bet = NO_BET;
  #evidence = 0;
  #unpromptedArrivals = 0;
  #wasHeldElsewhere = false;
  /** The sends so far when it last came while nothing was sent. */
  #lastUnpromptedArrival = -1;
  #ignorePeriods = 0;
  #ignoredUntil = Number.NEGATIVE_INFINITY;

  constructor(kind: string) {
    this.kind = kind;
  }

  /** The logarithm to base 10 of the odds that it is a loop. */
  get evidence(): number {
    return this.#evidence;
  }

  get isProven(): boolean {
    return this.#evidence >= PROVEN;
  }

  /** Whether sends are held because of it. The others are only tested along with it. */
  get isTested(): boolean {
    return this.#hasPattern || this.#evidence > 0;
  }

  /** Whether it need not be tested any longer: it is no loop. */
  get isRuledOut(): boolean {
    return this.#evidence <= RULED_OUT || (this.#comesUnprompted && this.#evidence <= 0);
  }

  /** Whether none of its records has come while the send is held, as its bet says. */
  get isAbsent(): boolean {
    return this.#bet.at === 'while-held';
  }

  /** Whether to back off, because another service holds sends too. */
  backsOff(random: () => number): boolean {
    return (
      this.#wasHeldElsewhere && random() < (this.#evidence > 0 ? BACKS_OFF_WITH_EVIDENCE : BACKS_OFF_WITHOUT)
    );
  }

  /** How long after a send one of its echoes may still come. */
  get echoesWithinMs(): number {
    // It came while a send was held: perhaps its echoes take longer than any that was seen.
    if (this.#unpromptedArrivals > 0 && this.#evidence < 0) return MAX_ECHO_MS;
    return this.#latest * 1.25 + SETTLING_MS;
  }

  /** How wide the forecast is, in milliseconds. */
  get width(): number {
    return this.#delays.width;
  }

  /** The usual delay between a send and its echo. */
  get delayMs(): number {
    return this.#delays.last ?? 0;
  }

  isIgnored(now: number): boolean {
    return now < this.#ignoredUntil;
  }

  /**
   * A record of this kind has come while nothing is tested.
   *
   * @param longestGapMs what comes more seldom is no loop
   * @returns whether it is to be tested now
   */
  onUntestedArrival({ now, sends, delay }: Arrival, longestGapMs: number, isOnProbation: boolean): boolean {
    if (now - this.#lastSeenAt > longestGapMs) this.forget();
    this.#lastSeenAt = now;
    this.#latest = Math.max(this.#latest, delay);
    if (sends === this.#lastSend) return false;
    this.#lastSend = sends;
    this.#sightings++;
    this.#delays.learn(delay);
    if (isOnProbation && this.#sightings >= RELAPSE_SIGHTINGS) {
      this.#evidence = RELAPSE_EVIDENCE;
      this.#hasPattern = true;
    } else this.#hasPattern = this.#delays.areSteady || this.#sightings >= SIGHTINGS;
    return this.#hasPattern;
  }

  /** From now on nothing is sent, for a time that is drawn from `spanMs` milliseconds once all candidates have bet. */
  bet(now: number, spanMs: number): void {
    this.#endRound();
    if (now - this.#lastSeenAt > MAX_ECHO_MS) this.#delays.forget();
    const { forecast } = this.#delays;
    if (forecast === undefined) return;
    const odds = spanMs / this.width;
    if (odds < MIN_ODDS) return;
    this.#bet = { at: 'while-held', forecast, gain: Math.log10(1 - BET_PART + BET_PART * odds) };
  }

  /** Something is sent again. */
  release(now: number): void {
    if (this.#bet.at === 'while-held') this.#bet = { ...this.#bet, at: 'after-release', since: now };
  }

  /** The round does not count. */
  callOff(): void {
    this.#bet = NO_BET;
  }

  /** A record of this kind has come while candidates are tested. */
  onArrival({ now, sends, delay, isHeld }: Arrival): void {
    const bet = this.#bet;
    this.#bet = NO_BET;
    this.#lastSeenAt = now;
    this.#latest = Math.max(this.#latest, delay);
    const isFirst = sends !== this.#lastSend;
    this.#lastSend = sends;
    if (isHeld) {
      if (bet.at === 'while-held') this.#evidence += LOSS;
      // Once a round.
      if (sends !== this.#lastUnpromptedArrival) this.#unpromptedArrivals++;
      this.#lastUnpromptedArrival = sends;
      // It was no echo of the last send, so the delays that were learnt say nothing.
      this.#delays.forget();
    } else if (bet.at === 'after-release') {
      const wait = now - bet.since;
      this.#wasHeldElsewhere = wait > bet.forecast.to + HELD_ELSEWHERE_MS;
      this.#evidence += wait >= bet.forecast.from && wait <= bet.forecast.to ? bet.gain : LOSS;
      this.#delays.learn(wait);
    } else if (isFirst) this.#delays.learn(delay);
  }

  /** Ignores it for a while, the limit of which grows each time. */
  ignore(now: number, random: () => number): void {
    const doubled = 2 ** this.#ignorePeriods;
    const ms = this.#comesUnprompted
      ? FIRST_IGNORE_MS * doubled
      : Math.max(FIRST_PAUSE_MS, FIRST_PAUSE_ROUNDS * this.#latest) * doubled * doubled * random();
    this.#ignoredUntil = now + Math.min(ms, MAX_IGNORE_MS);
    this.#ignorePeriods++;
    this.forget();
  }

  /** The test is over without a result for this one: it starts from nothing. */
  forget(): void {
    this.#hasPattern = false;
    this.#sightings = 0;
    this.#delays.forget();
    this.#latest = 0;
    this.#bet = NO_BET;
    this.#evidence = 0;
    this.#unpromptedArrivals = 0;
    this.#wasHeldElsewhere = false;
  }

  get #comesUnprompted(): boolean {
    return this.#unpromptedArrivals >= MAX_UNPROMPTED_ARRIVALS;
  }

  /** No record of it has come after the release. */
  #endRound(): void {
    if (this.#bet.at === 'after-release') this.#evidence += LOSS;
    this.#bet = NO_BET;
  }
}
