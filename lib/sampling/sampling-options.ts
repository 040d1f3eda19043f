/** A number for all levels, or one for each that is named. */
export type PerLevel = number | Readonly<Record<string, number>>;

/** Which part of the records is kept. */
export interface SampleOptions {
  /** From 0 (none) to 1 (all): for all levels less severe than `error`, or by level. Levels that are not named are kept. */
  rate: PerLevel;
  /**
   * `'record'`: each record is kept with that probability. `'fingerprint'`: of each kind of record (level, fields, and the first words of
   * the message without numbers and ids) the first is kept, and then every n-th, so that rare kinds are not lost.
   *
   * @default 'record'
   */
  by?: 'record' | 'fingerprint';
  /**
   * An integer. The same seed keeps the same records of the same sequence.
   *
   * @default a random one
   */
  seed?: number;
}

/** How many records are kept per period. */
export interface RateLimitOptions {
  /** For all levels less severe than `error`, or by level. Levels that are not named have no limit. */
  maxRecords: PerLevel;
  /**
   * Milliseconds: the length of the period.
   *
   * @default 1000
   */
  perMs?: number;
  /**
   * What the limit is for: each level, or each kind of record (level, fields, and the first words of the message without numbers and ids).
   *
   * @default 'fingerprint'
   */
  by?: 'level' | 'fingerprint';
}

export function valueFor(level: string, of: PerLevel): number | undefined {
  if (typeof of === 'number') return of;
  return Object.hasOwn(of, level) ? of[level] : undefined;
}
