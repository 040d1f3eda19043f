import type {
  Broker,
  Connection,
  Producer,
  CompressionAlgorithmValue as ProducerCompression,
} from '@platformatic/kafka';
import type { CompressionTypes } from 'kafkajs';
import type { Batch } from '../../accumulator/batch.ts';
import { endSoon } from '../../loop-safety/end-soon.ts';
import { runInScope, type Scope } from '../../loop-safety/guard.ts';
import { errorCodeOf } from '../../protocol/error-codes.ts';
import { rootCause } from '../../util/root-cause.ts';
import { choosePartition } from '../choose-partition.ts';
import { type ClientSource, type DeliveryClient, GIVEN_UP } from '../client.ts';
import { type ClientMessage, messagesOf } from '../client-messages.ts';
import { rotated } from '../kafkajs/brokers/broker-list.ts';
import { guardedProviders } from '../kafkajs/guarded-config.ts';
import type { KafkajsClientOptions } from '../kafkajs/kafkajs-client.ts';
import { Secrets } from '../kafkajs/secrets.ts';
import { destroyWhereUnreadable } from '../kafkajs/workarounds.ts';
import { type ClientLines, clientLines } from './client-lines.ts';
import type { PlatformaticClient } from './client-option.ts';
import { translatedError } from './errors.ts';
import { producerOptions } from './kafka-options.ts';
import { loadPlatformatic } from './load.ts';
import { platformaticMessages } from './platformatic-messages.ts';

export interface PlatformaticClientOptions
  extends Omit<KafkajsClientOptions, 'idempotent' | 'compressionLevel' | 'fastPath'> {
  client: PlatformaticClient;
}

type OwnProducer = Producer<Buffer, Buffer, Buffer, Buffer>;

/** Of each partition its leader, below 0 where there is none. */
type Leaders = readonly (number | undefined)[];

const COMPRESSIONS: Readonly<Record<CompressionTypes, ProducerCompression>> = {
  0: 'none',
  1: 'gzip',
  2: 'snappy',
  3: 'lz4',
  4: 'zstd',
};

const OUT_OF_ORDER_SEQUENCE_NUMBER = 45;

// As kafkajs asks for metadata anew, when nothing has failed.
const METADATA_MAX_AGE_MS = 300_000;

/** Makes clients of @platformatic/kafka. */
export function platformaticSource(options: PlatformaticClientOptions): ClientSource {
  let made = Math.floor(options.random() * 1024);
  const secrets = new Secrets();
  return {
    make: () => new PlatformaticDelivery(options, secrets, made++),
    keepsSendTogether: true,
    resendsWhole: false,
    isOwned: true,
    // Each of them tries all brokers.
    brokerCount: 1,
  };
}

class PlatformaticDelivery implements DeliveryClient {
  readonly #options: PlatformaticClientOptions;
  readonly #secrets: Secrets;
  readonly #generation: number;
  readonly #log: ClientLines;
  #producer: OwnProducer | undefined;
  readonly #connections = new Set<Connection>();
  /** Of the connection that is being opened: see `producerOptions`. */
  #host = '';
  /** Topics of which the metadata may be out of date: a send has failed. */
  readonly #stale = new Set<string>();
  /** Anybody may subscribe to its diagnostics channels, and log there: so all it does is inside the flag. */
  readonly #scope: Scope = { active: true };
  /** The connection that was closed last, in words. */
  #closed: string | undefined;
  #isClosed = false;
  #isKilled = false;
  /** Those that are under way. */
  readonly #sends = new Set<Promise<unknown>>();

  /** @param generation how many clients came before: each starts with another one of the brokers */
  constructor(options: PlatformaticClientOptions, secrets: Secrets, generation: number) {
    this.#options = options;
    this.#secrets = secrets;
    this.#generation = generation;
    const { kafka, logCreator: creator, logLevel: limit, onPath } = options;
    secrets.addFrom(kafka);
    this.#log = clientLines(creator, limit, kafka.clientId ?? '');
    onPath('client');
  }

