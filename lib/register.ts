// `winston-kafkajs/register`: adds `winston.transports.Kafka`.
import { transports } from 'winston';
import { KafkaTransport } from './kafka-transport.ts';

// As winston's own are (winston/lib/winston/transports/index.js): read, the class is loaded. A setter is not there either.
// In what is packed, `.ci/build.js` has the library loaded by the first use of this import, and not before.
// Where a test has replaced winston by a mock without transports, there is nothing to add it to.
const given: object | undefined = transports;
if (given !== undefined)
  Object.defineProperty(given, 'Kafka', { configurable: true, enumerable: true, get: () => KafkaTransport });

declare module 'winston/lib/winston/transports/index.js' {
  interface Transports {
    /** `KafkaTransport` of `winston-kafkajs`. */
    Kafka: typeof KafkaTransport;
  }
}
