import express from 'express';
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

const app = express();
app.use(express.json());

app.post('/orders', (request, response) => {
  logger.info('order placed', { order: request.body.order });
  response.status(201).json({ order: request.body.order });
});

// For a readiness probe: says whether log records reach Kafka.
app.get('/health', (_request, response) => {
  response.json({ logs: kafka.healthy() });
});

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) {
    // Not `process.exit(1)`: the process ends by itself, when the record is delivered.
    logger.error('cannot start', { reason: error.message });
    process.exitCode = 1;
    return;
  }
  logger.info('listening', { port: server.address().port });
});

process.once('SIGTERM', () => {
  logger.info('shutting down');
  // Takes no new connections, and waits for the requests that are being answered.
  server.close(async () => {
    logger.info('shut down');
    // Last, so that what was logged until here is delivered. Without anything left to do, the process ends.
    await kafka.close();
  });
});
