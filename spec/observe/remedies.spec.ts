import { expect, it } from 'vitest';
import { remedyFor } from '../../lib/observe/remedies.ts';

function errorWith(message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), fields);
}

it.each<[unknown, RegExp]>([
  [errorWith('the worker thread of the Kafka client has ended'), /Another one takes its place/],
  [errorWith('certificate has expired', { code: 'CERT_HAS_EXPIRED' }), /has expired: renew it/],
  [errorWith('self-signed certificate in certificate chain'), /kafka\.ssl\.ca/],
  [errorWith('unable to verify the first certificate'), /kafka\.ssl\.ca/],
  [errorWith("Hostname/IP does not match certificate's altnames"), /kafka\.ssl\.servername/],
  [errorWith('tlsv13 alert certificate required'), /kafka\.ssl\.cert and kafka\.ssl\.key/],
  [errorWith('wrong version number', { code: 'EPROTO' }), /does not speak TLS/],
  [errorWith('x', { type: 'UNSUPPORTED_SASL_MECHANISM' }), /kafka\.sasl\.mechanism/],
  [errorWith('x', { type: 'ILLEGAL_SASL_STATE' }), /wants no SASL on this port/],
  [errorWith('x', { name: 'KafkaJSSASLAuthenticationError' }), /the user name or the password/],
  [errorWith('x', { type: 'TOPIC_AUTHORIZATION_FAILED' }), /WRITE to the topic/],
  [errorWith('x', { type: 'CLUSTER_AUTHORIZATION_FAILED' }), /IDEMPOTENT_WRITE/],
  [errorWith('x', { type: 'UNKNOWN_TOPIC_OR_PARTITION' }), /Does the topic exist\?/],
  [errorWith('x', { type: 'INVALID_TIMESTAMP' }), /message\.timestamp\.before\.max\.ms/],
  [errorWith('x', { type: 'INVALID_RECORD' }), /cleanup\.policy=compact/],
  [errorWith('x', { type: 'UNSUPPORTED_VERSION' }), /no version of the protocol in common/],
  [errorWith('x', { type: 'UNSUPPORTED_COMPRESSION_TYPE' }), /choose another "compression"/],
  [errorWith('x', { type: 'KAFKA_STORAGE_ERROR' }), /cannot write to its disk/],
  [errorWith('x', { type: 'THROTTLING_QUOTA_EXCEEDED' }), /A quota of the broker is used up/],
  [errorWith('x', { type: 'NOT_LEADER_FOR_PARTITION' }), /has no leader/],
  [errorWith('x', { type: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' }), /min\.insync\.replicas/],
  [errorWith('getaddrinfo ENOTFOUND kafka', { code: 'ENOTFOUND' }), /check kafka\.brokers and DNS/],
  [errorWith('x', { code: 'ECONNREFUSED' }), /Nothing listens there/],
  [errorWith('x', { code: 'EHOSTUNREACH' }), /firewalls and VPNs/],
])('%s', (error, remedy) => {
  expect(remedyFor(error)).toMatch(remedy);
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

it('there is none for what nothing is known of', () => {
  expect(remedyFor(new Error('it rains'))).toBeUndefined();
  expect(remedyFor(undefined)).toBeUndefined();
  expect(remedyFor('text')).toBeUndefined();
});
