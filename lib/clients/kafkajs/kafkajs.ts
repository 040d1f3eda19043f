import { KafkaTransportError, messageOf } from '../../errors.ts';
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
    throw new KafkaTransportError(
      'ERR_INVALID_OPTION',
      `winston-kafkajs: option "kafka" cannot be used: ${why}`,
      {
        option: 'kafka',
        cause,
      },
    );
  }
}
