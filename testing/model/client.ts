// Kafka clients behind the port of lib/clients/client.ts, in front of the model's broker.
import type { Batch } from '../../lib/accumulator/batch.ts';
import { choosePartition } from '../../lib/clients/choose-partition.ts';
import type { ClientSource, DeliveryClient, PartitionsListener } from '../../lib/clients/client.ts';
import { NotSentError } from '../../lib/clients/not-sent-error.ts';
import { answeredPartition } from '../../lib/clients/send-result.ts';
import type { Clock } from '../../lib/time/clock.ts';
import type { Misbehaviour, ModelBroker, ModelTopic } from './broker.ts';
import { connectionError, judge, ODD, protocolError, type SeenRecord, seenIn } from './seen-records.ts';

/** `own`: the transport's; `idempotent`: the same; `producer`: one that was handed in; `factory`: what a function returns. */
export type ClientKind = 'own' | 'idempotent' | 'producer' | 'factory';

/** Is told of each send. */
export type Trace = ((line: string) => void) | undefined;

export interface ModelClientParts {
  readonly kind: ClientKind;
  readonly broker: ModelBroker;
  readonly clock: Clock;
  random(): number;
  readonly namesRefused: boolean;
  /** Of the process: what was sent as one batch is known by it. */
  readonly producer: string;
  readonly onPartitions: PartitionsListener;
  readonly trace: Trace;
  /** What must not happen. */
  onMishap(what: string): void;
}

interface Metadata {
  readonly at: number;
  readonly partitions: number;
  readonly writable: readonly number[];
}

const LATE_MS = 3_000;
// As kafkajs's `metadataMaxAge`.
const METADATA_MAX_AGE_MS = 300_000;

const never = (): Promise<never> => new Promise(() => undefined);

export function modelSource(parts: ModelClientParts): ClientSource {
  const { kind } = parts;
  const isOwn = kind === 'own' || kind === 'idempotent';
  const epoch = { number: 0 };
  const one = kind === 'producer' ? new ModelClient(parts, isOwn, epoch) : undefined;
  return {
    make: () => one ?? new ModelClient(parts, isOwn, epoch),
    keepsSendTogether: isOwn,
    resendsWhole: kind === 'idempotent',
    isOwned: kind !== 'producer',
    brokerCount: 1,
  };
}

class ModelClient implements DeliveryClient {
  readonly #parts: ModelClientParts;
  readonly #isOwn: boolean;
  /** Of an idempotent producer: another one where the broker and it disagree. */
  readonly #epoch: { number: number };
  /** Asked for anew after an error. */
  readonly #metadata = new Map<string, Metadata>();
  readonly #busy = new Set<string>();
  #isCut = false;
  /** How often its connections were cut. */
  #renewals = 0;
  readonly renew?: () => Promise<void>;

  constructor(parts: ModelClientParts, isOwn: boolean, epoch: { number: number }) {
    this.#parts = parts;
    this.#isOwn = isOwn;
    this.#epoch = epoch;
    if (parts.kind === 'idempotent') this.renew = () => this.#renew();
  }

  async connect(): Promise<void> {
    const { broker } = this.#parts;
    await this.#wait(broker.latency);
    if (broker.connects === 'refused')
      throw Object.assign(new Error('nobody listens'), { code: 'ECONNREFUSED' });
    if (broker.connects === 'silent') await never();
    if (broker.connects === 'late') await this.#wait(LATE_MS);
  }

