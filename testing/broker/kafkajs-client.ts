// For the specs of the Kafka stand-in: the real kafkajs, quiet and quick to retry.
import { Kafka, type KafkaConfig, logLevel, type Producer, type ProducerConfig } from 'kafkajs';
import type { BrokerCluster } from './broker-cluster.ts';

export const QUICK_RETRY = { initialRetryTime: 20, maxRetryTime: 100, retries: 8, factor: 0 };

export const kafkaOf = (cluster: BrokerCluster, config: Partial<KafkaConfig> = {}): Kafka =>
  new Kafka({ brokers: cluster.addresses, logLevel: logLevel.NOTHING, retry: QUICK_RETRY, ...config });

export async function connectedProducer(
  cluster: BrokerCluster,
  config: Partial<KafkaConfig> = {},
  producerConfig: ProducerConfig = {},
): Promise<Producer> {
  const producer = kafkaOf(cluster, config).producer(producerConfig);
  await producer.connect();
  return producer;
}
