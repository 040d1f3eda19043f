import { EchoDelays, type Forecast } from './echo-delays.ts';

// A loop's echo, or a stranger's record that is as regular, must have come this soon after a send.
export const MAX_ECHO_MS = 2_000;

// In how many intervals between sends a kind of record is seen, one after the other, before it is tried. Three
// are enough when it comes after the same delay each time.
const SIGHTINGS = 12;

// An offender on probation: it has been proven before.
const RELAPSE_SIGHTINGS = 2;
const RELAPSE_EVIDENCE = 4;

// By how much an echo may be later than any before, and still not count as one that comes when nothing is sent.
const SETTLING_MS = 30;

// How much of what has been won is set on the next bet. Not all, so that one bad round does not undo the others.
const STAKE = 0.9;
const LOSS = Math.log10(1 - STAKE);
// Less than that is not worth a bet.
const MIN_ODDS = 3;

/** Sentenced at a hundred thousand to one; let go of after three rounds lost, or two in which it has come when nothing was sent. */
const PROVEN = 5;
const HOPELESS = -2.5;
const MAX_UNPROMPTED_ARRIVALS = 2;

// How long it is left alone then: a kind of record that has come while nothing was sent is most likely innocent. One that
// has not, but came back at another moment than foretold, may be a loop in which somebody else holds too: each
// waits for a random while, so that one of them is first.
const FIRST_IGNORE_MS = 30_000;
const FIRST_PAUSE_MS = 2_000;
// Or so many of its rounds: a slow loop does little harm meanwhile, and each trial of a slow rhythm holds sends for longer.
const FIRST_PAUSE_ROUNDS = 30;
const MAX_IGNORE_MS = 1_800_000;

// So much later than foretold, it has been held by somebody else, too: two services that answer each other may both hold.
// One of them has to give way, more likely the one that has won nothing yet.
const OVERTAKEN_MS = 100;
const YIELDS_WINNING = 0.25;
const YIELDS_LOSING = 0.75;

/** The forecast is of milliseconds from the release on. */
type Bet =
  | { readonly at: 'none' }
  /** While nothing is sent: it must not come. */
  | { readonly at: 'silence'; readonly forecast: Forecast; readonly gain: number }
  /** After the release: it must come when it is foretold. */
  | { readonly at: 'wake'; readonly forecast: Forecast; readonly gain: number; readonly since: number };

const NO_BET: Bet = { at: 'none' };

/** When a record came. */
export interface Arrival {
  readonly now: number;
  /** How many sends there had been. */
  readonly sends: number;
  /** Milliseconds since the last of them. */
  readonly delay: number;
  /** Whether a flush was being held, and all echoes should have come. */
  readonly isSilence: boolean;
}

/**
 * One kind of record, and the evidence that it comes because of our sends.
 *
 * The evidence is that of testing by betting. A flush is held for a moment drawn evenly from `span` milliseconds, after
 * it is foretold that the kind stays away meanwhile, and first comes within `width` milliseconds of the release. For
 * records that don't depend on our sends the next one has its moment, whatever we draw: so the forecast comes true with
 * a chance of `width / span` at most, *whatever the pattern of the traffic is*. A win is paid at those odds, so what
 * an innocent kind owns does not grow on average, and to come to a hundred thousand times its start it has a chance of
 * one in a hundred thousand at most (Ville's inequality), and that only if its next record always comes within the span.
 * A loop wins nearly every round: four are enough.
 */
export class Candidate {
  readonly kind: string;
  #isAccused = false;
  #sightings = 0;
  #lastSend = -1;
  #lastSeenAt = Number.NEGATIVE_INFINITY;
  readonly #delays = new EchoDelays();
  /** The latest of the kind after a send. */
  #latest = 0;
  #bet: Bet = NO_BET;
  #evidence = 0;
  #unpromptedArrivals = 0;
  #isOvertaken = false;
  /** The sends so far when it last came while nothing was sent. */
  #lastUnpromptedArrival = -1;
  #ignorePeriods = 0;
  #ignoredUntil = Number.NEGATIVE_INFINITY;

  constructor(kind: string) {
    this.kind = kind;
  }

  /** Powers of ten by which what it owns has grown. */
  get evidence(): number {
    return this.#evidence;
  }

  get isProven(): boolean {
    return this.#evidence >= PROVEN;
  }

  /** Whether it is one that flushes are held for; the others only bet along. */
  get isTried(): boolean {
    return this.#isAccused || this.#evidence > 0;
  }

  /** Whether to go on is no use. */
  get isHopeless(): boolean {
    return this.#evidence <= HOPELESS || (this.#comesUncalled && this.#evidence <= 0);
  }

