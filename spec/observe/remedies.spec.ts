import { expect, it } from 'vitest';
import { ownText } from '../../lib/client-log/line.ts';
import { ProviderError } from '../../lib/clients/provider-error.ts';
import { REMEDIES, remedyFor } from '../../lib/observe/remedies.ts';

function errorWith(message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), fields);
}

it.each<[string, object, RegExp]>([
  ['the worker thread of the Kafka client has ended', {}, /Another one takes its place/],
  ['the worker thread of the Kafka client cannot be started: EAGAIN', {}, /limit of processes/],
  ['the worker thread of the Kafka client has ended: EMFILE', {}, /open files/],
  ['Connection error: connect EMFILE 127.0.0.1:9092 - Local (undefined:undefined)', {}, /open files/],
  ['certificate has expired', { code: 'CERT_HAS_EXPIRED' }, /has expired: renew it/],
  ['self-signed certificate in certificate chain', {}, /kafka\.ssl\.ca/],
  ['unable to verify the first certificate', {}, /kafka\.ssl\.ca/],
  ["Hostname/IP does not match certificate's altnames", {}, /kafka\.ssl\.servername/],
  ['tlsv13 alert certificate required', {}, /kafka\.ssl\.cert and kafka\.ssl\.key/],
  ['wrong version number', { code: 'EPROTO' }, /does not speak TLS/],
  ['x', { type: 'UNSUPPORTED_SASL_MECHANISM' }, /kafka\.sasl\.mechanism/],
  ['x', { type: 'ILLEGAL_SASL_STATE' }, /wants no SASL on this port/],
  ['x', { name: 'KafkaJSSASLAuthenticationError' }, /the user name or the password/],
  ['x', { type: 'TOPIC_AUTHORIZATION_FAILED' }, /WRITE to the topic/],
  ['x', { type: 'CLUSTER_AUTHORIZATION_FAILED' }, /IDEMPOTENT_WRITE/],
  ['x', { type: 'UNKNOWN_TOPIC_OR_PARTITION' }, /Does the topic exist\?/],
  ['x', { type: 'INVALID_TIMESTAMP' }, /message\.timestamp\.before\.max\.ms/],
  ['x', { type: 'INVALID_RECORD' }, /cleanup\.policy=compact/],
  ['x', { type: 'UNSUPPORTED_VERSION' }, /no version of the protocol in common/],
  ['x', { type: 'UNSUPPORTED_COMPRESSION_TYPE' }, /choose another "compression"/],
  ['x', { type: 'KAFKA_STORAGE_ERROR' }, /cannot write to its disk/],
  ['x', { type: 'THROTTLING_QUOTA_EXCEEDED' }, /A quota of the broker is used up/],
  ['x', { type: 'NOT_LEADER_FOR_PARTITION' }, /has no leader/],
  ['x', { type: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' }, /min\.insync\.replicas/],
  ['getaddrinfo ENOTFOUND kafka', { code: 'ENOTFOUND' }, /check kafka\.brokers and DNS/],
  ['x', { code: 'ECONNREFUSED' }, /Nothing listens there/],
  ['x', { code: 'EHOSTUNREACH' }, /firewalls and VPNs/],
])('for "%s" %j there is the remedy %s', (message, fields, remedy) => {
  expect(remedyFor(errorWith(message, fields))).toMatch(remedy);
});

it.each([
  ['kafka.sasl.oauthBearerProvider', /^Check kafka\.sasl\.oauthBearerProvider/],
  ['kafka.sasl.authenticationProvider', /Check kafka\.sasl\.authenticationProvider/],
  ['kafka.brokers', /Check the function in kafka\.brokers/],
  ['kafka.socketFactory', /Check kafka\.socketFactory/],
  ['producer', /Check the function in producer/],
])('a broker was blamed for what the function in %s had failed with', (option, remedy) => {
  const cause = errorWith('connect ECONNREFUSED 10.0.0.1:443', { code: 'ECONNREFUSED' });
  expect(remedyFor(new ProviderError(option, cause))).toMatch(remedy);
  expect(remedyFor(new ProviderError(option, new Error('certificate has expired')))).toMatch(remedy);
});

it.each(Object.values(REMEDIES))('was masked on stderr, as if it had a secret in it: %s', (remedy) => {
  expect(ownText(remedy)).toBe(remedy);
});

it('there is one for the cause of an error, however deep it stands', () => {
  const cause = errorWith('x', { code: 'ECONNREFUSED' });
  expect(remedyFor(new Error('no', { cause: new Error('again', { cause }) }))).toMatch(
    /Nothing listens there/,
  );
});

it('the step that a provider failed in comes before what it threw', () => {
  const error = new Error('SASL OAUTHBEARER authentication failed', {
    cause: new Error('connect ECONNREFUSED'),
  });
  expect(remedyFor(error)).toMatch(/kafka\.sasl\.oauthBearerProvider/);
});

it('a token is not taken for a password, although both are refused in the same words', () => {
  expect(remedyFor(errorWith('SASL OAUTHBEARER authentication failed'))).toMatch(/the token/);
  expect(remedyFor(errorWith('SASL PLAIN authentication failed'))).toMatch(/the password/);
});

it.each([
  'Closed connection',
  'Connection error: read ECONNRESET',
  'Request SaslAuthenticate(key: 36, version: 1) timed out',
])('a wrong password was blamed for a connection that breaks during the log-in: %s', (why) => {
  for (const mechanism of ['PLAIN', 'SCRAM SHA256', 'OAUTHBEARER'])
    expect(remedyFor(errorWith(`SASL ${mechanism} authentication failed: ${why}`))).toMatch(
      /^The connection broke during the log-in/,
    );
});

it('there is none for what nothing is known of', () => {
  expect(remedyFor(new Error('it rains'))).toBeUndefined();
  expect(remedyFor(undefined)).toBeUndefined();
  expect(remedyFor('text')).toBeUndefined();
});