  async send(batch: Batch): Promise<unknown> {
    const { clock, producer, trace } = this.#parts;
    const records = seenIn(batch);
    const ids = records.map(({ id }) => id).join();
    const tell = (what: unknown): void =>
      trace?.(`${clock.monotonic()} ${producer} ${batch.topic}/${batch.partition} ${ids}: ${String(what)}`);
    try {
      const answer = await this.#send(batch, records);
      tell(JSON.stringify(answer));
      return answer;
    } catch (error) {
      tell(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    const { broker, kind } = this.#parts;
    if (kind === 'producer') return;
    if (broker.closes === 'silent') await never();
    await this.#wait(broker.latency);
  }

  kill(): void {
    // What was handed in cannot be cut.
    if (this.#isOwn) this.#isCut = true;
  }

  async #renew(): Promise<void> {
    this.#renewals++;
    this.#metadata.clear();
    this.#busy.clear();
    await this.#wait(1);
  }

  async #send(batch: Batch, records: readonly SeenRecord[]): Promise<unknown> {
    const { broker, onMishap, onPartitions } = this.#parts;
    const renewals = this.#renewals;
    const isCut = (): boolean => this.#isCut || renewals !== this.#renewals;
    const { topic } = batch;
    if (records.length === 0) onMishap('a batch without records');
    await this.#wait(broker.latency);
    if (isCut()) throw connectionError('given up');
    const { partitions, writable } = this.#metadataOf(topic);
    if (this.#isOwn) onPartitions(topic, partitions, writable);
    const partition = batch.partition ?? this.#choose(records, partitions, writable);
    if (this.#isOwn) batch.bindTo(partition);
    if (partition >= partitions) return [];
    const where = `${topic}/${partition}`;
    if (this.#isOwn && this.#busy.has(where)) onMishap(`two sends under way to ${where}`);
    this.#busy.add(where);
    try {
      const answer = await this.#produce(topic, partition, records, isCut);
      const answered = answeredPartition(answer, batch);
      if (answered !== undefined) batch.bindTo(answered);
      return answer;
    } catch (error) {
      this.#metadata.delete(topic);
      throw error;
    } finally {
      if (!isCut()) this.#busy.delete(where);
    }
  }

  #choose(records: readonly SeenRecord[], partitions: number, writable: readonly number[]): number {
    const { random, onMishap } = this.#parts;
    const [first] = records;
    const areTogether = records.every(({ key }) => key !== null && key === first?.key);
    if (!this.#isOwn && records.length > 1 && !areTogether)
      onMishap('several records without a partition, for a producer that was handed in');
    return choosePartition(first?.key, partitions, writable, random);
  }

  #metadataOf(name: string): Metadata {
    const known = this.#metadata.get(name);
    const at = this.#parts.clock.monotonic();
    if (known !== undefined && at - known.at < METADATA_MAX_AGE_MS) return known;
    const topic = this.#parts.broker.topic(name);
    throwIfAway(topic);
    const metadata = { at, partitions: topic.partitions, writable: topic.writable };
    this.#metadata.set(name, metadata);
    return metadata;
  }

  async #produce(
    name: string,
    partition: number,
    records: readonly SeenRecord[],
    isCut: () => boolean,
  ): Promise<unknown> {
    const { broker, clock, kind, namesRefused } = this.#parts;
    const topic = broker.topic(name);
    if (!broker.encodesAll && records.some(({ mark }) => mark === ODD))
      throw new TypeError('this record cannot be encoded');
    if (topic.unreachable.has(partition)) throw notSent();
    const what = broker.next(name);
    const numbers = kind === 'idempotent' ? this.#numbers : undefined;
    this.#throwUnsent(what);
    await this.#wait(what === 'slow' ? LATE_MS : broker.latency);
    if (isCut()) throw connectionError('given up');
    throwIfAway(topic);
    if (partition >= topic.partitions) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION', 3);
    if (topic.leaderless.has(partition)) throw protocolError('LEADER_NOT_AVAILABLE', 5);
    judge(records, topic, clock.wall(), namesRefused);
    if (what === 'refused for now') throw protocolError('NOT_LEADER_OR_FOLLOWER', 6);
    if (what === 'answered with an error') return [{ topicName: name, partition, errorCode: 6 }];
    if (what === 'cut before') throw connectionError('reset');
    if (what === 'silent before') await never();
    if (what === 'unnamed' && this.#isOwn) return [];
    const ids = records.map(({ id }) => id);
    broker.store(name, partition, ids, numbers);
    if (what === 'unnamed') return [];
    if (what === 'stored and refused') throw protocolError('NOT_ENOUGH_REPLICAS_AFTER_APPEND', 20);
    if (what === 'cut after') throw connectionError('reset');
    if (what === 'silent after') await never();
    await this.#wait(broker.latency);
    if (isCut()) throw connectionError('given up');
    return [{ topicName: name, partition, errorCode: 0 }];
  }

  get #numbers(): string {
    return `${this.#parts.producer}-${this.#epoch.number}`;
  }

  /** What goes wrong before anything is sent. */
  #throwUnsent(what: Misbehaviour | undefined): void {
    if (what === 'not sent') throw this.#isOwn ? notSent() : connectionError('reset');
    if (what === 'disconnected') throw new Error('The producer is disconnected');
    if (what === 'thrown') throw new Error('something is wrong');
    if (what === 'type error') throw new TypeError('undefined is not a function');
    if (what === 'out of sequence' && this.#parts.kind === 'idempotent') {
      this.#epoch.number++;
      throw protocolError('OUT_OF_ORDER_SEQUENCE_NUMBER', 45);
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#parts.clock.after(ms, resolve));
  }
}

function throwIfAway({ isMissing, isRefused }: ModelTopic): void {
  if (isMissing) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION', 3);
  if (isRefused) throw protocolError('TOPIC_AUTHORIZATION_FAILED', 29);
}

function notSent(): Error {
  return new NotSentError('no connection', { cause: connectionError('refused') });
}
