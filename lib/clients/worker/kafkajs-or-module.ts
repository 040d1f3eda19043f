import type { KafkaConfig } from 'kafkajs';
import type { Batch } from '../../accumulator/batch.ts';
import { type ClientSource, type DeliveryClient, GIVEN_UP } from '../client.ts';
import { type KafkajsClientOptions, kafkajsSource } from '../kafkajs/kafkajs-client.ts';
import { checkCodec, loadKafkaConfig } from './kafka-module.ts';

export interface KafkajsOrModuleOptions extends Omit<KafkajsClientOptions, 'kafka'> {
  kafka: KafkaConfig | URL;
}

/**
 * The kafkajs clients of this thread. Without `worker: true` there is no `kafkaModule`, unless the transport is made inside a
 * shipping thread: a `kafkaModule` may import a file of the application's that makes one. It ships from that thread, because each
 * thread of its own would make the next transport.
 */
export function kafkajsOrModule({ kafka, ...options }: KafkajsOrModuleOptions): ClientSource {
  if (!(kafka instanceof URL)) return kafkajsSource({ ...options, kafka });
  const own: KafkajsClientOptions = { ...options, kafka: { brokers: [] } };
  const source = kafkajsSource(own);
  const configure = async (): Promise<void> => {
    own.kafka = await loadKafkaConfig(kafka.href);
    own.logCreator = own.kafka.logCreator ?? options.logCreator;
    checkCodec(options.compression);
  };
  return { ...source, make: () => new ModuleClient(configure, source) };
}

/** Made when it connects, because its configuration has to be imported first. */
class ModuleClient implements DeliveryClient {
  readonly #configure: () => Promise<void>;
  readonly #source: ClientSource;
  #client: DeliveryClient | undefined;
  #isKilled = false;
  readonly renew?: () => Promise<void>;

  constructor(configure: () => Promise<void>, source: ClientSource) {
    this.#configure = configure;
    this.#source = source;
    if (source.resendsWhole) this.renew = async () => void (await this.#client?.renew?.());
  }

  async connect(): Promise<void> {
    await this.#configure();
    if (this.#isKilled) throw new Error(GIVEN_UP);
    this.#client = this.#source.make();
    await this.#client.connect();
  }

  async send(batch: Batch): Promise<unknown> {
    if (this.#client === undefined) throw new Error('this client is not connected');
    return await this.#client.send(batch);
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  kill(): void {
    this.#isKilled = true;
    this.#client?.kill();
  }
}
