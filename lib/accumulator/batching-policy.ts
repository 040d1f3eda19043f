import type { RecordStore } from './store/record-store.ts';

/** A batch is sent as soon as it reaches one of these limits. */
export interface BatchLimits {
  maxRecords: number;
  maxBytes: number;
  lingerMs: number;
}

export interface BatchingPolicy {
  limits: BatchLimits;
  /** The partition that kafkajs's murmur2 gives a key. */
  partitionOfKey(key: string | Buffer, count: number): number;
  /**
   * Whether the client sends all records of a send without a partition to one partition. The transport's own client does.
   * The option `producer` may not, so such a send has a single record there, or several of one key.
   */
  keepsSendTogether: boolean;
  /**
   * Whether an unacknowledged batch that may have arrived is resent with exactly the same records: the broker recognises the
   * repeated batch of an idempotent producer only then.
   */
  resendsWhole: boolean;
  /** A new, empty store for a partition queue. */
  makeQueue(): RecordStore;
  random(): number;
  /** Monotonic milliseconds. */
  now(): number;
}
