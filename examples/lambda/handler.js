import { createLogger, format } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

// Outside the handler: one transport for all invocations of this execution environment.
const kafka = new KafkaTransport({
  topic: 'app-logs',
  kafka: { clientId: 'orders', brokers: process.env.KAFKA_BROKERS ?? 'localhost:9092' },
  // The environment is frozen between invocations, and its connections may die unnoticed meanwhile. The first send then
  // waits this long before it is tried again on a new connection: well below the timeout of the function.
  requestTimeoutMs: 1000,
  // Nothing is to wait for: the handler flushes.
  batch: { lingerMs: 0 },
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
    // After the return nothing runs until the next invocation. 200 ms are left for the answer.
    await kafka.flush(context.getRemainingTimeInMillis() - 200);
  }
}
