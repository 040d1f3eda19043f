import type { CompressionTypes, KafkaConfig, logCreator, logLevel, Producer } from 'kafkajs';
import type { Batch } from '../../accumulator/batch.ts';
import { messageOf } from '../../errors.ts';
import { endSoon } from '../../loop-safety/end-soon.ts';
import { runInScope, type Scope } from '../../loop-safety/guard.ts';
import { systemClock } from '../../time/clock.ts';
import { withoutFrames } from '../../util/without-frames.ts';
import {
  type ClientListeners,
  type ClientSource,
  type DeliveryClient,
  GIVEN_UP,
  type SendPath,
} from '../client.ts';
import { messagesOf } from '../client-messages.ts';
import { NotSentError } from '../not-sent-error.ts';
import { BrokerAddresses, rotatedBrokers } from './brokers/broker-addresses.ts';
import { shownBroker } from './brokers/broker-list.ts';
import { BrokerSockets, isConnectionError } from './brokers/broker-sockets.ts';
import { ClientSockets } from './brokers/client-sockets.ts';
import { encodedBatch } from './fast-path/encoded-batch.ts';
import { FastPath, type Numbering } from './fast-path/fast-path.ts';
import { lazyMessages } from './fast-path/lazy-messages.ts';
import { guardedLogCreator, guardedProviders, runsCallersCode } from './guarded-config.ts';
import { IdempotentSends } from './idempotent/idempotent-sends.ts';
import type { SendEvents } from './idempotent/numbered-sends.ts';
import { withAnswerOf, withNotedAnswer } from './idempotent/produce-answers.ts';
import { ProducerSequences } from './idempotent/producer-sequences.ts';
import { kafkajs } from './kafkajs.ts';
import { OwnPartitioner } from './partitioner.ts';
import { Secrets } from './secrets.ts';
import { shownError } from './shown-error.ts';
import { UnwrittenSends } from './unwritten-sends.ts';
import {
  asOneGroup,
  forgetPartialAnswers,
  interceptProduce,
  keepTopicErrorsApart,
  LIMITED_RETRIES,
  laterConnectTimeout,
  NO_RETRIES,
  REAUTHENTICATION_MS,
  tellLeaderless,
  withConnectTimeout,
} from './workarounds.ts';

export interface KafkajsClientOptions extends ClientListeners {
  kafka: KafkaConfig;
  /** Where the client's lines go, and how many it makes. */
  logCreator: logCreator;
  logLevel: logLevel;
  acks: -1 | 1;
  idempotent: boolean;
  compression: CompressionTypes | undefined;
  /** Of the codec, on the fast path: kafkajs's own has none. */
  compressionLevel: number | undefined;
  requestTimeoutMs: number;
  random(): number;
  /** Whether record batches of our own are sent, where the client allows it. */
  fastPath: boolean;
}

/** Makes the transport's own kafkajs clients. */
export function kafkajsSource(options: KafkajsClientOptions): ClientSource {
  // Now, while the application starts, and not with the first record.
  kafkajs();
  let made = Math.floor(options.random() * 1024);
  const { brokers } = options.kafka;
  // Of all clients: a token may be shown by the next one.
  const secrets = new Secrets();
  const addresses = new BrokerAddresses();
  const sequences = new ProducerSequences();
  return {
    make: () => new KafkajsClient(options, { secrets, addresses, sequences }, made++),
    keepsSendTogether: true,
    resendsWhole: options.idempotent,
    isOwned: true,
    brokerCount: Array.isArray(brokers) ? brokers.length : 1,
  };
}

/** What all clients of a source have in common. */
interface Common {
  readonly secrets: Secrets;
  readonly addresses: BrokerAddresses;
  readonly sequences: ProducerSequences;
}

class KafkajsClient implements DeliveryClient {
  readonly #options: KafkajsClientOptions;
  readonly #producer: Producer;
  readonly #fastPath: FastPath | undefined;
  /** The last one that was reported. */
  #path: SendPath | undefined;
  readonly #partitioner: OwnPartitioner;
  readonly #secrets: Secrets;
  readonly #sockets: ClientSockets;
  readonly #brokerSockets: BrokerSockets;
  readonly #unwritten = new UnwrittenSends();
  /** Only of an idempotent producer. */
  readonly #idempotentSends: IdempotentSends | undefined;
  readonly renew?: () => Promise<void>;
  /** The asynchronous flag; only where something of the caller's runs inside the client, for its price. */
  readonly #scope: Scope | undefined;

