/** What a broker has given an idempotent producer (InitProducerId). */
export interface ProducerId {
  readonly producerId: string;
  readonly producerEpoch: number;
}

/** What is sent in one record batch. */
export interface SentRecords {
  /** Which ones they are, and in which order. */
  readonly ids: readonly number[];
  /** Normally as many: an instrumented `send` may have added some, or taken some out. */
  readonly count: number;
}

/** A batch, and the numbers that it has in each of its attempts. */
export interface NumberedBatch extends ProducerId {
  readonly partition: string;
  readonly records: SentRecords;
  readonly firstSequence: number;
  /** Attempts of which nobody knows that the broker has not stored them. */
  unresolved: number;
  isStored: boolean;
}

interface Partition {
  epoch: number;
  /** The sequence number of the next record that has none yet. */
  next: number;
  /** The one that was sent last, unless it is known not to be stored. */
  last: NumberedBatch | undefined;
}

// An int32, of which Kafka uses the numbers from 0 on: after the highest comes 0 (DefaultRecordBatch.java, `incrementSequence`).
const SEQUENCES = 2 ** 31;
const HIGHEST_EPOCH = 2 ** 15 - 1;
// A topic function may come up with ever new topics, and a partition is remembered with the ids of its last batch.
const MAX_PARTITIONS = 1_000;

/**
 * The sequence numbers of an idempotent producer, as Kafka's own producer gives them (TransactionManager.java): each partition
 * counts its records, and a batch keeps its numbers until it is stored, or known not to be. Where the numbers cannot go on, the
 * partition begins again at 0 under the next epoch, which a broker accepts without being asked (`bumpIdempotentProducerEpoch`).
 * Unlike there, each partition has an epoch of its own: a broker compares epochs within a partition only.
 *
 * The partitions that were sent to last are remembered. All others begin under an epoch that is higher than those of all that were
 * forgotten: a broker takes that from 0 on. Where the last batch of a forgotten one may be stored, its records may come twice.
 *
 * A partition has one batch under way at a time.
 */
export class ProducerSequences {
  #producer: ProducerId | undefined;
  #isSpent = false;
  /** Least recently used first. */
  readonly #partitions = new Map<string, Partition>();
  /** What a partition begins with that is not among them. */
  #firstEpoch = 0;

  /**
   * An attempt to send a batch begins.
   *
   * @param offered another producer id, for where there is none, or it is spent
   * @returns its numbers; nothing where the id is spent and no other one is offered
   */
  begin(key: string, records: SentRecords, offered: ProducerId): NumberedBatch | undefined {
    const producer = this.#adopt(offered);
    if (producer === undefined) return undefined;
    const partition = this.#partitionOf(key);
    if (partition === undefined) return undefined;
    const { last } = partition;
    if (last !== undefined && isSame(last.records, records)) {
      last.unresolved++;
      return last;
    }
    if (last?.isStored === true) partition.next = (last.firstSequence + last.records.count) % SEQUENCES;
    // It may be stored, so that the next number is not known.
    else if (last !== undefined && !this.#beginEpoch(partition)) return undefined;
    const { epoch, next } = partition;
    partition.last = {
      ...{ partition: key, records, producerId: producer.producerId },
      ...{ producerEpoch: epoch, firstSequence: next },
      ...{ unresolved: 1, isStored: false },
    };
    return partition.last;
  }

  /** The broker has it. */
  onStored(batch: NumberedBatch): void {
    batch.isStored = true;
  }

  /** An attempt has not been stored: the next batch may have its numbers, unless another attempt may have been. */
  onNotStored(batch: NumberedBatch): void {
    batch.unresolved--;
    const partition = this.#current(batch);
    if (batch.unresolved === 0 && partition !== undefined) partition.last = undefined;
  }

  /**
   * The broker does not take its numbers: the same batch gets others.
   *
   * @returns false where only another producer id can give it some
   */
  onOutOfSequence(batch: NumberedBatch): boolean {
    const partition = this.#current(batch);
    return partition === undefined || this.#beginEpoch(partition);
  }

  /** The broker takes nothing more under this producer id. */
  onUnknownProducer({ producerId }: ProducerId): void {
    if (this.#producer?.producerId === producerId) this.#isSpent = true;
  }

  #adopt(offered: ProducerId): ProducerId | undefined {
    const isFresh = offered.producerId !== this.#producer?.producerId;
    if (this.#producer !== undefined && !this.#isSpent) return this.#producer;
    if (!isFresh) return undefined;
    this.#producer = offered;
    this.#isSpent = false;
    this.#partitions.clear();
    this.#firstEpoch = offered.producerEpoch;
    return offered;
  }

  /** @returns nothing where there is no epoch left for it */
  #partitionOf(key: string): Partition | undefined {
    const known = this.#partitions.get(key);
    if (known === undefined) {
      if (this.#partitions.size >= MAX_PARTITIONS) this.#forgetOne();
      if (this.#firstEpoch > HIGHEST_EPOCH) {
        this.#isSpent = true;
        return undefined;
      }
    }
    const partition = known ?? { epoch: this.#firstEpoch, next: 0, last: undefined };
    this.#partitions.delete(key);
    this.#partitions.set(key, partition);
    return partition;
  }

  /** The one that was not sent to for longest, if possible of those whose last batch is known to be stored, or not to be. */
  #forgetOne(): void {
    let [forgotten] = this.#partitions;
    for (const entry of this.#partitions) {
      if (entry[1].last?.isStored === false) continue;
      forgotten = entry;
      break;
    }
    if (forgotten === undefined) return;
    const [key, { epoch }] = forgotten;
    this.#partitions.delete(key);
    this.#firstEpoch = Math.max(this.#firstEpoch, epoch + 1);
  }

  /** Its partition, while no other batch has followed it and it may still be unknown to the broker. */
  #current(batch: NumberedBatch): Partition | undefined {
    const partition = this.#partitions.get(batch.partition);
    return partition?.last === batch && !batch.isStored ? partition : undefined;
  }

  /** @returns whether there is one */
  #beginEpoch(partition: Partition): boolean {
    if (partition.epoch >= HIGHEST_EPOCH) {
      this.#isSpent = true;
      return false;
    }
    partition.epoch++;
    partition.next = 0;
    partition.last = undefined;
    return true;
  }
}

function isSame(one: SentRecords, other: SentRecords): boolean {
  if (one.count !== other.count || one.ids.length !== other.ids.length) return false;
  return one.ids.every((id, at) => id === other.ids[at]);
}
