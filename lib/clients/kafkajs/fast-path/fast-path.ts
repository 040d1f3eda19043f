import { guardSync } from '../../../loop-safety/guard.ts';
import { errorCodeOf } from '../../../protocol/error-codes.ts';
import { PRODUCE_API_KEY, produceRequestBody, produceVersion } from '../../../protocol/produce-request.ts';
import {
  type PartitionResponse,
  type ProduceResponse,
  readProduceResponse,
} from '../../../protocol/produce-response.ts';
import { NO_PRODUCER, type ProducerIdentity, recordBatchOf } from '../../../protocol/record-batch.ts';
import { type EncodedRecords, RECORD_BATCH_HEADER_BYTES } from '../../../protocol/records-encoder.ts';
import { withRefusedIndexes } from '../../refused-records.ts';
import { codecOf } from '../codecs.ts';
import { kafkajs } from '../kafkajs.ts';
import { type BrokerConnection, interceptProduce, type KafkajsProduce } from '../workarounds.ts';
import { untouchedRecords } from './lazy-messages.ts';

export interface FastPathOptions {
  /** A broker asks for a pause: kafkajs makes it. */
  onThrottle(ms: number): void;
  readonly compressionLevel: number | undefined;
}

type Produce = (request: KafkajsProduce) => Promise<unknown>;

/** Has a request produced, under the producer id and the sequence numbers that it is to have. */
export type Numbering = (request: KafkajsProduce, produce: Produce) => Promise<unknown>;

/**
 * Record batches of our own, in Produce requests of our own, over the connections that a kafkajs client opens, authenticates
 * and keeps. Metadata, leaders and all else of a send stay kafkajs's: only what it calls `broker.produce` for is done here.
 * kafkajs's encoder takes several times as long as all the rest of a send.
 */
export class FastPath {
  /** Whether a send has gone kafkajs's way: somebody has looked at its messages, or the broker speaks no version of ours. */
  #hasGivenWay = false;
  readonly #isInstalled: () => boolean;
  readonly #options: FastPathOptions;

  /**
   * @param kafka a kafkajs client whose producer is not made yet
   * @param numbered only of an idempotent producer: also what kafkajs is to produce goes under these numbers
   */
  constructor(
    kafka: object,
    options: FastPathOptions,
    numbered: Numbering = (request, produce) => produce(request),
  ) {
    this.#options = options;
    this.#isInstalled = interceptProduce(kafka, (request, connection) =>
      numbered(request, (own) => this.#produce(own, connection)),
    );
  }

  /** Known once the producer is made. */
  get isInstalled(): boolean {
    return this.#isInstalled();
  }

  /** Whether sends go this way. */
  get isInUse(): boolean {
    return this.isInstalled && !this.#hasGivenWay;
  }

  #produce(request: KafkajsProduce, connection: BrokerConnection): Promise<unknown> {
    const target = targetOf(request);
    const version = produceVersion(connection.versions?.[PRODUCE_API_KEY]);
    this.#hasGivenWay = target === undefined || version === undefined;
    return target === undefined || version === undefined
      ? connection.produce(request)
      : this.#send(request, connection, target, version);
  }

  async #send(
    { acks = -1, timeout = 30_000, compression = 0, producerId, producerEpoch }: KafkajsProduce,
    connection: BrokerConnection,
    { topic, partition, records, firstSequence }: Target,
    version: number,
  ): Promise<unknown> {
    const producer = producerOf(producerId, producerEpoch, firstSequence);
    const compressed = compression === 0 ? undefined : await this.#compressed(compression, records);
    const batch = recordBatchOf(records, producer, compression, compressed);
    const body = produceRequestBody({ version, acks, timeoutMs: timeout, topic, partition, batch });
    return await connection.send({
      request: { apiKey: PRODUCE_API_KEY, apiVersion: version, apiName: 'Produce' },
      body,
      response: {
        decode: async (payload) => {
          const response = readProduceResponse(payload, version);
          if (response.throttleTimeMs > 0) this.#options.onThrottle(response.throttleTimeMs);
          // What kafkajs holds its next requests back by.
          return { ...response, clientSideThrottleTime: response.throttleTimeMs };
        },
        parse: async (response: ProduceResponse) => withoutErrors(response),
      },
    });
  }

  async #compressed(compression: number, { bytes }: EncodedRecords): Promise<Buffer> {
    // A registered one may log. Up to its first `await`: beyond that the asynchronous half of the flag would be needed, for all codecs.
    return await guardSync(() => {
      const codec = codecOf(compression, this.#options.compressionLevel);
      if (codec === undefined) throw new TypeError(`there is no codec for compression type ${compression}`);
      return codec.compress({ buffer: bytes.subarray(RECORD_BATCH_HEADER_BYTES) });
    });
  }
}

/** What a Produce request carries. */
interface Target {
  readonly topic: string;
  readonly partition: number;
  readonly records: EncodedRecords;
  readonly firstSequence: number;
}

/** The transport's sends have one topic and one partition each. */
function targetOf({ topicData, transactionalId }: KafkajsProduce): Target | undefined {
  const [data, ...others] = topicData;
  const [entry, ...more] = data?.partitions ?? [];
  const records = untouchedRecords(entry?.messages);
  if (data === undefined || entry === undefined || records === undefined) return undefined;
  if (others.length > 0 || more.length > 0 || transactionalId !== undefined) return undefined;
  const { partition, firstSequence } = entry;
  return { topic: data.topic, partition: Number(partition), records, firstSequence };
}

/** kafkajs has a producer that is not idempotent by the number -1. */
function producerOf(id: unknown, epoch = 0, firstSequence = 0): ProducerIdentity {
  const producerId = BigInt(String(id ?? -1));
  return producerId < 0n ? NO_PRODUCER : { producerId, producerEpoch: epoch, firstSequence };
}

/** @throws KafkaJSProtocolError where the broker has refused the batch, with the records at fault where it names them */
function withoutErrors(response: ProduceResponse): ProduceResponse {
  for (const { partitions } of response.topics)
    for (const partition of partitions) if (partition.errorCode !== 0) throw errorOf(partition);
  return response;
}

function errorOf({ errorCode, errorMessage, recordErrors }: PartitionResponse): Error {
  const { KafkaJSProtocolError } = kafkajs();
  const known = errorCodeOf(errorCode);
  const why = [errorMessage, recordErrors[0]?.message].find((text) => text !== null && text !== undefined);
  const message = why === undefined ? known.message : `${known.message}: ${why}`;
  const error = new KafkaJSProtocolError({ ...known, message } as unknown as Error);
  return withRefusedIndexes(
    error,
    recordErrors.map(({ batchIndex }) => batchIndex),
  );
}
