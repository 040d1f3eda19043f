// `winston-kafkajs/register`: adds `winston.transports.Kafka`.
import { transports } from 'winston';
import type { KafkaTransport } from './kafka-transport.ts';
import { loadTransport } from './load-transport.ts';

// As winston's own are (winston/lib/winston/transports/index.js): read, the class is loaded. A setter is not there either.
// Where a test has replaced winston by a mock without transports, there is nothing to add it to.
const given: object | undefined = transports;
if (given !== undefined)
  Object.defineProperty(given, 'Kafka', { configurable: true, enumerable: true, get: loadTransport });

declare module 'winston/lib/winston/transports/index.js' {
  interface Transports {
    /** `KafkaTransport` of `winston-kafkajs`. */
    Kafka: typeof KafkaTransport;
  }
}
