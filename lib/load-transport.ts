import { KafkaTransport } from './kafka-transport.ts';

/**
 * The class of the transport. `.ci/build.js` writes this module itself: in what is packed, the library is loaded when
 * `winston.transports.Kafka` is first read.
 */
export function loadTransport(): typeof KafkaTransport {
  return KafkaTransport;
}
