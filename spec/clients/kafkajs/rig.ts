// Clients of kafkajs, past the transport's options.
import type { KafkaConfig } from 'kafkajs';
import { onTestFinished } from 'vitest';
import type { ClientSource, DeliveryClient } from '../../../lib/clients/client.ts';
import { type KafkajsClientOptions, kafkajsSource } from '../../../lib/clients/kafkajs/kafkajs-client.ts';
import { CLIENT_SETTINGS } from '../client-settings.ts';

/** Silent, and by the fast path; nothing ends a send by itself. */
export function sourceTo(kafka: KafkaConfig, options: Partial<KafkajsClientOptions> = {}): ClientSource {
  return kafkajsSource({
    kafka,
    logCreator: () => () => undefined,
    ...CLIENT_SETTINGS,
    random: () => 0,
    onPath: () => undefined,
    onPartitions: () => undefined,
    onThrottle: () => undefined,
    ...options,
  });
}

/** A client that goes with the spec. */
export async function connected(source: ClientSource): Promise<DeliveryClient> {
  const client = source.make();
  onTestFinished(() => client.kill());
  await client.connect();
  return client;
}
