// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Produce v7 and InitProducerId v1.
import { ERROR } from './apis.ts';
import { readHeader } from './record-batch.ts';
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

const refused = (errorCode: number): AppendResult => ({ errorCode, baseOffset: -1 });

function append(topic: string, data: PartitionData, acks: number, context: AnswerContext): AppendResult {
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
  if (data.bytes.length > state.settings.maxMessageBytes) return refused(ERROR.MESSAGE_TOO_LARGE);
  const header = readHeader(data.bytes);
  if (typeof header === 'number') return refused(header);
  const refusal = owner.refuses(data.bytes, header.records);
  if (refusal !== ERROR.NONE) return refused(refusal);
  const result = partition.append(owner, data.partition, data.bytes, header);
  return isStored && 'stored' in result ? { ...result, errorCode: injected } : result;
}

function outcomeOf(result: AppendResult): ProduceRequest['outcome'] {
  if (!('stored' in result)) return 'refused';
  return result.stored === null ? 'duplicate' : 'stored';
}

class Produce implements PreparedRequest {
  readonly targets: PreparedRequest['targets'];
  readonly #acks: number;
  readonly #topics: TopicData[];

  constructor(acks: number, topics: TopicData[]) {
    this.#acks = acks;
    this.#topics = topics;
    this.targets = topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, records }) => ({ topic, partition, records })),
    );
  }

  answer(context: AnswerContext): Answer {
    let hasError = false;
    const response = new Encoder().writeInt32(this.#topics.length);
    for (const { topic, partitions } of this.#topics) {
      response.writeString(topic).writeInt32(partitions.length);
      for (const data of partitions) {
        const result = append(topic, data, this.#acks, context);
        this.#log(context, topic, data, result.errorCode, outcomeOf(result));
        hasError ||= result.errorCode !== ERROR.NONE;
        response.writeInt32(data.partition).writeInt16(result.errorCode).writeInt64(result.baseOffset);
        // Log append time: -1 as the topic keeps the producer's timestamps; log start: nothing is ever deleted.
        response.writeInt64(-1).writeInt64(0);
        if ('stored' in result && result.stored) context.state.appends.emit('stored', result.stored);
      }
    }
    if (this.#acks !== 0) return response.writeInt32(context.effect.throttle);
    // Without an answer, closing the connection is how Kafka tells a client of acks 0 that something failed.
    if (hasError) context.session.closeAfterAnswer = true;
    return null;
  }

  dropped(context: AnswerContext): void {
    for (const { topic, partitions } of this.#topics) {
      for (const data of partitions) this.#log(context, topic, data, null, 'dropped');
    }
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
      acks: this.#acks,
      at: Date.now(),
      errorCode,
      outcome,
    });
  }
}

export const readProduce: ReadRequest = (decoder) => {
  decoder.readString(); // transactional id: transactions are not offered
  const acks = decoder.readInt16();
  decoder.readInt32(); // timeout: nothing here waits for replicas
  const topics = decoder.readArray((topicDecoder) => ({
    topic: topicDecoder.readString() ?? '',
    partitions: topicDecoder.readArray((partitionDecoder) => {
      const partition = partitionDecoder.readInt32();
      const bytes = partitionDecoder.readBytes() ?? Buffer.alloc(0);
      const records = bytes.length < RECORD_COUNT_AT + 4 ? 0 : bytes.readInt32BE(RECORD_COUNT_AT);
      return { partition, bytes, records };
    }),
  }));
  return new Produce(acks, topics);
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
