import { isIP } from 'node:net';
import type { ProducerOptions, SASLMechanismValue, SASLOptions } from '@platformatic/kafka';
import type { KafkaConfig } from 'kafkajs';
import { isPlainObject, optionalFunction, throwInvalidOption } from '../../util/check-option.ts';
import { addressOf } from '../kafkajs/brokers/broker-list.ts';

/** Those of kafkajs's options that have a counterpart, or that the transport's own replace (`retry`). */
const TRANSLATED: readonly string[] = [
  'brokers',
  'ssl',
  'sasl',
  'clientId',
  'connectionTimeout',
  'requestTimeout',
  'enforceRequestTimeout',
  'retry',
  'logLevel',
  'logCreator',
];
const MECHANISMS: readonly string[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'];
const IN_VAIN = 'left out with client: platformaticClient(), because';

// Metadata is asked for anew by the client itself (platformatic-client.ts). Inside a send it must stay as it was looked at
// before: @platformatic/kafka takes a partition modulo the count (producer.js, `#performSend`).
const NEVER_BY_ITSELF = Number.MAX_SAFE_INTEGER;

type Sasl = NonNullable<KafkaConfig['sasl']>;

/** Refuses, by its name, what @platformatic/kafka has no counterpart for. */
export function checkTranslatable(kafka: KafkaConfig): void {
  for (const [name, value] of Object.entries(kafka)) {
    if (value !== undefined && !TRANSLATED.includes(name))
      throwInvalidOption(`kafka.${name}`, `${IN_VAIN} @platformatic/kafka has nothing of the kind`, value);
  }
  if (kafka.enforceRequestTimeout === false) {
    throwInvalidOption(
      'kafka.enforceRequestTimeout',
      `true, or ${IN_VAIN} @platformatic/kafka always keeps to requestTimeout`,
      false,
    );
  }
  if (kafka.sasl) checkSasl(kafka.sasl);
}

function checkSasl(sasl: Sasl): void {
  if (!isPlainObject(sasl)) throwInvalidOption('kafka.sasl', 'an object with a mechanism', sasl);
  const given: Readonly<Record<string, unknown>> = sasl;
  const { mechanism, authenticationProvider, oauthBearerProvider, authorizationIdentity } = given;
  if (authenticationProvider !== undefined) {
    throwInvalidOption(
      'kafka.sasl.authenticationProvider',
      `${IN_VAIN} it is written for kafkajs's connection`,
      authenticationProvider,
    );
  }
  if (authorizationIdentity !== undefined) {
    throwInvalidOption(
      'kafka.sasl.authorizationIdentity',
      `${IN_VAIN} @platformatic/kafka has nothing of the kind`,
      authorizationIdentity,
    );
  }
  if (typeof mechanism !== 'string' || !MECHANISMS.includes(mechanism.toUpperCase())) {
    const known = MECHANISMS.map((name) => `'${name.toLowerCase()}'`).join(', ');
    throwInvalidOption(
      'kafka.sasl.mechanism',
      `one of ${known} with client: platformaticClient()`,
      mechanism,
    );
  }
  if (mechanism.toUpperCase() !== 'OAUTHBEARER') return;
  if (oauthBearerProvider === undefined)
    throwInvalidOption('kafka.sasl.oauthBearerProvider', 'a function', oauthBearerProvider);
  optionalFunction('kafka.sasl.oauthBearerProvider', oauthBearerProvider);
}

export interface TranslationOptions {
  /** With the caller's functions guarded. */
  readonly kafka: KafkaConfig;
  /** Each `host:port`. */
  readonly brokers: readonly string[];
  readonly requestTimeoutMs: number;
  /** Of the connection that is being opened. */
  host(): string;
}

/** kafkajs's options in the words of @platformatic/kafka. */
export function producerOptions({
  kafka,
  brokers,
  requestTimeoutMs,
  host,
}: TranslationOptions): ProducerOptions<Buffer, Buffer, Buffer, Buffer> & { requestTimeout: number } {
  const { clientId, ssl, sasl, connectionTimeout, requestTimeout } = kafka;
  return {
    clientId: clientId ?? 'winston-kafkajs',
    // It splits a text at each colon (network/utils.js).
    bootstrapBrokers: brokers.map(addressOf),
    // The sender tries again.
    retries: 0,
    repeatOnStaleMetadata: false,
    metadataMaxAge: NEVER_BY_ITSELF,
    // As kafkajs's producer.
    autocreateTopics: true,
    timeout: requestTimeoutMs,
    requestTimeout: requestTimeout ?? requestTimeoutMs,
    ...(connectionTimeout !== undefined && { connectTimeout: connectionTimeout }),
    ...(ssl && { tls: tlsOptions(ssl, host) }),
    ...(sasl && { sasl: saslOptions(sasl) }),
  };
}

/**
 * @platformatic/kafka leaves the server's name out, or gives one to all brokers, also an IP address, of which Node warns
 * (DEP0123). It spreads these options when it opens a connection (network/connection.js), so that each gets its own.
 */
function tlsOptions(ssl: NonNullable<KafkaConfig['ssl']>, host: () => string): Record<string, unknown> {
  const given = typeof ssl === 'object' ? { ...ssl } : {};
  if (given.servername !== undefined) return given;
  return Object.defineProperty(given, 'servername', {
    enumerable: true,
    get: () => (isIP(host()) === 0 ? host() : undefined),
  });
}

function saslOptions(sasl: Sasl): SASLOptions {
  const mechanism = sasl.mechanism.toUpperCase() as SASLMechanismValue;
  if ('oauthBearerProvider' in sasl)
    return { mechanism, token: async () => (await sasl.oauthBearerProvider()).value };
  const { username, password } = sasl as { username: string; password: string };
  return { mechanism, username, password };
}
