import { attempt, isObject } from '../util/safely.ts';

/**
 * An error with the records that a broker has named as those it refuses (Produce version 8 and later).
 *
 * @param indexes their places in the batch
 */
export function withRefusedIndexes<Thrown extends Error>(error: Thrown, indexes: readonly number[]): Thrown {
  return indexes.length === 0 ? error : Object.assign(error, { refusedIndexes: indexes });
}

/** The places in the batch that an error names, if it does. Never throws, whatever it is given. */
export function refusedIndexesOf(error: unknown): number[] | undefined {
  const indexes: unknown = isObject(error) ? attempt(() => error.refusedIndexes) : undefined;
  const areIndexes = Array.isArray(indexes) && indexes.length > 0 && indexes.every(Number.isInteger);
  return areIndexes ? indexes : undefined;
}
