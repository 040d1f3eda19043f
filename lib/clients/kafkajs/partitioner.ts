import type { ICustomPartitioner, PartitionerArgs } from 'kafkajs';
import type { Batch } from '../../accumulator/batch.ts';
import { choosePartition } from '../choose-partition.ts';
import type { PartitionsListener } from '../client.ts';

type PartitionMetadata = PartitionerArgs['partitionMetadata'];

/**
 * The partitioner of the transport's own producer. It keeps a send that names no partition together, and passes
 * on what the client knows of the topic: the only way to learn that through a kafkajs producer.
 */
export class OwnPartitioner {
  readonly #onPartitions: PartitionsListener;
  readonly #random: () => number;
  /** By topic, the send that names no partition: while it is under way there is no other one for that topic. */
  readonly #unassigned = new Map<string, Batch>();
  /** By topic, the last metadata passed on. kafkajs gives the same array for all messages of a send. */
  readonly #seen = new Map<string, PartitionMetadata>();

  constructor(onPartitions: PartitionsListener, random: () => number) {
    this.#onPartitions = onPartitions;
    this.#random = random;
  }

  /** A send is about to start. Its batch, if it names no partition, will learn which one was chosen. */
  begin(batch: Batch): void {
    // What is known is told with every send: the accumulator may have been asked to forget it.
    this.#seen.delete(batch.topic);
    if (batch.partition === undefined) this.#unassigned.set(batch.topic, batch);
  }

  /** The send is over. */
  end(batch: Batch): void {
    if (this.#unassigned.get(batch.topic) === batch) this.#unassigned.delete(batch.topic);
  }

  /** As kafkajs's `createPartitioner` wants it. */
  readonly create: ICustomPartitioner =
    () =>
    ({ topic, partitionMetadata, message }) => {
      this.#passOn(topic, partitionMetadata);
      if (message.partition !== undefined && message.partition !== null) return message.partition;
      const batch = this.#unassigned.get(topic);
      const chosen =
        batch?.partition ??
        choosePartition(message.key, partitionMetadata.length, writableOf(partitionMetadata), this.#random);
      batch?.bindTo(chosen);
      return chosen;
    };

  #passOn(topic: string, metadata: PartitionMetadata): void {
    if (this.#seen.get(topic) === metadata) return;
    this.#seen.set(topic, metadata);
    this.#onPartitions(topic, metadata.length, writableOf(metadata));
  }
}

function writableOf(metadata: PartitionMetadata): number[] {
  return metadata.filter(({ leader }) => leader >= 0).map(({ partitionId }) => partitionId);
}
