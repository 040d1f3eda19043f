import { createLogger, format, transports } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

const TOPICS = { error: 'app-errors', warn: 'app-warnings' };

const logger = createLogger({
  level: 'debug',
  format: format.combine(format.timestamp(), format.json()),
  transports: [
    new transports.Console(),
    new KafkaTransport({
      topic: ({ level }) => TOPICS[level] ?? 'app-logs',
      kafka: { clientId: 'shop', brokers: process.env.KAFKA_BROKERS ?? 'localhost:9092' },
    }),
  ],
});

for (let order = 1; order <= 9; order += 1) {
  if (order % 3 === 0) logger.error('no payment', { order });
  else if (order % 3 === 1) logger.warn('slow payment', { order });
  else logger.info('paid', { order });
}
