/** What became of numbered records in a topic: told from the order of their offsets. */
export interface Arrivals {
  readonly seen: ReadonlySet<number>;
  readonly duplicates: number;
  /** Records that first arrived after one of the same partition and stream that was logged later. */
  readonly outOfOrder: number;
}

/**
 * @param partitions the numbers of the records, by partition, in the order of their offsets
 * @param streamOf which records of a partition have to keep their order: all, unless it tells them apart
 */
export function arrivalsIn(
  partitions: readonly (readonly number[])[],
  streamOf: (number: number) => number = () => 0,
): Arrivals {
  const seen = new Set<number>();
  let duplicates = 0;
  let outOfOrder = 0;
  for (const numbers of partitions) {
    const latest = new Map<number, number>();
    for (const number of numbers) {
      if (seen.has(number)) {
        duplicates++;
        continue;
      }
      seen.add(number);
      const stream = streamOf(number);
      if (number < (latest.get(stream) ?? -1)) outOfOrder++;
      else latest.set(stream, number);
    }
  }
  return { seen, duplicates, outOfOrder };
}
