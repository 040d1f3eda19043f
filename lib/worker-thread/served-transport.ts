import type { KafkaConfig, LogEntry, logCreator } from 'kafkajs';
import { type ClientSource, type DeliveryClient, GIVEN_UP } from '../clients/client.ts';
import { type OwnSourceOptions, ownSource } from '../clients/own-source.ts';
import type { PlatformaticClient } from '../clients/platformatic/client-option.ts';
import type {
  ClientTask,
  Remark,
  Report,
  WorkerSettings,
} from '../clients/worker/messages/thread-messages.ts';
import { importModule } from '../clients/worker/modules/import-module.ts';
import { checkCodec, importAll, loadKafkaConfig } from '../clients/worker/modules/kafka-module.ts';
import { messageOf } from '../errors.ts';
import { ReceivedBatch } from './received-batch.ts';
import { serveExitDrain } from './serve-exit-drain.ts';

/** The Kafka clients of one transport, for its sender in another thread. */
export class ServedTransport {
  readonly #settings: WorkerSettings;
  readonly #imports: readonly string[];
  readonly #options: OwnSourceOptions;
  /** For a configuration without one. */
  readonly #logCreator: logCreator;
  readonly #report: (what: Report) => void;
  readonly #remark: (what: Remark) => void;
  readonly #clients = new Map<number, DeliveryClient>();
  #source: ClientSource | undefined;
  /** The latest client that is done with: it may still be waiting for its configuration. */
  #killed = 0;

  /** @param transport its number in this thread */
  constructor(
    transport: number,
    settings: WorkerSettings,
    imports: readonly string[],
    report: (what: Report) => void,
  ) {
    this.#settings = settings;
    this.#imports = imports;
    this.#report = report;
    this.#remark = (what) => report({ transport, ...what });
    const log = (entry: LogEntry): void =>
      report({ kind: 'line', log: settings.log, entry: portable(entry) });
    this.#logCreator = () => log;
    this.#options = {
      ...settings,
      client: settings.platformatic && installed(settings.platformatic.url),
      kafka: { brokers: [] },
      logCreator: this.#logCreator,
      random: Math.random,
      onPath: (path) => this.#remark({ kind: 'path', path }),
      onThrottle: (ms) => this.#remark({ kind: 'throttle', ms }),
      onPartitions: (topic, count, writable) => this.#remark({ kind: 'partitions', topic, count, writable }),
    };
  }

  async carryOut(order: { call: number } & ClientTask): Promise<unknown> {
    switch (order.kind) {
      case 'connect':
        return await this.#connect(order.client, order.kafka);
      case 'send': {
        const { call } = order;
        const onBound = (partition: number): void => this.#report({ kind: 'bound', call, partition });
        return await this.#clientOf(order.client).send(new ReceivedBatch(order.batch, onBound));
      }
      case 'renew':
        return await this.#clientOf(order.client).renew?.();
      case 'close':
        return await this.#clients.get(order.client)?.close();
      case 'kill':
        this.#killed = Math.max(this.#killed, order.client);
        this.#clients.get(order.client)?.kill();
        this.#clients.delete(order.client);
        return;
      case 'drain-on-exit':
        // What they have under way goes again.
        this.killAll();
        await this.#configure(order.kafka);
        return await serveExitDrain(order.drain, {
          requestTimeoutMs: this.#settings.requestTimeoutMs,
          source: (onPartitions) => this.#sourceFor({ ...this.#options, onPartitions }),
          report: this.#remark,
        });
    }
  }

  killAll(): void {
    for (const client of this.#clients.values()) client.kill();
    this.#clients.clear();
  }

  async #connect(number: number, kafka: KafkaConfig | undefined): Promise<void> {
    await this.#configure(kafka);
    if (number <= this.#killed) throw new Error(GIVEN_UP);
    this.#source ??= this.#sourceFor(this.#options);
    const client = this.#source.make();
    this.#clients.set(number, client);
    await client.connect();
  }

  /** For the clients that are made next. */
  async #configure(given: KafkaConfig | undefined): Promise<void> {
    const { kafkaModule, compression } = this.#settings;
    await importAll(this.#imports);
    const kafka = given ?? (await loadKafkaConfig(kafkaModule ?? ''));
    if (this.#settings.platformatic === undefined) checkCodec(compression);
    this.#options.kafka = kafka;
    this.#options.logCreator = kafka.logCreator ?? this.#logCreator;
  }

  #sourceFor(options: OwnSourceOptions): ClientSource {
    return ownSource(options, { isolate: false, log: this.#settings.log, traceContext: false });
  }

  #clientOf(number: number): DeliveryClient {
    const client = this.#clients.get(number);
    if (client === undefined) throw new Error('this client is not connected');
    return client;
  }
}

/** @platformatic/kafka, by the URL that the main thread has found. */
function installed(url: string | undefined): PlatformaticClient {
  const load = async (): Promise<unknown> => {
    if (url === undefined) throw new Error('it is not installed in the application');
    return await importModule(url);
  };
  return { name: '@platformatic/kafka', load };
}

/** A line without what cannot leave this thread. Of that, only an error's text is worth anything. */
function portable({ namespace, level, label, log }: LogEntry): LogEntry {
  const { timestamp, message } = log;
  const copy: LogEntry['log'] = { timestamp, message: String(message) };
  for (const [name, value] of Object.entries(log)) {
    if (value instanceof Error) copy[name] = messageOf(value);
    else if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
      copy[name] = value;
  }
  return { namespace, level, label, log: copy };
}
