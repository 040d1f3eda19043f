import { createLogger, format, transports } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

export const logger = createLogger({
  format: format.combine(format.timestamp(), format.json()),
  transports: [
    new transports.Console(),
    new KafkaTransport({
      topic: 'app-logs',
      kafka: { clientId: 'shop', brokers: process.env.KAFKA_BROKERS ?? 'localhost:9092' },
    }),
  ],
});
