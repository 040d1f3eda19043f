import fastify from 'fastify';
import { createLogger, format, transports } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

const kafka = new KafkaTransport({
  topic: 'app-logs',
  kafka: { clientId: 'shop', brokers: process.env.KAFKA_BROKERS ?? 'localhost:9092' },
});
const logger = createLogger({
  format: format.combine(format.timestamp(), format.json()),
  transports: [new transports.Console(), kafka],
});

// Fastify's own logger stays off: it calls `info(object, text)` as pino does, and winston takes `info(text, object)`.
const app = fastify({ logger: false });

app.post('/orders', async (request, reply) => {
  logger.info('order placed', { order: request.body.order });
  return reply.code(201).send({ order: request.body.order });
});

app.addHook('onError', async (request, _reply, error) => {
  logger.error('request failed', { method: request.method, url: request.url, stack: error.stack });
});

// Fastify runs it when the server is closed and every request is answered.
app.addHook('onClose', async () => {
  logger.info('shut down');
  await kafka.close();
});

process.once('SIGTERM', () => {
  logger.info('shutting down');
  app.close();
});

try {
  await app.listen({ port: Number(process.env.PORT ?? 3000) });
  logger.info('listening', { port: app.server.address().port });
} catch (error) {
  // Not `process.exit(1)`: the process ends by itself, when the record is delivered.
  logger.error('cannot start', { reason: error.message });
  process.exitCode = 1;
}
