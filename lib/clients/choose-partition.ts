import { partitionOfKey } from '../protocol/murmur2.ts';

/**
 * The partition of a send that names none: that of its key as Kafka's own producer has it, or else any one that has a leader.
 *
 * @param count how many partitions the topic has
 * @param writable those that have a leader
 */
export function choosePartition(
  key: string | Buffer | null | undefined,
  count: number,
  writable: readonly number[],
  random: () => number,
): number {
  if (key !== null && key !== undefined && count > 0) return partitionOfKey(key, count);
  const at = Math.floor(random() * (writable.length || count));
  return writable[at] ?? at;
}
