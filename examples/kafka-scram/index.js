import { readFileSync } from 'node:fs';
import { createLogger, format, transports } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

const { KAFKA_BROKERS = 'localhost:9093', KAFKA_CA, KAFKA_USERNAME, KAFKA_PASSWORD } = process.env;

const logger = createLogger({
  format: format.combine(format.timestamp(), format.json()),
  transports: [
    new transports.Console(),
    new KafkaTransport({
      topic: 'app-logs',
      kafka: {
        clientId: 'shop',
        brokers: KAFKA_BROKERS,
        // The authority that has signed the brokers' certificates; `true` for one that Node knows.
        ssl: KAFKA_CA === undefined ? true : { ca: readFileSync(KAFKA_CA, 'utf8') },
        sasl: { mechanism: 'scram-sha-512', username: KAFKA_USERNAME, password: KAFKA_PASSWORD },
      },
    }),
  ],
});

for (let order = 1; order <= 10; order += 1) logger.info('order placed', { order });