  connect(): Promise<void> {
    return this.#inside(async () => {
      const { client, kafka, requestTimeoutMs } = this.#options;
      const { Producer } = await loadPlatformatic(client);
      const guarded = { ...kafka, ...guardedProviders(kafka, (token) => this.#secrets.add(token)) };
      const list = typeof guarded.brokers === 'function' ? await guarded.brokers() : guarded.brokers;
      if (this.#isKilled) throw new Error(GIVEN_UP);
      const options = producerOptions({
        kafka: guarded,
        brokers: rotated(list, this.#generation),
        requestTimeoutMs,
        host: () => this.#host,
      });
      const producer: OwnProducer = new Producer(options);
      producer.initIdempotentProducer = refuseAnotherTry as OwnProducer['initIdempotentProducer'];
      this.#producer = producer;
      this.#watch(producer);
      await producer.metadata({ topics: [] });
    });
  }

  send(batch: Batch): Promise<unknown> {
    // Now: whoever gives the batch up meanwhile lets its memory be written to.
    const sending = this.#isClosed ? Promise.reject(notConnected()) : this.#send(batch, messagesOf(batch));
    this.#sends.add(sending);
    const settled = (): void => void this.#sends.delete(sending);
    sending.then(settled, settled);
    return sending;
  }

  async #send(batch: Batch, messages: readonly ClientMessage[]): Promise<unknown> {
    const leaders = await this.#inside(() => this.#leadersOf(batch.topic), true);
    const { topic } = batch;
    const partition =
      batch.partition ??
      choosePartition(messages[0]?.key, leaders.length, writableOf(leaders), this.#options.random);
    batch.bindTo(partition);
    // Nothing is sent, and nothing confirmed: @platformatic/kafka would take another partition, modulo their count.
    if (!hasLeader(leaders[partition])) {
      this.#stale.add(topic);
      return [];
    }
    const { acks, compression = 0 } = this.#options;
    return await this.#inside(async () => {
      const { offsets = [] } = await this.#connected().send({
        messages: platformaticMessages(messages, topic, partition),
        acks,
        compression: COMPRESSIONS[compression],
        repeatOnStaleMetadata: false,
      });
      return offsets.map((at) => ({
        topicName: at.topic,
        partition: at.partition,
        errorCode: 0,
        baseOffset: String(at.offset),
      }));
    }).catch((error: unknown) => {
      if (mayBeStale(error)) this.#stale.add(topic);
      throw error;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    // It would end the connections under them (`close` in network/connection.js).
    await Promise.allSettled(this.#sends);
    await this.#inside(async () => await this.#producer?.close());
  }

  kill(): void {
    this.#isKilled = true;
    // So that it opens no other connection. It first writes what is left on those that there are, unless they are cut.
    this.#inside(async () => await this.#producer?.close()).catch(() => undefined);
    for (const { socket } of this.#connections) socket?.destroy(new Error(GIVEN_UP));
    endSoon(this.#scope);
  }

  /** What is known of a topic, passed on with every send: the accumulator may have been asked to forget it. */
  async #leadersOf(topic: string): Promise<Leaders> {
    const forceUpdate = this.#stale.has(topic);
    const { topics } = await this.#connected().metadata({
      topics: [topic],
      metadataMaxAge: METADATA_MAX_AGE_MS,
      forceUpdate,
    });
    if (forceUpdate) this.#stale.delete(topic);
    // Of a topic of Kafka's own there is none (clients/base/base.js, `isInternal`).
    const leaders = Array.from(topics.get(topic)?.partitions ?? [], (partition) => partition?.leader);
    if (leaders.length > 0) this.#options.onPartitions(topic, leaders.length, writableOf(leaders));
    return leaders;
  }

  #connected(): OwnProducer {
    if (this.#producer === undefined || this.#isKilled) throw notConnected();
    return this.#producer;
  }

  /** Its connections, remembered: a client that hangs can only be ended by cutting them. */
  #watch({ connections }: OwnProducer): void {
    connections.on('connecting', ({ broker, connection }: { broker: Broker; connection: Connection }) => {
      this.#host = broker.host;
      this.#connections.add(connection);
      // It has a listener for the first error only (network/connection-pool.js): the second would end the process.
      connection.on('error', () => undefined);
      // It has its socket by then. What that cannot read of an answer (`#onData` in network/connection.js) would end the process, too.
      queueMicrotask(() => connection.socket && destroyWhereUnreadable(connection.socket));
      connection.once('close', () => {
        this.#connections.delete(connection);
        // Where the broker has closed it, its timer for the end of the SASL session is left, and would keep the process alive (`#onClose`
        // in network/connection.js).
        void connection.close();
        const address = `${broker.host}:${broker.port}`;
        this.#closed = connection.socket.bytesRead > 0 ? address : `${address}, without an answer`;
      });
    });
    connections.on('connect', ({ broker }: { broker: Broker }) => this.#tell('debug', 'Connected', broker));
    connections.on('disconnect', ({ broker }: { broker: Broker }) =>
      this.#tell('debug', 'Disconnected', broker),
    );
    connections.on('failed', ({ broker, connection }: { broker: Broker; connection: Connection }) => {
      this.#tell('error', 'Failed to connect', broker);
      // It only says that it ends its side (`#onConnectionError`): a broker that does not answer would keep it open.
      connection.socket?.destroy();
      this.#connections.delete(connection);
    });
  }

  #tell(level: Parameters<ClientLines>[0], message: string, { host, port }: Broker): void {
    // What it has to say about being cut off is of no use to anybody.
    if (!this.#isKilled) this.#log(level, message, `${host}:${port}`);
  }

  /** @param isUnsent whether nothing can have been sent where it fails */
  async #inside<Result>(fn: () => Promise<Result>, isUnsent = false): Promise<Result> {
    try {
      return await runInScope(this.#scope, fn);
    } catch (error) {
      throw this.#secrets.cleaned(translatedError(error, { isUnsent, closed: this.#closed }));
    }
  }
}

function notConnected(): Error {
  return new Error('this client is not connected');
}

/**
 * After an error about sequence numbers, which an idempotent producer alone should get, it asks for a new producer id and sends the
 * batch again by itself (`#recoverIdempotentProducer` in clients/producer/producer.js). The sender does that.
 */
function refuseAnotherTry(_options: unknown, callback?: (error: Error) => void): unknown {
  const { code, message } = errorCodeOf(OUT_OF_ORDER_SEQUENCE_NUMBER);
  return callback?.(Object.assign(new Error(message), { apiCode: code }));
}

function writableOf(leaders: Leaders): number[] {
  return [...leaders.keys()].filter((partition) => hasLeader(leaders[partition]));
}

function hasLeader(leader: number | undefined): boolean {
  return leader !== undefined && leader >= 0;
}

/** Whether the partition may have another leader by now, or that broker another address. */
function mayBeStale(error: unknown): boolean {
  const { code } = rootCause(error);
  return typeof code !== 'number' || errorCodeOf(code).retriable;
}
