/** How often, in all and by name. */
export interface Counts {
  readonly total: number;
  readonly byName: Readonly<Record<string, number>>;
}

/** Counts by name what has not been told yet. */
export class Tally {
  readonly #byName = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  add(name: string, count: number = 1): void {
    if (count > 0) this.#byName.set(name, (this.#byName.get(name) ?? 0) + count);
  }

  /** What has been counted, to be told now. */
  take(): Counts {
    const byName = Object.fromEntries(this.#byName);
    this.#byName.clear();
    return { total: Object.values(byName).reduce((sum, count) => sum + count, 0), byName };
  }
}
