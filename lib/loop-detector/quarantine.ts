// How long a loop's records are kept from Kafka: the first time, and at most.
const FIRST_TERM_MS = 10_000;
const LAST_TERM_MS = 300_000;

/** What became of a kind of record that was found to loop. */
type Sentence =
  | { readonly at: 'serving'; readonly until: number; readonly termMs: number }
  /** Let through again; a relapse until then has a longer term. */
  | { readonly at: 'probation'; readonly until: number; readonly termMs: number };

/** The kinds of records that are kept from Kafka because they loop, each for a growing while. */
export class Quarantine {
  readonly #sentences = new Map<string, Sentence>();

  get isEmpty(): boolean {
    return this.#sentences.size === 0;
  }

  /** Keeps this kind of record in from now on. @returns for how many milliseconds */
  sentence(kind: string, now: number): number {
    const before = this.#at(kind, now);
    const termMs = before === undefined ? FIRST_TERM_MS : Math.min(2 * before.termMs, LAST_TERM_MS);
    this.#sentences.set(kind, { at: 'serving', until: now + termMs, termMs });
    return termMs;
  }

  keepsIn(kind: string, now: number): boolean {
    return this.#at(kind, now)?.at === 'serving';
  }

  isOnProbation(kind: string, now: number): boolean {
    return this.#at(kind, now)?.at === 'probation';
  }

  /** Forgets those that have behaved. */
  tidy(now: number): void {
    for (const kind of this.#sentences.keys()) this.#at(kind, now);
  }

  #at(kind: string, now: number): Sentence | undefined {
    const sentence = this.#sentences.get(kind);
    if (sentence === undefined || now < sentence.until) return sentence;
    const { at, until, termMs } = sentence;
    // As long as the term was.
    const next: Sentence | undefined =
      at === 'serving' && now < until + termMs
        ? { at: 'probation', until: until + termMs, termMs }
        : undefined;
    if (next === undefined) this.#sentences.delete(kind);
    else this.#sentences.set(kind, next);
    return next;
  }
}
