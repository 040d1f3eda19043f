import { readFileSync } from 'node:fs';
import { createLogger, format, transports } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

const { KAFKA_BROKERS = 'localhost:9093', KAFKA_CA, TOKEN_URL, CLIENT_ID, CLIENT_SECRET } = process.env;

/** OAuth 2.0, client credentials (RFC 6749, 4.4). kafkajs calls it for each connection, and before a session ends. */
async function oauthBearerProvider() {
  const response = await fetch(TOKEN_URL, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'kafka' }),
  });
  if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`);
  const { access_token: value } = await response.json();
  return { value };
}

const logger = createLogger({
  format: format.combine(format.timestamp(), format.json()),
  transports: [
    new transports.Console(),
    new KafkaTransport({
      topic: 'app-logs',
      kafka: {
        clientId: 'shop',
        brokers: KAFKA_BROKERS,
        ssl: KAFKA_CA === undefined ? true : { ca: readFileSync(KAFKA_CA, 'utf8') },
        sasl: { mechanism: 'oauthbearer', oauthBearerProvider },
      },
    }),
  ],
});

for (let order = 1; order <= 10; order += 1) logger.info('order placed', { order });
