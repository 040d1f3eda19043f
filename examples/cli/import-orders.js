import { readFile } from 'node:fs/promises';
import { createLogger, format, transports } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

const kafka = new KafkaTransport({
  topic: 'app-logs',
  kafka: { clientId: 'import-orders', brokers: process.env.KAFKA_BROKERS ?? 'localhost:9092' },
  // Nobody waits longer than this for a log.
  closeTimeoutMs: 3000,
});
const logger = createLogger({
  format: format.combine(format.timestamp(), format.json()),
  // stdout is for what the command prints.
  transports: [new transports.Console({ stderrLevels: ['error', 'warn', 'info'] }), kafka],
});

async function importOrders(file) {
  const orders = (await readFile(file, 'utf8')).trim().split('\n').map(Number);
  for (const order of orders) {
    if (!Number.isInteger(order)) throw new TypeError('this is not an order');
    logger.info('order imported', { order });
  }
  return orders.length;
}

try {
  console.log(await importOrders(process.argv[2] ?? 'orders.txt'));
} catch (error) {
  logger.error('import failed', { reason: error.message });
  process.exitCode = 1;
}
// Delivers and disconnects at once. `process.exit()` would end the process before the records are sent; where
// something else calls it, `await kafka.flush()` first.
logger.end();
