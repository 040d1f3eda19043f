import { createLogger, format, type Logger, transports } from 'winston';
import {
  type FlushReport,
  KafkaTransport,
  type KafkaTransportOptions,
  type TransportEntry,
} from 'winston-kafkajs';

const options: KafkaTransportOptions = {
  topic: 'app-logs',
  kafka: { clientId: 'shop', brokers: process.env.KAFKA_BROKERS ?? 'localhost:9092' },
  // `info` is what was logged: its fields are unknown until they are looked at.
  key: ({ info }: TransportEntry): string | null =>
    typeof info.customer === 'string' ? info.customer : null,
  headers: ({ level }) => ({ level }),
};

const kafka = new KafkaTransport(options);
kafka.on('warn', (error) => console.error(error.code, error.message));

const logger: Logger = createLogger({
  format: format.combine(format.timestamp(), format.json()),
  transports: [new transports.Console(), kafka],
});

for (let order = 1; order <= 10; order += 1) logger.info('order placed', { order, customer: 'ada' });

const report: FlushReport = await kafka.flush();
console.log(`delivered ${report.delivered}, dropped ${report.dropped}, pending ${report.pending}`);
logger.end();
