// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Topics, their partitions with leaders, and what was appended to them. All brokers of a cluster share one
// store (as if every partition were replicated everywhere), so a moved leader has all records.
import { ERROR } from './apis.ts';
import { ProducerSequences } from './producer-sequences.ts';
import {
  type BatchHeader,
  decodeBatch,
  type StoredBatch,
  type StoredRecord,
  writeBaseOffset,
} from './record-batch.ts';
import { type Refusal, refusalOf, refused, type TopicSettings } from './refusals.ts';

export type AppendResult =
  | Refusal
  | { readonly errorCode: number; readonly baseOffset: number; readonly stored: StoredBatch | null };

export class Partition {
  readonly batches: StoredBatch[] = [];
  leaderEpoch = 0;
  nextOffset = 0;
  #leader: number;
  readonly #sequences = new ProducerSequences();

  constructor(leader: number) {
    this.#leader = leader;
  }

  get leader(): number {
    return this.#leader;
  }

  moveTo(leader: number): void {
    this.#leader = leader;
    this.leaderEpoch += 1;
  }

  append(
    topic: Topic,
    index: number,
    bytes: Buffer,
    header: BatchHeader,
    produceVersion: number,
  ): AppendResult {
    const check = this.#sequences.check(header);
    if ('duplicateOf' in check) return { errorCode: 0, baseOffset: check.duplicateOf, stored: null };
    if (check.errorCode !== ERROR.NONE) return refused(check.errorCode);
    const baseOffset = this.nextOffset;
    writeBaseOffset(bytes, baseOffset);
    const stored: StoredBatch = {
      topic: topic.name,
      partition: index,
      baseOffset,
      records: header.records,
      bytes,
      appendedAt: Date.now(),
      produceVersion,
    };
    this.batches.push(stored);
    this.nextOffset += header.records;
    this.#sequences.remember(header, baseOffset);
    topic.added(stored);
    return { errorCode: 0, baseOffset, stored };
  }

  /** The stored batches from the one that holds the offset on: whole ones, at least one, then up to maxBytes. */
  read(offset: number, maxBytes: number): Buffer[] {
    let low = 0;
    let high = this.batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const batch = this.batches[middle];
      if (batch !== undefined && batch.baseOffset + batch.records <= offset) low = middle + 1;
      else high = middle;
    }
    const found: Buffer[] = [];
    let size = 0;
    for (let i = low; i < this.batches.length; i += 1) {
      const bytes = this.batches[i]?.bytes;
      if (bytes === undefined || (found.length > 0 && size + bytes.length > maxBytes)) break;
      found.push(bytes);
      size += bytes.length;
    }
    return found;
  }

  firstAtOrAfter(timestamp: number): StoredRecord | undefined {
    for (const batch of this.batches) {
      const record = decodeBatch(batch).find((candidate) => candidate.timestamp >= timestamp);
      if (record !== undefined) return record;
    }
    return undefined;
  }
}

export class Topic {
  readonly name: string;
  settings: TopicSettings = {};
  readonly partitions: Partition[] = [];
  count = 0;
  /** In append order. */
  readonly batches: StoredBatch[] = [];
  #undecoded: StoredBatch[] = [];
  readonly #decoded: StoredRecord[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** Why a batch is refused that the settings forbid; null otherwise. */
  refusal(partition: number, bytes: Buffer, records: number): Refusal | null {
    return refusalOf(this.settings, this.name, partition, { bytes, records });
  }

  added(batch: StoredBatch): void {
    this.batches.push(batch);
    this.#undecoded.push(batch);
    this.count += batch.records;
  }

  /** In append order. Decoded here and not when stored: a benchmark stores far more than it reads back. */
  records(): StoredRecord[] {
    const batches = this.#undecoded;
    this.#undecoded = [];
    for (const batch of batches) {
      for (const record of decodeBatch(batch)) this.#decoded.push(record);
    }
    return this.#decoded.slice();
  }
}

const LEGAL_NAME = /^[a-zA-Z0-9._-]{1,249}$/;

export const isLegalTopicName = (name: string): boolean =>
  LEGAL_NAME.test(name) && name !== '.' && name !== '..';

export class TopicStore {
  readonly #topics = new Map<string, Topic>();
  readonly #brokers: number;

  constructor(brokers: number) {
    this.#brokers = brokers;
  }

  names(): string[] {
    return [...this.#topics.keys()];
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  partition(topic: string, partition: number): Partition | undefined {
    return this.#topics.get(topic)?.partitions[partition];
  }

  create(name: string, partitions: number): Topic {
    if (!isLegalTopicName(name)) throw new Error(`Not a legal topic name: ${JSON.stringify(name)}`);
    if (this.#topics.has(name)) throw new Error(`Topic ${name} exists already`);
    const topic = new Topic(name);
    this.#topics.set(name, topic);
    this.#grow(topic, partitions);
    return topic;
  }

  addPartitions(name: string, total: number): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new Error(`No topic ${name}`);
    if (total <= topic.partitions.length) {
      throw new Error(`Topic ${name} has ${topic.partitions.length} partitions already`);
    }
    this.#grow(topic, total);
  }

  delete(name: string): void {
    if (!this.#topics.delete(name)) throw new Error(`No topic ${name}`);
  }

  /** Partition p is led by broker p modulo the number of brokers, so that specs can name the leader. */
  #grow(topic: Topic, total: number): void {
    while (topic.partitions.length < total) {
      topic.partitions.push(new Partition(topic.partitions.length % this.#brokers));
    }
  }
}
