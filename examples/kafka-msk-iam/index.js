import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import { createLogger, format, transports } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

const { KAFKA_BROKERS = 'localhost:9098', AWS_REGION = 'eu-central-1' } = process.env;

const logger = createLogger({
  format: format.combine(format.timestamp(), format.json()),
  transports: [
    new transports.Console(),
    new KafkaTransport({
      topic: 'app-logs',
      kafka: {
        clientId: 'shop',
        brokers: KAFKA_BROKERS,
        ssl: true,
        sasl: {
          mechanism: 'oauthbearer',
          // Signs a token for 15 minutes with the credentials of the usual AWS provider chain. It needs no network of its own.
          oauthBearerProvider: async () => ({
            value: (await generateAuthToken({ region: AWS_REGION })).token,
          }),
        },
      },
    }),
  ],
});

for (let order = 1; order <= 10; order += 1) logger.info('order placed', { order });
