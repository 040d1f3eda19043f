const { createLogger, format } = require('winston');
const { KafkaTransport } = require('winston-kafkajs');

const brokers = process.env.KAFKA_BROKERS;

exports.kafka = new KafkaTransport({
  topic: 'app-logs',
  kafka: { clientId: 'shop', brokers: brokers ?? 'localhost:9092' },
  // Without a broker in the environment, tests log nothing to Kafka and never connect.
  silent: brokers === undefined && process.env.NODE_ENV === 'test',
});
exports.logger = createLogger({ format: format.json(), transports: [exports.kafka] });
