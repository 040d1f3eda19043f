import { createHistogram } from 'node:perf_hooks';

/** What `stats()` shows of many measurements. */
export interface Percentiles {
  p50: number;
  p99: number;
  max: number;
}

// Histograms count whole numbers from 1: so values are kept in thousandths of their unit.
const SCALE = 1000;
const LARGEST = Number.MAX_SAFE_INTEGER;

/** The distribution of many measurements, in little memory and with 1 % precision. */
export class Distribution {
  readonly #histogram = createHistogram({ lowest: 1, highest: LARGEST, figures: 2 });

  record(value: number): void {
    // A system clock that was set back makes a latency negative.
    this.#histogram.record(Math.min(LARGEST, Math.max(1, Math.round(value * SCALE))));
  }

  get percentiles(): Percentiles {
    const histogram = this.#histogram;
    if (histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
    return {
      p50: histogram.percentile(50) / SCALE,
      p99: histogram.percentile(99) / SCALE,
      max: histogram.max / SCALE,
    };
  }
}
