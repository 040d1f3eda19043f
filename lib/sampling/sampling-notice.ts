import type { Clock, Timer } from '../util/clock.ts';

/** How many records were left out, by level. */
export interface SampledCounts {
  readonly total: number;
  readonly byLevel: Readonly<Record<string, number>>;
}

// How often the topic is told, while records are left out.
const INTERVAL_MS = 60_000;

/** Counts what was left out, and tells it: once in a minute, and at the end. */
export class SamplingNotice {
  readonly #clock: Clock;
  readonly #tell: (counts: SampledCounts) => void;
  readonly #byLevel = new Map<string, number>();
  #timer: Timer | undefined;

  /** @param tell called with what was left out since the last time */
  constructor(clock: Clock, tell: (counts: SampledCounts) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Whether there is something that has not been told. */
  get isPending(): boolean {
    return this.#byLevel.size > 0;
  }

  add(level: string): void {
    this.#byLevel.set(level, (this.#byLevel.get(level) ?? 0) + 1);
    this.#timer ??= this.#clock.after(INTERVAL_MS, () => this.tellNow());
  }

  /** The time of the next one begins with the next record that is left out. */
  tellNow(): void {
    this.#clock.cancel(this.#timer);
    this.#timer = undefined;
    if (this.#byLevel.size === 0) return;
    const byLevel = Object.fromEntries(this.#byLevel);
    this.#byLevel.clear();
    this.#tell({ total: Object.values(byLevel).reduce((sum, count) => sum + count, 0), byLevel });
  }
}

/** `12 records were left out by sample or rateLimit: debug 10, info 2` */
export function describeSampled({ total, byLevel }: SampledCounts): string {
  const levels = Object.entries(byLevel).map(([level, count]) => `${level} ${count}`);
  const records = total === 1 ? 'record was' : 'records were';
  return `${total} ${records} left out by sample or rateLimit: ${levels.join(', ')}`;
}
