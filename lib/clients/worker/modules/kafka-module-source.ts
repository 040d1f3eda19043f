import { type ClientSource, type DeliveryClient, GIVEN_UP } from '../../client.ts';
import { type KafkajsClientOptions, kafkajsSource } from '../../kafkajs/kafkajs-client.ts';
import { checkCodec, loadKafkaConfig } from './kafka-module.ts';

/**
 * The kafkajs clients of a `kafkaModule`, in this thread. That is where a transport is made inside a shipping thread: the module
 * may import a file of the application's that makes one. It ships from that thread, because each thread of its own would make the
 * next transport.
 */
export function kafkaModuleSource(module: URL, options: Omit<KafkajsClientOptions, 'kafka'>): ClientSource {
  const own: KafkajsClientOptions = { ...options, kafka: { brokers: [] } };
  const source = kafkajsSource(own);
  const configure = async (): Promise<void> => {
    own.kafka = await loadKafkaConfig(module.href);
    own.logCreator = own.kafka.logCreator ?? options.logCreator;
    checkCodec(options.compression);
  };
  return { ...source, make: () => moduleClient(configure, source) };
}

/** Made when it connects, because its configuration has to be imported first. */
function moduleClient(configure: () => Promise<void>, source: ClientSource): DeliveryClient {
  let client: DeliveryClient | undefined;
  let isKilled = false;
  return {
    connect: async () => {
      await configure();
      if (isKilled) throw new Error(GIVEN_UP);
      client = source.make();
      await client.connect();
    },
    send: async (batch) => {
      if (client === undefined) throw new Error('this client is not connected');
      return await client.send(batch);
    },
    close: async () => await client?.close(),
    kill: () => {
      isKilled = true;
      client?.kill();
    },
    ...(source.resendsWhole && { renew: async () => await client?.renew?.() }),
  };
}
