import { BoundedMap } from '../util/bounded-map.ts';
import { type SampleOptions, valueFor } from './sampling-options.ts';
import { seededRandom } from './seeded-random.ts';

// Kinds of records that are remembered. Beyond that all are forgotten: the next record of each is the first one again.
const MAX_KINDS = 1_000;

/** Keeps a part of the records. */
export class Sample {
  readonly #options: SampleOptions;
  readonly #random: () => number;
  /** By kind: what the records that were left out since the last one come to. At 1 one is kept. */
  readonly #shares = new BoundedMap<string, number>(MAX_KINDS);

  /** @param seed where the options have none */
  constructor(options: SampleOptions, seed: number) {
    this.#options = options;
    this.#random = seededRandom(options.seed ?? seed);
  }

  /** @param kindOf asked only where it is needed */
  keeps(level: string, kindOf: () => string): boolean {
    const { rate, by } = this.#options;
    const share = valueFor(level, rate);
    if (share === undefined) return true;
    if (by !== 'fingerprint') return this.#random() < share;
    return this.#keepsOneInSoMany(kindOf(), share);
  }

  #keepsOneInSoMany(kind: string, share: number): boolean {
    const before = this.#shares.get(kind);
    // Rounded, so that ten tenths are one.
    const sum = before === undefined ? 1 : Math.round((before + share) * 1e9) / 1e9;
    const isKept = share > 0 && sum >= 1;
    this.#shares.set(kind, isKept ? sum - 1 : sum);
    return isKept;
  }
}
