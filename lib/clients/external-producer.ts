import type { CompressionTypes } from 'kafkajs';
import type { Batch } from '../accumulator/batch.ts';
import { endSoon } from '../loop-safety/end-soon.ts';
import { guardSync, runInScope, type Scope } from '../loop-safety/guard.ts';
import { handleRejection } from '../util/thenable.ts';
import type { ClientSource, DeliveryClient } from './client.ts';
import { type ClientMessage, messagesOf } from './client-messages.ts';
import { PRODUCER_RULE, producerProblem } from './producer-rule.ts';
import { ProviderError } from './provider-error.ts';
import { answeredPartition } from './send-result.ts';

/** What the transport hands to a producer: all records of one topic and, as soon as one is known, one partition. */
export interface ProducerRecordLike {
  topic: string;
  messages: ClientMessage[];
  acks?: number;
  compression?: CompressionTypes;
}

/**
 * Any client with kafkajs's `connect`, `send` and `disconnect`, such as `kafka.producer()`.
 *
 * What `send` resolves with is checked: it must have an entry with `topicName`, `partition` and `errorCode` 0 for
 * the partition that the records went to, as kafkajs's has. Without one, nobody has confirmed the records, and
 * they are sent again.
 */
export interface ProducerLike {
  /** Resolves when records can be sent. Called before the first send, and after a disconnect. */
  connect(): Promise<unknown>;
  /** Sends a {@link ProducerRecordLike}: one topic's records. Resolves when the broker has acknowledged them. */
  // biome-ignore lint/suspicious/noExplicitAny: the engines' own record types differ, and each must fit
  send(record: any): Promise<unknown>;
  /** Closes the connections. Called of a producer that the transport has asked a function for, never of the caller's. */
  disconnect(): Promise<unknown>;
}

interface ExternalProducerSourceOptions {
  producer: ProducerLike | (() => ProducerLike);
  /** Only passed on when the caller asked: other engines throw when they are there at all. */
  acks: -1 | 1 | undefined;
  compression: CompressionTypes | undefined;
}

/** Uses a producer of the caller's: the one object for ever, or a fresh one of a factory for each client. */
export function externalProducerSource({
  producer,
  acks,
  compression,
}: ExternalProducerSourceOptions): ClientSource {
  const extras = { ...(acks !== undefined && { acks }), ...(compression !== undefined && { compression }) };
  if (typeof producer === 'function') {
    return {
      make: () => new ExternalProducer(made(producer), true, extras),
      keepsSendTogether: false,
      resendsWhole: false,
      isOwned: true,
      brokerCount: 1,
    };
  }
  return {
    make: () => new ExternalProducer(producer, false, extras),
    keepsSendTogether: false,
    resendsWhole: false,
    isOwned: false,
    brokerCount: 1,
  };
}

/** What a function has made may be anything: without a word, the error would be that something is not a function. */
function made(factory: () => ProducerLike): ProducerLike {
  let producer: unknown;
  try {
    producer = guardSync(factory);
  } catch (error) {
    throw new ProviderError('producer', error);
  }
  const problem = producerProblem(producer);
  if (problem === undefined) return producer as ProducerLike;
  handleRejection(producer);
  throw new Error(`the "producer" function must return ${PRODUCER_RULE}; it returned ${problem}`);
}

class ExternalProducer implements DeliveryClient {
  readonly #producer: ProducerLike;
  readonly #isOwned: boolean;
  readonly #extras: Pick<ProducerRecordLike, 'acks' | 'compression'>;
  /** Its log lines may go anywhere, the application's logger included: so all it does is inside the flag. */
  readonly #scope: Scope = { active: true };
  /** What it is doing. */
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(
    producer: ProducerLike,
    isOwned: boolean,
    extras: Pick<ProducerRecordLike, 'acks' | 'compression'>,
  ) {
    this.#producer = producer;
    this.#isOwned = isOwned;
    this.#extras = extras;
  }

  async connect(): Promise<void> {
    await this.#inside(() => this.#producer.connect());
  }

  async send(batch: Batch): Promise<unknown> {
    const record: ProducerRecordLike = { topic: batch.topic, messages: messagesOf(batch), ...this.#extras };
    const answer = await this.#inside(() => this.#producer.send(record));
    const partition = answeredPartition(answer, batch);
    if (partition !== undefined) batch.bindTo(partition);
    return answer;
  }

  async close(): Promise<void> {
    if (this.#isOwned) await this.#inside(() => this.#producer.disconnect());
  }

  kill(): void {
    // There is no way to cut a client that is not ours: it may go on with what it was asked, and log that.
    if (this.#isOwned) void Promise.allSettled(this.#underWay).then(() => endSoon(this.#scope));
  }

  /** Also awaited in there: a thenable that is no promise may begin its work when it is asked. */
  #inside<Result>(fn: () => Promise<Result>): Promise<Result> {
    const doing = runInScope(this.#scope, async () => await fn());
    this.#underWay.add(doing);
    const done = (): void => void this.#underWay.delete(doing);
    doing.then(done, done);
    return doing;
  }
}
