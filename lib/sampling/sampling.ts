import { RateLimit } from './rate-limit.ts';
import { Sample } from './sample.ts';
import type { PerLevel, RateLimitOptions, SampleOptions } from './sampling-options.ts';

export interface SamplingOptions {
  readonly sample: SampleOptions | undefined;
  readonly rateLimit: (RateLimitOptions & { readonly perMs: number }) | undefined;
}

/** Decides which records are left out because there are too many of them. */
export class Sampling {
  readonly #options: SamplingOptions;
  readonly #sample: Sample | undefined;
  readonly #rateLimit: RateLimit | undefined;

  /**
   * @param now on the monotonic clock, in milliseconds
   * @param random for the seed of a sample that was given none
   * @param before what it takes the place of: an option that has stayed goes on counting
   */
  constructor(options: SamplingOptions, now: () => number, random: () => number, before?: Sampling) {
    const { sample, rateLimit } = options;
    this.#options = options;
    this.#sample =
      before !== undefined && before.#options.sample === sample
        ? before.#sample
        : sample && new Sample(sample, Math.floor(random() * 2 ** 32));
    this.#rateLimit =
      before !== undefined && before.#options.rateLimit === rateLimit
        ? before.#rateLimit
        : rateLimit && new RateLimit(rateLimit, now);
  }

  /** What the sample leaves out does not count for the limit. */
  keeps(level: string, kindOf: () => string): boolean {
    if (this.#sample?.keeps(level, kindOf) === false) return false;
    return this.#rateLimit?.keeps(level, kindOf) !== false;
  }
}

/** The levels that these name, with the path of the option. */
export function levelsOf({ sample, rateLimit }: SamplingOptions): { path: string; level: string }[] {
  const levelsIn = (path: string, value: PerLevel | undefined): { path: string; level: string }[] =>
    typeof value === 'object' ? Object.keys(value).map((level) => ({ path, level })) : [];
  return [...levelsIn('sample', sample?.rate), ...levelsIn('rateLimit', rateLimit?.maxRecords)];
}

/** Nothing where no record is ever left out. */
export function samplingOf(
  options: SamplingOptions,
  now: () => number,
  random: () => number,
  before?: Sampling,
): Sampling | undefined {
  const isOff = options.sample === undefined && options.rateLimit === undefined;
  return isOff ? undefined : new Sampling(options, now, random, before);
}
