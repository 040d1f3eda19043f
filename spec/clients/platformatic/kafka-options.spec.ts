import { describe, expect, it } from 'vitest';
import { producerOptions } from '../../../lib/clients/platformatic/kafka-options.ts';
import type { KafkaTransportOptions } from '../../../lib/index.ts';

type Kafka = Parameters<typeof producerOptions>[0]['kafka'];

function translated(kafka: object, host = ''): ReturnType<typeof producerOptions> {
  return producerOptions({
    kafka: kafka as Kafka,
    brokers: ['a.example:9092', '[::1]:9093'],
    requestTimeoutMs: 10_000,
    host: () => host,
  });
}

describe('the options of @platformatic/kafka', () => {
  it('are those of kafkajs in other words', () => {
    const kafka = { clientId: 'shop', connectionTimeout: 700, requestTimeout: 800 };
    expect(translated(kafka)).toMatchObject({
      clientId: 'shop',
      bootstrapBrokers: [
        { host: 'a.example', port: 9092 },
        { host: '::1', port: 9093 },
      ],
      connectTimeout: 700,
      requestTimeout: 800,
      timeout: 10_000,
    });
  });

  it('have no retries of its own, and metadata that does not change within a send', () => {
    expect(translated({})).toMatchObject({
      clientId: 'winston-kafkajs',
      requestTimeout: 10_000,
      retries: 0,
      repeatOnStaleMetadata: false,
      metadataMaxAge: Number.MAX_SAFE_INTEGER,
    });
    expect(Object.keys(translated({}))).not.toContain('tls');
    // As kafkajs has it.
    for (const ssl of [false, null])
      expect(Object.keys(translated({ ssl: ssl as false }))).not.toContain('tls');
  });

  it.each([
    ['plain', 'PLAIN'],
    ['scram-sha-256', 'SCRAM-SHA-256'],
    ['SCRAM-SHA-512', 'SCRAM-SHA-512'],
  ])('name the SASL mechanism %s as Kafka does', (mechanism, name) => {
    const { sasl } = translated({ sasl: { mechanism, username: 'shop', password: 'pw' } });
    expect(sasl).toEqual({ mechanism: name, username: 'shop', password: 'pw' });
  });

  it('ask the provider of a token for each connection', async () => {
    let asked = 0;
    const oauthBearerProvider = async (): Promise<{ value: string }> => ({ value: `token ${++asked}` });
    const { sasl } = translated({ sasl: { mechanism: 'oauthbearer', oauthBearerProvider } });
    const token = sasl?.token as () => Promise<string>;
    expect([await token(), await token()]).toEqual(['token 1', 'token 2']);
    expect(sasl?.mechanism).toBe('OAUTHBEARER');
  });

  it.each([
    ['its name', true, 'b.example', 'b.example'],
    ['none, where the address is an IP address', true, '127.0.0.1', undefined],
    ['the one that is given', { servername: 'given.example' }, 'b.example', 'given.example'],
  ])('give the broker that is connected to %s in the TLS handshake', (_, ssl, host, servername) => {
    const { tls } = translated({ ssl }, host);
    // As network/connection.js does.
    expect({ ...(tls as object) }).toEqual({ servername });
  });
});

it('the option has a type of its own', () => {
  // @ts-expect-error it is what platformaticClient() returns
  const options: Partial<KafkaTransportOptions> = { client: 'platformatic' };
  expect(options).toEqual({ client: 'platformatic' });
});
