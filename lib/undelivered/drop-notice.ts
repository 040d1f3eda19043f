import { DROP_REASONS, type DropReason } from '../record/record.ts';

/** What the notice says. */
export interface DropCounts {
  total: number;
  byReason: Partial<Record<DropReason, number>>;
}

/**
 * Counts what was dropped since the last notice, so that whoever reads the topic can see that something is missing
 * from it, and why.
 */
export class DropNotice {
  #counts: DropCounts = { total: 0, byReason: {} };
  #lastAt = Number.NEGATIVE_INFINITY;
  readonly #intervalMs: number;

  /** @param intervalMs the least time between two notices */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Whether there is something that has not been told. */
  get isPending(): boolean {
    return this.#counts.total > 0;
  }

  add(reason: DropReason, count: number = 1): void {
    this.#counts.total += count;
    this.#counts.byReason[reason] = (this.#counts.byReason[reason] ?? 0) + count;
  }

  /** Counts that were taken but have not reached the topic. */
  restore({ byReason }: DropCounts): void {
    for (const reason of DROP_REASONS) {
      const count = byReason[reason];
      if (count !== undefined) this.add(reason, count);
    }
  }

  /** The counts, to be told now, or nothing if there is nothing to tell or it is too early. */
  take(now: number, evenIfEarly: boolean): DropCounts | undefined {
    if (this.#counts.total === 0 || (!evenIfEarly && now - this.#lastAt < this.#intervalMs)) return undefined;
    const counts = this.#counts;
    this.#counts = { total: 0, byReason: {} };
    this.#lastAt = now;
    return counts;
  }
}

/** `12 records were not delivered: overflow 10, expired 2` */
export function describeDrops({ total, byReason }: DropCounts): string {
  const reasons = DROP_REASONS.filter((reason) => byReason[reason] !== undefined)
    .map((reason) => `${reason} ${byReason[reason]}`)
    .join(', ');
  return `${total} ${total === 1 ? 'record was' : 'records were'} not delivered: ${reasons}`;
}
