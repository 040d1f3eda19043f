// Kafka clients behind the port of lib/clients/client.ts, in front of the model's broker.
import { type Batch, isPacked } from '../../lib/accumulator/batch.ts';
import { choosePartition } from '../../lib/clients/choose-partition.ts';
import type { ClientSource, DeliveryClient, PartitionsListener } from '../../lib/clients/client.ts';
import { NotSentError } from '../../lib/clients/not-sent-error.ts';
import { withRefusedIndexes } from '../../lib/clients/refused-records.ts';
import { answeredPartition } from '../../lib/clients/send-result.ts';
import type { PendingRecord } from '../../lib/record/record.ts';
import { timestampOf } from '../../lib/record/sent-time.ts';
import type { Clock } from '../../lib/util/clock.ts';
import type { Misbehaviour, ModelBroker } from './model-broker.ts';

/** `own`: the transport's; `idempotent`: the same; `producer`: one that was handed in; `factory`: what a function returns. */
export type ClientKind = 'own' | 'idempotent' | 'producer' | 'factory';

/** What a record's text says of it, behind its number. */
export const BIG = 'big';
export const BAD = 'bad';
export const ODD = 'odd';

export function idOf(text: string): number {
  return Number.parseInt(text, 10);
}

interface Seen {
  readonly id: number;
  readonly key: string | Buffer | null;
  readonly time: number;
  readonly mark: string | undefined;
}

interface Metadata {
  readonly at: number;
  readonly partitions: number;
  readonly writable: readonly number[];
}

export interface ModelClientParts {
  readonly kind: ClientKind;
  readonly broker: ModelBroker;
  readonly clock: Clock;
  random(): number;
  /** Whether refused records are named, as from Produce version 8 on. */
  readonly namesRefused: boolean;
  /** Of the process: what was sent as one batch is known by it. */
  readonly producer: string;
  readonly onPartitions: PartitionsListener;
  readonly trace: ((line: string) => void) | undefined;
  /** What must not happen. */
  onMishap(what: string): void;
}

const LATE_MS = 3_000;
// As kafkajs's `metadataMaxAge`.
const METADATA_MAX_AGE_MS = 300_000;

export function modelSource(parts: ModelClientParts): ClientSource {
  const { kind } = parts;
  const isOwn = kind === 'own' || kind === 'idempotent';
  const common = {
    keepsSendTogether: isOwn,
    resendsWhole: kind === 'idempotent',
    isOwned: kind !== 'producer',
    brokerCount: 1,
  };
  let epoch = 0;
  const numbers = (): string => `${parts.producer}-${epoch}`;
  const onOutOfSequence = (): void => void epoch++;
  const one = kind === 'producer' ? new ModelClient(parts, isOwn, numbers, onOutOfSequence) : undefined;
  return { ...common, make: () => one ?? new ModelClient(parts, isOwn, numbers, onOutOfSequence) };
}

class ModelClient implements DeliveryClient {
  readonly #parts: ModelClientParts;
  readonly #isOwn: boolean;
  readonly #numbers: () => string;
  readonly #onOutOfSequence: () => void;
  /** Asked for anew after an error. */
  readonly #metadata = new Map<string, Metadata>();
  readonly #busy = new Set<string>();
  #isCut = false;
  #generation = 0;
  readonly renew?: () => Promise<void>;

  constructor(parts: ModelClientParts, isOwn: boolean, numbers: () => string, onOutOfSequence: () => void) {
    this.#parts = parts;
    this.#isOwn = isOwn;
    this.#numbers = numbers;
    this.#onOutOfSequence = onOutOfSequence;
    if (parts.kind === 'idempotent')
      this.renew = async () => {
        this.#generation++;
        this.#metadata.clear();
        this.#busy.clear();
        await this.#wait(1);
      };
  }

  async connect(): Promise<void> {
    const { broker } = this.#parts;
    await this.#wait(broker.latency);
    if (broker.connects === 'refused')
      throw Object.assign(new Error('nobody listens'), { code: 'ECONNREFUSED' });
    if (broker.connects === 'silent') await new Promise(() => undefined);
    if (broker.connects === 'late') await this.#wait(LATE_MS);
  }

  async send(batch: Batch): Promise<unknown> {
    const records = seenIn(batch);
    const { clock, producer, trace } = this.#parts;
    const tell = (what: string): void =>
      trace?.(`${clock.monotonic()} ${producer} ${batch.topic}/${batch.partition} ${records.map(({ id }) => id).join(',')}: ${what}`);
    try {
      const answer = await this.#send(batch, records);
      tell((answer as unknown[]).length > 0 ? 'stored' : 'no answer');
      return answer;
    } catch (error) {
      tell(String(error));
      throw error;
    }
  }

