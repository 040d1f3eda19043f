import { isIP, connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type {
  CompressionTypes,
  ISocketFactory,
  ISocketFactoryArgs,
  KafkaConfig,
  logCreator,
  logLevel,
  Producer,
} from 'kafkajs';
import { guardSync, runInScope, type Scope } from '../recursion/guard.ts';
import { type ClientSource, type DeliveryClient, messagesOf, type PartitionsListener } from './client.ts';
import { guardedLogCreator, guardedProviders, runsCallersCode } from './guarded-config.ts';
import { Kafka } from './kafkajs.ts';
import { OwnPartitioner } from './partitioner.ts';
import type { Batch } from './topic-lanes.ts';

export interface KafkajsClientOptions {
  kafka: KafkaConfig;
  /** Where the client's lines go, and how many it makes. */
  logCreator: logCreator;
  logLevel: logLevel;
  acks: -1 | 1;
  compression: CompressionTypes | undefined;
  requestTimeoutMs: number;
  onPartitions: PartitionsListener;
  random(): number;
}

// kafkajs's own value, for the sockets that its default factory makes (network/socketFactory.js).
const KEEP_ALIVE_DELAY_MS = 60_000;

/** Makes the transport's own kafkajs clients. */
export function kafkajsSource(options: KafkajsClientOptions): ClientSource {
  let made = Math.floor(options.random() * 1024);
  return { make: () => new KafkajsClient(options, made++), keepsTogether: true, isOwned: true };
}

class KafkajsClient implements DeliveryClient {
  readonly #options: KafkajsClientOptions;
  readonly #producer: Producer;
  readonly #partitioner: OwnPartitioner;
  readonly #sockets = new Set<Socket>();
  /** The asynchronous flag; only where something of the caller's runs inside the client, for its price. */
  readonly #scope: Scope | undefined;

  /** @param generation how many clients came before: each starts with another one of the brokers */
  constructor(options: KafkajsClientOptions, generation: number) {
    this.#options = options;
    this.#partitioner = new OwnPartitioner(options.onPartitions, options.random);
    this.#scope = runsCallersCode(options.kafka) ? { active: true } : undefined;
    const { kafka, requestTimeoutMs } = options;
    const client = new Kafka({
      requestTimeout: requestTimeoutMs,
      ...kafka,
      ...guardedProviders(kafka),
      ...(Array.isArray(kafka.brokers) && { brokers: rotated(kafka.brokers, generation) }),
      socketFactory: this.#socketFactory(kafka.socketFactory),
      logCreator: guardedLogCreator(options.logCreator),
      logLevel: options.logLevel,
      // The shipper retries. kafkajs's nested retries hold one send for 10 to 27 s and may lose records.
      retry: { retries: 0 },
    });
    this.#producer = client.producer({ retry: { retries: 0 }, createPartitioner: this.#partitioner.create });
  }

  connect(): Promise<void> {
    return this.#inside(() => this.#producer.connect());
  }

  send(batch: Batch): Promise<unknown> {
    const { acks, compression, requestTimeoutMs } = this.#options;
    if (batch.partition === undefined) this.#partitioner.expect(batch);
    return this.#inside(() =>
      this.#producer.send({
        topic: batch.topic,
        messages: messagesOf(batch),
        acks,
        timeout: requestTimeoutMs,
        ...(compression !== undefined && { compression }),
      }),
    );
  }

  close(): Promise<void> {
    return this.#inside(() => this.#producer.disconnect());
  }

  kill(): void {
    for (const socket of this.#sockets) socket.destroy(new Error('given up by winston-kafkajs'));
  }

  #inside<Result>(fn: () => Promise<Result>): Promise<Result> {
    return this.#scope === undefined ? fn() : runInScope(this.#scope, fn);
  }

  /** kafkajs's or the caller's sockets, remembered: a client that hangs can only be ended by cutting them. */
  #socketFactory(callers: ISocketFactory | undefined): ISocketFactory {
    return (args) => {
      const socket = callers === undefined ? defaultSocket(args) : guardSync(callers, args);
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      return socket;
    };
  }
}

/**
 * Without retries a kafkajs client only ever tries the first broker of its list: so each client gets the list
 * from another place on, or one dead broker would keep all of them away.
 */
function rotated(brokers: readonly string[], by: number): string[] {
  const at = brokers.length === 0 ? 0 : by % brokers.length;
  return [...brokers.slice(at), ...brokers.slice(0, at)];
}

/** The same as kafkajs's own, which it does not export. */
function defaultSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const socket = ssl
    ? tlsConnect({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
    : netConnect({ host, port }, onConnect);
  return socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
}
