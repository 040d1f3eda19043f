import { createLogger, format } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

const brokers = process.env.KAFKA_BROKERS;

export const kafka = new KafkaTransport({
  topic: 'app-logs',
  kafka: { clientId: 'shop', brokers: brokers ?? 'localhost:9092' },
  // Without a broker in the environment, tests log nothing to Kafka and never connect.
  silent: brokers === undefined && process.env.NODE_ENV === 'test',
});
export const logger = createLogger({ format: format.json(), transports: [kafka] });