  /** Whether it has a bet on that it stays away, and has done so. */
  get isSilent(): boolean {
    return this.#bet.at === 'silence';
  }

  /** Whether to give way to another who holds. */
  yields(random: () => number): boolean {
    return this.#isOvertaken && random() < (this.#evidence > 0 ? YIELDS_WINNING : YIELDS_LOSING);
  }

  /** How long after a send one of its echoes may still come. */
  get settlesWithin(): number {
    // It came when it should not: perhaps it takes longer than was thought.
    if (this.#unpromptedArrivals > 0 && this.#evidence < 0) return MAX_ECHO_MS;
    return this.#latest * 1.25 + SETTLING_MS;
  }

  /** How exactly it can be foretold, in milliseconds. */
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
   * One has come while nothing was suspected.
   *
   * @param longestGapMs what comes more seldom is none that goes on and on
   * @returns whether it is suspicious now
   */
  sight({ now, sends, delay }: Arrival, longestGapMs: number, isOnProbation: boolean): boolean {
    if (now - this.#lastSeenAt > longestGapMs) this.forget();
    this.#lastSeenAt = now;
    this.#latest = Math.max(this.#latest, delay);
    if (sends === this.#lastSend) return false;
    this.#lastSend = sends;
    this.#sightings++;
    this.#delays.learn(delay);
    if (isOnProbation && this.#sightings >= RELAPSE_SIGHTINGS) {
      this.#evidence = RELAPSE_EVIDENCE;
      this.#isAccused = true;
    } else this.#isAccused = this.#delays.areSteady || this.#sightings >= SIGHTINGS;
    return this.#isAccused;
  }

  /** From now on nothing is sent, for a moment that is drawn from `spanMs` milliseconds once all have bet. */
  bet(now: number, spanMs: number): void {
    this.#endWake();
    if (now - this.#lastSeenAt > MAX_ECHO_MS) this.#delays.forget();
    const { forecast } = this.#delays;
    if (forecast === undefined) return;
    const odds = spanMs / this.width;
    if (odds < MIN_ODDS) return;
    this.#bet = { at: 'silence', forecast, gain: Math.log10(1 - STAKE + STAKE * odds) };
  }

  /** Something is sent again. */
  release(now: number): void {
    if (this.#bet.at === 'silence') this.#bet = { ...this.#bet, at: 'wake', since: now };
  }

  /** The round does not count. */
  callOff(): void {
    this.#bet = NO_BET;
  }

  /** One has come while suspects are tried. */
  onArrival({ now, sends, delay, isSilence }: Arrival): void {
    const bet = this.#bet;
    this.#bet = NO_BET;
    this.#lastSeenAt = now;
    this.#latest = Math.max(this.#latest, delay);
    const isFirst = sends !== this.#lastSend;
    this.#lastSend = sends;
    if (isSilence) {
      if (bet.at === 'silence') this.#evidence += LOSS;
      // Once a round.
      if (sends !== this.#lastUnpromptedArrival) this.#unpromptedArrivals++;
      this.#lastUnpromptedArrival = sends;
      // Of other sends than the last, then: what they foretold was nothing.
      this.#delays.forget();
    } else if (bet.at === 'wake') {
      const wait = now - bet.since;
      this.#isOvertaken = wait > bet.forecast.to + OVERTAKEN_MS;
      this.#evidence += wait >= bet.forecast.from && wait <= bet.forecast.to ? bet.gain : LOSS;
      this.#delays.learn(wait);
    } else if (isFirst) this.#delays.learn(delay);
  }

  /** Leaves it alone for a while, which grows from time to time. */
  ignore(now: number, random: () => number): void {
    const doubled = 2 ** this.#ignorePeriods;
    const ms = this.#comesUncalled
      ? FIRST_IGNORE_MS * doubled
      : Math.max(FIRST_PAUSE_MS, FIRST_PAUSE_ROUNDS * this.#latest) * doubled * doubled * random();
    this.#ignoredUntil = now + Math.min(ms, MAX_IGNORE_MS);
    this.#ignorePeriods++;
    this.forget();
  }

  /** The trial is over, without a result for this one: all begins anew. */
  forget(): void {
    this.#isAccused = false;
    this.#sightings = 0;
    this.#delays.forget();
    this.#latest = 0;
    this.#bet = NO_BET;
    this.#evidence = 0;
    this.#unpromptedArrivals = 0;
    this.#isOvertaken = false;
  }

  get #comesUncalled(): boolean {
    return this.#unpromptedArrivals >= MAX_UNPROMPTED_ARRIVALS;
  }

  /** It has not come back at all. */
  #endWake(): void {
    if (this.#bet.at === 'wake') this.#evidence += LOSS;
    this.#bet = NO_BET;
  }
}
