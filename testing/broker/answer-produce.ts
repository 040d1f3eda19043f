// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Produce v3 to v12 and InitProducerId v1.
import { ERROR, isFlexible } from './apis.ts';
import { FIXED, FLEXIBLE } from './field-layout.ts';
import { ProduceResponse, type TopicAnswer } from './produce-response.ts';
import { errorOfBody, readHeader } from './record-batch.ts';
import { lacksReplicas, refused } from './refusals.ts';
import type { Answer, AnswerContext, PreparedRequest, ProduceRequest, ReadRequest } from './state.ts';
import type { AppendResult } from './topics.ts';
import { Encoder } from './wire.ts';

interface PartitionData {
  readonly partition: number;
  readonly bytes: Buffer;
  readonly records: number;
}

interface TopicData {
  readonly topic: string;
  readonly partitions: PartitionData[];
}

const RECORD_COUNT_AT = 57;
const ACKS = [-1, 0, 1];

interface Terms {
  readonly acks: number;
  readonly version: number;
}

function append(topic: string, data: PartitionData, terms: Terms, context: AnswerContext): AppendResult {
  const { acks, version } = terms;
  const { state, broker, effect } = context;
  const injected = effect.errorOf(topic, data.partition);
  // This one says by its name that the batch is stored: so it is.
  const isStored = injected === ERROR.NOT_ENOUGH_REPLICAS_AFTER_APPEND;
  if (injected !== ERROR.NONE && !isStored) return refused(injected);
  if (!ACKS.includes(acks)) return refused(ERROR.INVALID_REQUIRED_ACKS);
  const owner = state.topics.get(topic);
  const partition = owner?.partitions[data.partition];
  if (owner === undefined || partition === undefined) return refused(ERROR.UNKNOWN_TOPIC_OR_PARTITION);
  if (partition.leader !== broker) return refused(ERROR.NOT_LEADER_OR_FOLLOWER);
  if (acks === -1 && lacksReplicas(owner.settings)) return refused(ERROR.NOT_ENOUGH_REPLICAS);
  if (data.bytes.length > state.settings.maxMessageBytes) return refused(ERROR.MESSAGE_TOO_LARGE);
  const header = readHeader(data.bytes);
  if (typeof header === 'number') return refused(header);
  const bodyError = errorOfBody(data.bytes, header.records);
  if (bodyError !== ERROR.NONE) return refused(bodyError);
  const refusal = owner.refusal(data.partition, data.bytes, header.records);
  if (refusal !== null) return refusal;
  const result = partition.append(owner, data.partition, data.bytes, header, version);
  return isStored && 'stored' in result ? { ...result, errorCode: injected } : result;
}

function outcomeOf(result: AppendResult): ProduceRequest['outcome'] {
  if (!('stored' in result)) return 'refused';
  return result.stored === null ? 'duplicate' : 'stored';
}

class Produce implements PreparedRequest {
  readonly targets: PreparedRequest['targets'];
  readonly #terms: Terms;
  readonly #topics: TopicData[];

  constructor(terms: Terms, topics: TopicData[]) {
    this.#terms = terms;
    this.#topics = topics;
    this.targets = topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, records }) => ({ topic, partition, records })),
    );
  }

  answer(context: AnswerContext): Answer {
    const answers = this.#topics.map(({ topic, partitions }): TopicAnswer => {
      const append = (data: PartitionData): AppendResult => this.#append(topic, data, context);
      return {
        topic,
        partitions: partitions.map((data) => ({ partition: data.partition, result: append(data) })),
      };
    });
    if (this.#terms.acks !== 0) {
      return new ProduceResponse(this.#terms.version, context.state).encode(answers, context.effect.throttle);
    }
    const hasError = answers.some(({ partitions }) =>
      partitions.some(({ result }) => result.errorCode !== ERROR.NONE),
    );
    // Without an answer, closing the connection is how Kafka tells a client of acks 0 that something failed.
    if (hasError) context.session.closeAfterAnswer = true;
    return null;
  }

  dropped(context: AnswerContext): void {
    for (const { topic, partitions } of this.#topics) {
      for (const data of partitions) this.#log(context, topic, data, null, 'dropped');
    }
  }

  #append(topic: string, data: PartitionData, context: AnswerContext): AppendResult {
    const result = append(topic, data, this.#terms, context);
    this.#log(context, topic, data, result.errorCode, outcomeOf(result));
    if ('stored' in result && result.stored) context.state.appends.emit('stored', result.stored);
    return result;
  }

  #log(
    context: AnswerContext,
    topic: string,
    { partition, records }: PartitionData,
    errorCode: number | null,
    outcome: ProduceRequest['outcome'],
  ): void {
    context.state.produceRequests.push({
      broker: context.broker,
      connection: context.session.id,
      topic,
      partition,
      records,
      ...this.#terms,
      at: Date.now(),
      errorCode,
      outcome,
    });
  }
}

export const readProduce: ReadRequest = (decoder, _state, version) => {
  const layout = isFlexible('Produce', version) ? FLEXIBLE : FIXED;
  layout.readString(decoder); // transactional id: transactions are not offered
  const acks = decoder.readInt16();
  decoder.readInt32(); // timeout: nothing here waits for replicas
  const topics = layout.readArray(decoder, () => {
    const topic = layout.readString(decoder) ?? '';
    const partitions = layout.readArray(decoder, () => {
      const partition = decoder.readInt32();
      const bytes = layout.readBytes(decoder) ?? Buffer.alloc(0);
      const records = bytes.length < RECORD_COUNT_AT + 4 ? 0 : bytes.readInt32BE(RECORD_COUNT_AT);
      layout.readEnd(decoder);
      return { partition, bytes, records };
    });
    layout.readEnd(decoder);
    return { topic, partitions };
  });
  layout.readEnd(decoder);
  // Kafka would go on or close the connection; here the spec is to learn of it, by a stop() that rejects.
  const { offset, buffer } = decoder;
  if (offset !== buffer.length) {
    throw new RangeError(`Produce ${version} was read to byte ${offset} of ${buffer.length}`);
  }
  return new Produce({ acks, version }, topics);
};

export const readInitProducerId: ReadRequest = (decoder) => {
  decoder.readString(); // transactional id
  decoder.readInt32(); // transaction timeout
  return {
    targets: [],
    answer: ({ state, effect }) => {
      const error = effect.errorOf();
      return new Encoder()
        .writeInt32(effect.throttle)
        .writeInt16(error)
        .writeInt64(error === ERROR.NONE ? state.nextProducerId() : -1)
        .writeInt16(error === ERROR.NONE ? 0 : -1);
    },
  };
};