  async #send(batch: Batch, records: readonly Seen[]): Promise<unknown> {
    const { broker, onMishap } = this.#parts;
    const generation = this.#generation;
    const isCut = (): boolean => this.#isCut || generation !== this.#generation;
    const { topic } = batch;
    if (records.length === 0) onMishap('a batch without records');
    await this.#wait(broker.latency);
    if (isCut()) throw connectionError('given up');
    const { partitions, writable } = this.#metadataOf(topic);
    if (this.#isOwn) {
      this.#parts.onPartitions(topic, partitions, [...writable]);
      if (batch.partition === undefined)
        batch.bindTo(choosePartition(records[0]?.key, partitions, writable, this.#parts.random));
    }
    const keys = new Set(records.map(({ key }) => String(key)));
    if (batch.partition === undefined && (keys.size > 1 || (records[0]?.key === null && records.length > 1)))
      onMishap('several records without a partition, for a producer that was handed in');
    const partition =
      batch.partition ?? choosePartition(records[0]?.key, partitions, writable, this.#parts.random);
    if (partition >= partitions) return [];
    const where = `${topic}/${partition}`;
    if (this.#busy.has(where) && this.#isOwn) onMishap(`two sends under way to ${where}`);
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

  async close(): Promise<void> {
    const { broker, kind } = this.#parts;
    if (kind === 'producer') return;
    if (broker.closes === 'silent') await new Promise(() => undefined);
    await this.#wait(broker.latency);
  }

  kill(): void {
    const { kind } = this.#parts;
    if (kind === 'own' || kind === 'idempotent') this.#isCut = true;
  }

  #metadataOf(name: string): Metadata {
    const known = this.#metadata.get(name);
    const at = this.#parts.clock.monotonic();
    if (known !== undefined && at - known.at < METADATA_MAX_AGE_MS) return known;
    const topic = this.#parts.broker.topic(name);
    if (!topic.exists) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION', 3);
    if (topic.isRefused) throw protocolError('TOPIC_AUTHORIZATION_FAILED', 29);
    const { partitions, writable } = topic;
    const metadata = { at, partitions, writable };
    this.#metadata.set(name, metadata);
    return metadata;
  }

  async #produce(
    name: string,
    partition: number,
    records: readonly Seen[],
    isCut: () => boolean,
  ): Promise<unknown> {
    const { broker, kind } = this.#parts;
    const topic = broker.topic(name);
    if (!broker.encodesAll && records.some(({ mark }) => mark === ODD)) throw new TypeError('this record cannot be encoded');
    if (topic.unreachable.has(partition)) throw notSent();
    const what = broker.next(name);
    const numbers = kind === 'idempotent' ? this.#numbers() : undefined;
    const store = (): void => {
      if (!isCut())
        broker.store(
          name,
          partition,
          records.map(({ id }) => id),
          numbers,
        );
    };
    this.#throwBefore(what);
    await this.#wait(what === 'slow' ? LATE_MS : broker.latency);
    if (isCut()) throw connectionError('given up');
    if (!topic.exists || partition >= topic.partitions) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION', 3);
    if (topic.leaderless.has(partition)) throw protocolError('LEADER_NOT_AVAILABLE', 5);
    if (topic.isRefused) throw protocolError('TOPIC_AUTHORIZATION_FAILED', 29);
    this.#judge(records, topic);
    if (what === 'refused for now') throw protocolError('NOT_LEADER_OR_FOLLOWER', 6);
    if (what === 'answered with an error') return [{ topicName: name, partition, errorCode: 6 }];
    if (what === 'cut before') throw connectionError('reset');
    if (what === 'silent before') await new Promise(() => undefined);
    if (what === 'unnamed' && this.#isOwn) return [];
    store();
    if (what === 'unnamed') return [];
    if (what === 'stored and refused') throw protocolError('NOT_ENOUGH_REPLICAS_AFTER_APPEND', 20);
    if (what === 'cut after') throw connectionError('reset');
    if (what === 'silent after') await new Promise(() => undefined);
    await this.#wait(broker.latency);
    if (isCut()) throw connectionError('given up');
    return [{ topicName: name, partition, errorCode: 0 }];
  }

  #throwBefore(what: Misbehaviour | undefined): void {
    if (what === 'not sent') throw this.#isOwn ? notSent() : connectionError('reset');
    if (what === 'disconnected') throw new Error('The producer is disconnected');
    if (what === 'thrown') throw new Error('something is wrong');
    if (what === 'type error') throw new TypeError('undefined is not a function');
    if (what === 'out of sequence' && this.#parts.kind === 'idempotent') {
      this.#onOutOfSequence();
      throw protocolError('OUT_OF_ORDER_SEQUENCE_NUMBER', 45);
    }
  }

  #judge(
    records: readonly Seen[],
    { refusesKeyless, maxAge }: { refusesKeyless: boolean; maxAge: number },
  ): void {
    if (records.some(({ mark }) => mark === BIG)) throw protocolError('MESSAGE_TOO_LARGE', 10);
    if (records.some(({ time }) => this.#parts.clock.wall() - time > maxAge))
      throw protocolError('INVALID_TIMESTAMP', 32);
    const refused = [...records.entries()].filter(
      ([, { mark, key }]) => mark === BAD || (refusesKeyless && key === null),
    );
    if (refused.length === 0) return;
    const error = protocolError('INVALID_RECORD', 87);
    throw this.#parts.namesRefused
      ? withRefusedIndexes(
          error,
          refused.map(([at]) => at),
        )
      : error;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#parts.clock.after(ms, resolve));
  }
}

function seenIn({ content }: Batch): Seen[] {
  if (!isPacked(content)) return content.map(seen);
  const records: Seen[] = [];
  content.each((page, at) => {
    const text = page.textAt(at);
    records.push({ id: idOf(text), key: page.keyAt(at), time: page.timeAt(at), mark: text.split(' ')[1] });
  });
  return records;
}

function seen(record: PendingRecord): Seen {
  const text = String(record.value ?? record.text);
  return { id: idOf(text), key: record.key, time: timestampOf(record), mark: text.split(' ')[1] };
}

function protocolError(type: string, code: number): Error {
  return Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type, code });
}

function connectionError(message: string): Error {
  return Object.assign(new Error(message), { name: 'KafkaJSConnectionError' });
}

function notSent(): Error {
  return new NotSentError('no connection', { cause: connectionError('refused') });
}
