import { BoundedMap } from '../util/bounded-map.ts';
import { type RateLimitOptions, valueFor } from './sampling-options.ts';

// Kinds of records that are counted. Beyond that all are forgotten, and may have their number once more.
const MAX_KINDS = 1_000;

interface Window {
  /** On the monotonic clock. */
  readonly until: number;
  count: number;
}

/** Keeps the first `maxRecords` of each window. The window of a level, or of a kind of record, begins with its first record. */
export class RateLimit {
  readonly #options: RateLimitOptions & { readonly perMs: number };
  readonly #now: () => number;
  readonly #windows = new BoundedMap<string, Window>(MAX_KINDS);

  /** @param now on the monotonic clock, in milliseconds */
  constructor(options: RateLimitOptions & { readonly perMs: number }, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /** @param kindOf asked only where it is needed */
  keeps(level: string, kindOf: () => string): boolean {
    const { maxRecords, perMs, by } = this.#options;
    const most = valueFor(level, maxRecords);
    if (most === undefined) return true;
    const name = by === 'level' ? level : kindOf();
    const now = this.#now();
    const window = this.#windows.get(name);
    if (window === undefined || now >= window.until) {
      this.#windows.set(name, { until: now + perMs, count: 1 });
      return most > 0;
    }
    window.count++;
    return window.count <= most;
  }
}
