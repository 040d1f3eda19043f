import type { KafkaTransportOptions } from './options/kafka-transport-options.ts';
import { loadParts } from './pipeline/load-parts.ts';

/**
 * For a module that holds the options of a transport: the compiler checks them there, and so do the checks of the
 * constructor. A wrong option is an error of the module where it is written, not of the one that makes the transport.
 * Nothing is connected or opened.
 *
 * @returns the same object
 * @throws KafkaTransportError as the constructor of `KafkaTransport` does; it names the option, what was expected and what was
 * given
 *
 * @example
 * export const kafkaConfig = defineKafkaConfig({ topic: 'app-logs', kafka: { brokers: ['localhost:9092'] } });
 */
// Not generic: of an object that is given for a type parameter, TypeScript takes names that the options do not have.
export function defineKafkaConfig(options: KafkaTransportOptions): KafkaTransportOptions {
  loadParts().resolveOptions(options);
  return options;
}
