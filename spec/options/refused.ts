import { expect } from 'vitest';
import { KafkaTransport, KafkaTransportError, type KafkaTransportOptions } from '../../lib/index.ts';

/** The least that is needed. */
export const ENOUGH: KafkaTransportOptions = { topic: 'logs', kafka: { brokers: ['127.0.0.1:1'] } };

/** The error that the constructor throws for these. */
export function refused(options: unknown): KafkaTransportError {
  try {
    new KafkaTransport(options as KafkaTransportOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(KafkaTransportError);
    expect(error).toMatchObject({ name: 'KafkaTransportError', code: 'ERR_INVALID_OPTION' });
    return error as KafkaTransportError;
  }
  throw new Error('It was not refused');
}
