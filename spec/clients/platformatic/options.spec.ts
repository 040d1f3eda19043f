import { describe, expect, it } from 'vitest';
import { KafkaTransport, type KafkaTransportOptions } from '../../../lib/index.ts';
import { platformaticClient } from '../../../lib/platformatic.ts';
import { runsHere } from './node.ts';
import { expectNodeIsNeeded } from './rig.ts';

const brokers = ['127.0.0.1:9092'];

/** What the constructor throws, whatever Node it is. */
function thrownFor(options: object): unknown {
  const given = { topic: 'logs', kafka: { brokers }, client: platformaticClient(), ...options };
  try {
    return new KafkaTransport(given as KafkaTransportOptions);
  } catch (error) {
    return error;
  }
}

const fn = (): never => {
  throw new Error('nobody calls it');
};

describe('the option `client`', () => {
  it.each([
    ['kafka.socketFactory', { kafka: { brokers, socketFactory: fn } }],
    ['kafka.reauthenticationThreshold', { kafka: { brokers, reauthenticationThreshold: 1_000 } }],
    ['kafka.authenticationTimeout', { kafka: { brokers, authenticationTimeout: 1_000 } }],
    ['kafka.enforceRequestTimeout', { kafka: { brokers, enforceRequestTimeout: false } }],
    ['kafka.clientID', { kafka: { brokers, clientID: 'misspelt' } }],
    ['kafka.connectionTimeout', { kafka: { brokers, connectionTimeout: '1000' } }],
    ['kafka.requestTimeout', { kafka: { brokers, requestTimeout: 0 } }],
    ['kafka.sasl.mechanism', { kafka: { brokers, sasl: 'plain' } }],
    ['kafka.sasl.mechanism', { kafka: { brokers, sasl: { mechanism: 'aws', accessKeyId: 'secret' } } }],
    ['kafka.sasl.mechanism', { kafka: { brokers, sasl: {} } }],
    [
      'kafka.sasl.authenticationProvider',
      { kafka: { brokers, sasl: { mechanism: 'own', authenticationProvider: fn } } },
    ],
    [
      'kafka.sasl.authorizationIdentity',
      { kafka: { brokers, sasl: { mechanism: 'plain', authorizationIdentity: 'secret' } } },
    ],
    ['kafka.sasl.oauthBearerProvider', { kafka: { brokers, sasl: { mechanism: 'oauthbearer' } } }],
    [
      'kafka.sasl.oauthBearerProvider',
      { kafka: { brokers, sasl: { mechanism: 'oauthbearer', oauthBearerProvider: 'secret' } } },
    ],
    ['kafka.brokers', { kafka: { brokers: ['no port'] } }],
    [
      'kafka.sasl.oauthBearerProvider',
      {
        kafka: { brokers, sasl: { mechanism: 'oauthbearer', oauthBearerProvider: fn } },
        worker: true,
      },
    ],
    ['idempotent', { idempotent: true }],
    ['compression', { compression: 9 }],
    ['compression', { compression: 9, worker: true }],
    ['client', { kafka: undefined, producer: { connect: fn, send: fn, disconnect: fn } }],
    ['kafkaModule', { kafka: undefined, kafkaModule: 'kafka.js', worker: true }],
    ['client', { client: {} }],
    ['client', { client: platformaticClient }],
    ['client', { client: 'platformatic' }],
    ['client', { client: null }],
  ])('refuses %s by its name: %o', (option, options) => {
    const error = thrownFor(options);
    expect(error).toMatchObject({ name: 'KafkaTransportError', code: 'ERR_INVALID_OPTION', option });
    expect(String(error)).toContain(`"${option}"`);
    expect(String(error)).not.toContain('needs Node');
    expect(String(error)).not.toContain('secret');
  });

  it('says why an idempotent producer is refused', () => {
    expect(String(thrownFor({ idempotent: true }))).toContain(
      'the broker would not know a batch that is sent again',
    );
  });

  it.each([
    ['the least', {}],
    ['what the transport replaces', { kafka: { brokers, retry: { retries: 3 }, logLevel: 4 } }],
    ['what is left out with undefined', { kafka: { brokers, socketFactory: undefined } }],
    ['a limit that is kept to', { kafka: { brokers, enforceRequestTimeout: true, requestTimeout: 1_000 } }],
    ['a list in a string', { kafka: { brokers: 'a:9092, b:9092' } }],
    [
      'each mechanism',
      { kafka: { brokers, sasl: { mechanism: 'SCRAM-SHA-512', username: 'a', password: 'b' } } },
    ],
    ['a codec that kafkajs has not', { compression: 4 }],
  ])('takes %s', async (_, options) => {
    const made = thrownFor(options);
    if (!runsHere) {
      expect(made).toMatchObject({ code: 'ERR_INVALID_OPTION', option: 'client' });
      expectNodeIsNeeded();
      return;
    }
    expect(made).toBeInstanceOf(KafkaTransport);
    expect((made as KafkaTransport).stats().path).toBe('client');
    await (made as KafkaTransport).close();
  });
});
