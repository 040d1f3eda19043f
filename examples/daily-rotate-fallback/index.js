import { createLogger, format, transports } from 'winston';
import DailyRotateFile from 'winston-daily-rotate-file';
import { KafkaTransport } from 'winston-kafkajs';

const logger = createLogger({
  format: format.combine(format.timestamp(), format.json()),
  transports: [
    new transports.Console(),
    new KafkaTransport({
      topic: 'app-logs',
      kafka: { clientId: 'shop', brokers: process.env.KAFKA_BROKERS ?? 'localhost:9092' },
      // Gets the records that will not reach Kafka, and only these: too large, refused, or left when the process ends.
      fallback: new DailyRotateFile({
        dirname: process.env.LOG_DIRECTORY ?? 'undelivered',
        filename: '%DATE%.log',
        maxSize: '20m',
        maxFiles: '14d',
        // With the reason and the topic. Without a format of its own, a line is what Kafka would have got.
        format: format.json(),
      }),
    }),
  ],
});

for (let order = 1; order <= 10; order += 1) {
  const note = order === 5 ? 'x'.repeat(2_000_000) : 'as usual';
  logger.info('order placed', { order, note });
}
logger.end();
