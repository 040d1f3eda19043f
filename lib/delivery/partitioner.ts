import type { ICustomPartitioner, PartitionerArgs } from 'kafkajs';
import type { PartitionsListener } from './client.ts';
import { Partitioners } from './kafkajs.ts';
import type { Batch } from './topic-lanes.ts';

type PartitionMetadata = PartitionerArgs['partitionMetadata'];

/** The partition that kafkajs's default partitioner (murmur2, as in the Java client) gives a key. */
export function murmur2Partition(): (key: string | Buffer, count: number) => number {
  const partitioner = Partitioners.DefaultPartitioner();
  const partitionsOf = new Map<number, PartitionMetadata>();
  return (key, count) => {
    let partitionMetadata = partitionsOf.get(count);
    if (partitionMetadata === undefined) {
      // With a key, it only looks at the length.
      partitionMetadata = new Array(count).fill({ leader: 0 }) as PartitionMetadata;
      partitionsOf.set(count, partitionMetadata);
    }
    return partitioner({ topic: '', partitionMetadata, message: { key, value: null } });
  };
}

/**
 * The partitioner of the transport's own producer. It keeps a send that names no partition together, and passes
 * on what the client knows of the topic: the only way to learn that through a kafkajs producer.
 */
export class OwnPartitioner {
  readonly #partitionOfKey = murmur2Partition();
  readonly #onPartitions: PartitionsListener;
  readonly #random: () => number;
  /** By topic, the send that names no partition: there is at most one at a time. */
  readonly #unbound = new Map<string, Batch>();
  /** By topic, the last metadata passed on. kafkajs gives the same array for all messages of a send. */
  readonly #seen = new Map<string, PartitionMetadata>();

  constructor(onPartitions: PartitionsListener, random: () => number) {
    this.#onPartitions = onPartitions;
    this.#random = random;
  }

  /** A send that names no partition is about to start. Its batch will learn which one was chosen. */
  expect(batch: Batch): void {
    this.#unbound.set(batch.topic, batch);
  }

  /** As kafkajs's `createPartitioner` wants it. */
  readonly create: ICustomPartitioner =
    () =>
    ({ topic, partitionMetadata, message }) => {
      const count = partitionMetadata.length;
      const writable = this.#passOn(topic, partitionMetadata);
      if (message.partition !== undefined && message.partition !== null) return message.partition;
      const batch = this.#unbound.get(topic);
      const chosen = batch?.partition ?? this.#choose(message.key, count, writable);
      if (batch !== undefined) batch.partition = chosen;
      return chosen;
    };

  #writable: readonly number[] = [];

  #passOn(topic: string, metadata: PartitionMetadata): readonly number[] {
    if (this.#seen.get(topic) === metadata) return this.#writable;
    this.#seen.set(topic, metadata);
    this.#writable = metadata.filter(({ leader }) => leader >= 0).map(({ partitionId }) => partitionId);
    this.#onPartitions(topic, metadata.length, this.#writable);
    return this.#writable;
  }

  #choose(key: Buffer | string | null | undefined, count: number, writable: readonly number[]): number {
    if (key !== null && key !== undefined) return this.#partitionOfKey(key, count);
    const at = Math.floor(this.#random() * (writable.length || count));
    return writable[at] ?? at;
  }
}
