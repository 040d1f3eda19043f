import { type Batch, seqsOf } from '../../../accumulator/batch.ts';
import { messageOf } from '../../../errors.ts';
import { RenumberedError, SequenceError, sequenceFaultOf } from '../../idempotence.ts';
import type { KafkajsProduce } from '../workarounds.ts';
import { answerIn, isRefused } from './produce-answers.ts';
import type { NumberedBatch, ProducerId, ProducerSequences } from './producer-sequences.ts';

interface Attempt {
  readonly batch: Batch;
  /** Which records it has, while it is known: a batch that is given up gives its pages back. */
  readonly ids: readonly number[];
  /** Nothing before its Produce request is made. */
  numbered: NumberedBatch | undefined;
  /** It has failed before anything of it was written. */
  isUnwritten: boolean;
}

/** What a send tells of itself. */
export interface SendEvents {
  /** Its records, as kafkajs is given them. */
  onMessages(messages: object): void;
  /** It has failed, and nothing of it was written: no broker can have the batch. */
  onUnwritten(): void;
}

/** Sends a batch. */
export type SendBatch = (events: SendEvents) => Promise<unknown>;

/**
 * Puts our own producer id, epoch and sequence numbers into the Produce requests of a kafkajs client. The numbers belong to the
 * source of clients: one that takes another one's place goes on with them, so that the broker knows a batch that is sent again.
 *
 * kafkajs's own numbers do not do: it gives those of a failed batch to whatever it sends next (producer/sendMessages.js), also
 * after `DUPLICATE_SEQUENCE_NUMBER`; and a new client has a new producer id.
 */
export class NumberedSends {
  readonly #sequences: ProducerSequences;
  readonly #underWay = new Set<Attempt>();
  /** By the messages that kafkajs is given. */
  readonly #byMessages = new WeakMap<object, Attempt>();

  constructor(sequences: ProducerSequences) {
    this.#sequences = sequences;
  }

  /** Sends a batch. What comes of it decides what becomes of its numbers. */
  async send(batch: Batch, send: SendBatch): Promise<unknown> {
    const ids = seqsOf(batch.content);
    const attempt: Attempt = { batch, ids, numbered: undefined, isUnwritten: false };
    this.#underWay.add(attempt);
    try {
      const answer = await send({
        onMessages: (messages) => this.#byMessages.set(messages, attempt),
        onUnwritten: () => {
          attempt.isUnwritten = true;
        },
      });
      if (attempt.numbered !== undefined) this.#sequences.onStored(attempt.numbered);
      return answer;
    } catch (error) {
      throw attempt.numbered === undefined ? error : this.#afterFailure(attempt, attempt.numbered, error);
    } finally {
      this.#underWay.delete(attempt);
    }
  }

  /**
   * A Produce request as kafkajs would send it, with numbers of ours.
   *
   * @throws SequenceError where there are none for it
   */
  numbered(request: KafkajsProduce): KafkajsProduce {
    const [data] = request.topicData;
    const [entry] = data?.partitions ?? [];
    if (data === undefined || entry === undefined) return request;
    const target = { topic: data.topic, partition: Number(entry.partition) };
    const attempt = this.#attemptOf(target, entry.messages);
    if (attempt === undefined) throw new SequenceError(target, 'it is not known which batch this is');
    const records = { ids: attempt.ids, count: entry.messages.length };
    attempt.numbered ??= this.#sequences.begin(keyOf(target), records, producerOf(request));
    const { numbered } = attempt;
    if (numbered === undefined) throw new SequenceError(target, 'its producer id cannot be used any more');
    const { producerId, producerEpoch, firstSequence } = numbered;
    const partitions = [{ ...entry, firstSequence }];
    return { ...request, producerId, producerEpoch, topicData: [{ ...data, partitions }] };
  }

  /** An instrumented `send` may have replaced the array of messages. Then there must be no doubt about whose they are. */
  #attemptOf(target: Target, messages: object): Attempt | undefined {
    const known = this.#byMessages.get(messages);
    if (known !== undefined) return known;
    const candidates = [...this.#underWay].filter(({ batch }) => isFor(batch, target));
    return candidates.length === 1 ? candidates[0] : undefined;
  }

  /** @returns what the send fails with */
  #afterFailure({ batch, isUnwritten }: Attempt, numbered: NumberedBatch, error: unknown): unknown {
    const answer = answerIn(error);
    switch (answer && sequenceFaultOf(answer)) {
      case 'already-stored':
        this.#sequences.onStored(numbered);
        return error;
      case 'unknown-producer':
        this.#sequences.onUnknownProducer(numbered);
        return error;
      case 'out-of-sequence':
        return this.#sequences.onOutOfSequence(numbered)
          ? new RenumberedError(batch, messageOf(error))
          : error;
      default:
        // After any other error the batch may be stored: its numbers are not given to other records.
        if (isUnwritten || isRefused(error)) this.#sequences.onNotStored(numbered);
        return error;
    }
  }
}

interface Target {
  readonly topic: string;
  readonly partition: number;
}

function isFor(batch: Batch, { topic, partition }: Target): boolean {
  return batch.topic === topic && batch.partition === partition;
}

function keyOf({ topic, partition }: Target): string {
  return `${topic}/${partition}`;
}

/** The one that kafkajs has been given for itself. */
function producerOf({ producerId, producerEpoch = 0 }: KafkajsProduce): ProducerId {
  return { producerId: String(producerId), producerEpoch };
}
