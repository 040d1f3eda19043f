import type { RecordStore } from './store/record-store.ts';

/** When a batch is sent: as soon as one of the three is reached. */
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
   * Whether the client keeps all records of a send that names no partition together. The own one does; of a
   * client that was handed in nobody knows, so such a send carries a single record, or several of one key.
   */
  keepsSendTogether: boolean;
  /**
   * Whether a batch that may have arrived, unconfirmed, goes again with the very same records: only then can the broker
   * tell that an idempotent producer repeats itself.
   */
  resendsWhole: boolean;
  /** A new, empty store for a partition queue. */
  makeQueue(): RecordStore;
  random(): number;
  /** Monotonic milliseconds. */
  now(): number;
}
