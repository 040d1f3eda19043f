import { createLogger, format, transports } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

const brokers = process.env.KAFKA_BROKERS ?? 'localhost:9092';

const logger = createLogger({
  format: format.combine(format.timestamp(), format.json()),
  transports: [
    new transports.Console(),
    new KafkaTransport({ topic: 'app-logs', kafka: { clientId: 'shop', brokers } }),
  ],
});

for (let order = 1; order <= 10; order += 1) logger.info('order placed', { order });
// Nothing to close: the transport delivers what is left, and then the process ends.
