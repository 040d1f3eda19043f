import { KafkaTransportError, messageOf } from '../../errors.ts';
import { throwError } from '../../util/throw-error.ts';
import { loadKafkajs } from './load-kafkajs.ts';

let loaded: typeof import('kafkajs') | undefined;

/**
 * kafkajs, loaded when the first transport that needs it is made: it takes longer to load than all of this library.
 *
 * @throws KafkaTransportError where it is not installed
 */
export function kafkajs(): typeof import('kafkajs') {
  try {
    loaded ??= loadKafkajs();
    return loaded;
  } catch (cause) {
    const found = messageOf(cause);
    const remedy = /Cannot find (module|package) 'kafkajs'/.test(found) ? ': npm install kafkajs' : '';
    const why = `it needs the package kafkajs, which cannot be loaded (${found})${remedy}`;
    const message = `winston-kafkajs: option "kafka" cannot be used: ${why}`;
    throwError(new KafkaTransportError('ERR_INVALID_OPTION', message, { option: 'kafka', cause }));
  }
}
