// Kafka's protocol has partitions as signed numbers of 32 bits.
const MAX_PARTITION = 0x7f_ff_ff_ff;

/** Whether a topic could have a partition of this number. */
export function isPartition(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_PARTITION;
}

/** The option `partition` has named a partition that the topic does not have. */
export class NoSuchPartitionError extends Error {
  override readonly name = 'NoSuchPartitionError';

  /** @param count how many it has, where that is known */
  constructor(topic: string, partition: number, count?: number) {
    const has = count === undefined ? '' : `: it has ${count}, counted from 0`;
    super(`option "partition" has named partition ${partition}, which topic "${topic}" does not have${has}`);
  }
}