  /** @param generation how many clients came before: each starts with another one of the brokers */
  constructor(options: KafkajsClientOptions, { secrets, addresses, sequences }: Common, generation: number) {
    this.#options = options;
    this.#partitioner = new OwnPartitioner(options.onPartitions, options.random);
    this.#scope = runsCallersCode(options.kafka) ? { active: true } : undefined;
    const { kafka, requestTimeoutMs } = options;
    const { connectionTimeout } = kafka;
    this.#secrets = secrets;
    this.#brokerSockets = new BrokerSockets(addresses, kafka);
    this.#sockets = new ClientSockets(this.#brokerSockets, (socket) => this.#unwritten.watch(socket));
    secrets.addFrom(kafka);
    const providers = guardedProviders(kafka, (token) => secrets.add(token));
    const { Kafka } = kafkajs();
    const client = new Kafka({
      requestTimeout: requestTimeoutMs,
      // The transport's own limits of a connect and a send end no later, and by the clock of the system: kafkajs goes by the
      // global `Date` and `setInterval`, and where a test lets faked time pass, the clock is set, or the thread was busy, would give up
      // what is under way.
      enforceRequestTimeout: Number(kafka.requestTimeout) < requestTimeoutMs,
      reauthenticationThreshold: REAUTHENTICATION_MS,
      ...kafka,
      ...providers,
      brokers: rotatedBrokers(providers.brokers, generation, addresses),
      connectionTimeout: laterConnectTimeout(connectionTimeout),
      socketFactory: withConnectTimeout(
        this.#sockets.factory(kafka.socketFactory),
        connectionTimeout,
        systemClock,
      ),
      logCreator: this.#exceptWhileCut(guardedLogCreator(options.logCreator)),
      logLevel: options.logLevel,
      // The sender retries. kafkajs's nested retries hold one send for 10 to 27 s and may lose records.
      retry: { retries: 0 },
    });
    forgetPartialAnswers(client);
    // A partition without a leader must not stop the others of its topic.
    tellLeaderless(client);
    // Nor a topic that is refused or missing the others, which may be other transports'.
    keepTopicErrorsApart(client);
    const { idempotent } = options;
    if (idempotent) {
      this.#idempotentSends = new IdempotentSends(sequences);
      this.renew = () => this.#sockets.renew(this.#idempotentSends?.landed());
    }
    this.#fastPath = options.fastPath
      ? new FastPath(client, options, idempotent ? this.#numbering : undefined)
      : undefined;
    // Only to know the broker's own answers: which batches are stored is told by nothing else.
    if (idempotent && !options.fastPath)
      interceptProduce(client, (request, { produce }) => withNotedAnswer(produce(request)));
    this.#producer = client.producer({
      idempotent,
      retry: { retries: idempotent ? NO_RETRIES : 0 },
      createPartitioner: this.#partitioner.create,
    });
    this.#reportPath();
  }

  connect(): Promise<void> {
    return this.#inside(() => this.#producer.connect());
  }

  send(batch: Batch): Promise<unknown> {
    const isFast = this.#fastPath?.isInstalled === true;
    if (this.#idempotentSends === undefined) return this.#send(batch, isFast);
    return this.#idempotentSends.send(batch, isFast, (events) => this.#send(batch, isFast, events));
  }

  #send(batch: Batch, isFast: boolean, events?: SendEvents): Promise<unknown> {
    const { acks, compression, requestTimeoutMs } = this.#options;
    const messages = isFast
      ? lazyMessages(encodedBatch(batch), batch.partition)
      : asOneGroup(messagesOf(batch));
    events?.onMessages(messages);
    this.#partitioner.begin(batch);
    this.#unwritten.begin(batch);
    return this.#inside(() =>
      this.#producer.send({
        topic: batch.topic,
        messages,
        acks,
        timeout: requestTimeoutMs,
        ...(compression !== undefined && { compression }),
      }),
    )
      .catch((error: unknown) => {
        if (!this.#unwritten.end(batch)) throw error;
        events?.onUnwritten();
        throw isConnectionError(error)
          ? withoutFrames(new NotSentError(messageOf(error), { cause: error }))
          : error;
      })
      .finally(() => {
        this.#partitioner.end(batch);
        this.#unwritten.end(batch);
        this.#reportPath();
      });
  }

  /** Where it is another one: in a worker thread each report is a message. */
  #reportPath(): void {
    const path = this.#fastPath?.isInUse === true ? 'fast' : 'send';
    if (path === this.#path) return;
    this.#path = path;
    this.#options.onPath(path);
  }

  close(): Promise<void> {
    return this.#inside(() => this.#producer.disconnect());
  }

  kill(): void {
    this.#sockets.kill();
    if (this.#scope !== undefined) endSoon(this.#scope);
  }

  /** What is cut writes nothing more: later batches may have gone under other numbers by then. */
  readonly #numbering: Numbering = async (request, produce) => {
    if (this.#sockets.isCut) throw new (kafkajs().KafkaJSConnectionError)(GIVEN_UP);
    return await withNotedAnswer(produce(this.#idempotentSends?.numbered(request) ?? request));
  };

  /** What kafkajs has to say about being cut off is of no use to anybody. */
  #exceptWhileCut(creator: logCreator): logCreator {
    return (level) => {
      const log = creator(level);
      return (entry) => {
        // A log-in of the application's may log an error as it is.
        if (this.#sockets.isCut || String(entry.log.message).startsWith(LIMITED_RETRIES)) return;
        const { broker } = entry.log;
        if (typeof broker === 'string') entry.log.broker = shownBroker(broker);
        log(entry);
      };
    };
  }

  async #inside<Result>(fn: () => Promise<Result>): Promise<Result> {
    try {
      return await (this.#scope === undefined ? fn() : runInScope(this.#scope, fn));
    } catch (error) {
      throw withAnswerOf(error, shownError(error, this.#brokerSockets, this.#secrets));
    }
  }
}
