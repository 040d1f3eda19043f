// How long a loop's records are kept from Kafka: the first time, and at most.
const FIRST_SUPPRESSION_MS = 10_000;
const MAX_SUPPRESSION_MS = 300_000;

/** What became of a kind of record that was found to loop. */
type Suppression =
  | { readonly at: 'suppressed'; readonly until: number; readonly suppressedForMs: number }
  /** Let through again. If it loops again before `until`, it is suppressed for longer. */
  | { readonly at: 'probation'; readonly until: number; readonly suppressedForMs: number };

/** The kinds of records that are kept from Kafka because they loop, each for a growing while. */
export class Suppressions {
  readonly #suppressions = new Map<string, Suppression>();

  get isEmpty(): boolean {
    return this.#suppressions.size === 0;
  }

  /** Suppresses this kind of record from now on. @returns for how many milliseconds */
  suppress(kind: string, now: number): number {
    const before = this.#at(kind, now);
    const suppressedForMs =
      before === undefined ? FIRST_SUPPRESSION_MS : Math.min(2 * before.suppressedForMs, MAX_SUPPRESSION_MS);
    this.#suppressions.set(kind, { at: 'suppressed', until: now + suppressedForMs, suppressedForMs });
    return suppressedForMs;
  }

  suppresses(kind: string, now: number): boolean {
    return this.#at(kind, now)?.at === 'suppressed';
  }

  isOnProbation(kind: string, now: number): boolean {
    return this.#at(kind, now)?.at === 'probation';
  }

  /** Forgets those that have not looped again. */
  forgetExpired(now: number): void {
    for (const kind of this.#suppressions.keys()) this.#at(kind, now);
  }

  #at(kind: string, now: number): Suppression | undefined {
    const suppression = this.#suppressions.get(kind);
    if (suppression === undefined || now < suppression.until) return suppression;
    const { at, until, suppressedForMs } = suppression;
    // The probation lasts as long as the suppression did.
    const next: Suppression | undefined =
      at === 'suppressed' && now < until + suppressedForMs
        ? { at: 'probation', until: until + suppressedForMs, suppressedForMs }
        : undefined;
    if (next === undefined) this.#suppressions.delete(kind);
    else this.#suppressions.set(kind, next);
    return next;
  }
}
