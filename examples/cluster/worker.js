import { createServer } from 'node:http';
import { createLogger, format } from 'winston';
import { KafkaTransport } from 'winston-kafkajs';

const kafka = new KafkaTransport({
  topic: 'app-logs',
  kafka: { clientId: 'shop', brokers: process.env.KAFKA_BROKERS ?? 'localhost:9092' },
  // One directory for all workers. `always`: a record is on disk before it is sent, so that SIGKILL does not lose it.
  spool: { directory: process.env.SPOOL ?? 'spool', mode: 'always' },
});
const logger = createLogger({
  defaultMeta: { pid: process.pid },
  format: format.combine(format.timestamp(), format.json()),
  transports: [kafka],
});

const server = createServer((request, response) => {
  const order = Number(request.url.slice(1));
  if (order > 0) logger.info('order placed', { order });
  response.end(String(process.pid));
});

server.listen(Number(process.env.PORT ?? 3000), () => console.log(`listening ${server.address().port}`));

process.once('SIGTERM', () => {
  server.close(async () => {
    await kafka.close();
    process.disconnect();
  });
});
