// What a function of the application's threw stood in the warnings and in `stats().lastError` as it was: a URL with its password too.
import { expect, it } from 'vitest';
import { KafkaTransport } from '../../../lib/index.ts';
import { TOPIC, tracked } from '../../support/harness.ts';

const FAILED = 'GET https://user:hun@ter2@registry/subjects failed';

it.each<[string, object]>([
  ['topic', { topic: () => fail() }],
  ['format', { format: { transform: () => fail() } }],
  ['serialize', { serialize: async () => fail({ code: 'ECONNREFUSED' }) }],
  ['kafka.brokers', { kafka: { brokers: async () => fail() } }],
  ['fallback', { topic: () => '', fallback: () => fail() }],
])('%s', async (_, options) => {
  const transport = tracked(
    new KafkaTransport({ topic: TOPIC, kafka: { brokers: '127.0.0.1:1' }, closeTimeoutMs: 0, ...options }),
  );
  const warned = new Promise<Error>((resolve) => {
    transport.on('warn', (warning) => {
      if (warning.message.includes('registry')) resolve(warning);
    });
  });
  transport.write({ level: 'info', message: 'one' });
  const { lastError } = transport.stats();
  for (const text of [
    (await warned).message,
    lastError?.message ?? '',
    transport.stats().lastError?.message ?? '',
  ])
    expect(text).not.toMatch(/hun|ter2/);
});

function fail(fields: object = {}): never {
  throw Object.assign(new Error(FAILED), fields);
}
