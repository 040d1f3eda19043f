import { createHistogram } from 'node:perf_hooks';

/** What `stats()` shows of many measurements. */
export interface Percentiles {
  p50: number;
  p99: number;
  max: number;
}

/** How many measurements there were, what they add up to, and how many of them were at most so large. */
export interface HistogramCounts {
  count: number;
  sum: number;
  /** From the smallest bound up; each counts those of the ones before it, too. */
  buckets: { upTo: number; count: number }[];
}

// perf_hooks' histograms count whole numbers from 1: so values are kept in thousandths of their unit, and one higher,
// for there are latencies of 0 ms.
const SCALE = 1000;
const OFFSET = 1;
const LARGEST = Number.MAX_SAFE_INTEGER;

/**
 * The distribution of many measurements, in little memory and with 1 % precision. A measurement costs 35 ns (Node 20),
 * the percentiles 3 us.
 */
export class Distribution {
  readonly #histogram = createHistogram({ lowest: 1, highest: LARGEST, figures: 2 });
  readonly #bounds: readonly number[];
  /** How many measurements lie between a bound and the one below it. */
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  /** @param bounds of the buckets, ascending: unlike percentiles, their counts can be added up and subtracted */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  record(value: number): void {
    // A system clock that was set back makes a latency negative.
    const measured = Math.max(0, value);
    this.#count++;
    this.#sum += measured;
    const at = this.#bounds.findIndex((bound) => measured <= bound);
    if (at >= 0) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#histogram.record(Math.min(LARGEST, Math.round(measured * SCALE) + OFFSET));
  }

  get percentiles(): Percentiles {
    if (this.#count === 0) return { p50: 0, p99: 0, max: 0 };
    return {
      p50: unscaled(this.#histogram.percentile(50)),
      p99: unscaled(this.#histogram.percentile(99)),
      max: unscaled(this.#histogram.max),
    };
  }

  get counts(): HistogramCounts {
    let count = 0;
    const buckets = this.#bounds.map((upTo, at) => {
      count += this.#counts[at] ?? 0;
      return { upTo, count };
    });
    return { count: this.#count, sum: this.#sum, buckets };
  }
}

function unscaled(value: number): number {
  return (value - OFFSET) / SCALE;
}
