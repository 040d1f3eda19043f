import { createLogger, format } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

/** What an outage of Kafka costs each invocation at most. */
const FLUSH_MS = Number(process.env.FLUSH_MS ?? 3000);

// Outside the handler: one transport for all invocations of this execution environment.
const kafka = new KafkaTransport({
  topic: 'app-logs',
  kafka: { clientId: 'orders', brokers: process.env.KAFKA_BROKERS ?? 'localhost:9092' },
  // The environment is frozen between invocations, and its connections may die unnoticed meanwhile. The first send then
  // waits this long before it is tried again on a new connection.
  requestTimeoutMs: 1000,
});
const logger = createLogger({
  format: format.combine(format.timestamp(), format.json()),
  transports: [kafka],
});

export async function handler(event, context) {
  try {
    logger.info('order placed', { order: event.order, requestId: context.awsRequestId });
    return { statusCode: 201, order: event.order };
  } finally {
    // After the return nothing runs until the next invocation.
    await kafka.flush(FLUSH_MS);
  }
}
