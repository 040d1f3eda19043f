import { format, loggers, transports } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

const kafka = { clientId: 'shop', brokers: process.env.KAFKA_BROKERS ?? 'localhost:9092' };
const json = format.combine(format.timestamp(), format.json());

/** What each category shows on the console. Kafka gets its errors only. */
const LEVELS = { http: 'info', orders: 'debug' };

for (const [category, level] of Object.entries(LEVELS)) {
  loggers.add(category, {
    level,
    defaultMeta: { category },
    format: json,
    transports: [
      new transports.Console(),
      // Transports with equal `kafka` share one client.
      new KafkaTransport({ topic: 'app-logs', level: 'error', kafka }),
    ],
  });
}

// To a topic of its own, and not to the console. With a key, what one user did stays in order.
loggers.add('audit', {
  defaultMeta: { category: 'audit' },
  format: json,
  transports: [new KafkaTransport({ topic: 'audit', kafka, key: ({ info }) => info.user ?? null })],
});
