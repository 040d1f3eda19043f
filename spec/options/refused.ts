import { expect } from 'vitest';
import { KafkaTransport, KafkaTransportError, type KafkaTransportOptions } from '../../lib/index.ts';
import { expectSchemaToAgree } from './schema-agrees.ts';

/** The least that is needed. */
export const ENOUGH: KafkaTransportOptions = { topic: 'logs', kafka: { brokers: ['127.0.0.1:1'] } };

/** Expects that the constructor takes these, and so does the JSON schema if they are plain data. */
export function expectTaken(options: unknown): void {
  expect(() => new KafkaTransport(options as KafkaTransportOptions)).not.toThrow();
  expectSchemaToAgree(options);
}

/** The error that the constructor throws for these. Expects that the JSON schema refuses them too, if they are plain data. */
export function refused(options: unknown): KafkaTransportError {
  try {
    new KafkaTransport(options as KafkaTransportOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(KafkaTransportError);
    expect(error).toMatchObject({ name: 'KafkaTransportError', code: 'ERR_INVALID_OPTION' });
    expectSchemaToAgree(options, error as KafkaTransportError);
    return error as KafkaTransportError;
  }
  throw new Error('It was not refused');
}
