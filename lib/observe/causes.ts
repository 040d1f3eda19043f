import { rootCause } from '../delivery/verdict.ts';

/** What an operator can do about an error of the client or the broker, by what it says. The first that fits. */
const REMEDIES: readonly [RegExp, string][] = [
  [
    /worker thread of the Kafka client has ended/,
    'Another one takes its place. If it happens again, leave "worker" out to find the cause.',
  ],
  [/kafkaModule file:/, 'Correct it, and start again.'],
  [
    /certificate has expired|CERT_HAS_EXPIRED/i,
    "The broker's certificate has expired: renew it, and check this machine's clock.",
  ],
  [
    /self.signed certificate|unable to (verify|get) .*certificate|UNABLE_TO_VERIFY_LEAF_SIGNATURE/i,
    "Nobody whom this process trusts vouches for the broker's certificate: give its authority in kafka.ssl.ca.",
  ],
  [
    /altnames|ERR_TLS_CERT_ALTNAME_INVALID/i,
    "The broker's certificate is for another host: connect by the name that it is for, or give that in kafka.ssl.servername.",
  ],
  [
    /wrong version number|packet length too long|before secure TLS connection|EPROTO/i,
    'This port does not speak TLS: check the port in kafka.brokers, and kafka.ssl.',
  ],
  [
    /UNSUPPORTED_SASL_MECHANISM|mechanism is not supported|does not support .*mechanism/i,
    'The broker does not have this SASL mechanism: check kafka.sasl.mechanism.',
  ],
  [
    /ILLEGAL_SASL_STATE|not valid given the current SASL state/i,
    'The broker wants no SASL on this port, or another kind: check the port in kafka.brokers, and kafka.sasl.',
  ],
  [
    /OAUTHBEARER|oauthBearerProvider/i,
    'The broker has refused the token, or there was none: check kafka.sasl.oauthBearerProvider and what it asks.',
  ],
  [
    /SASLAuthentication|SASL.*authentication failed|invalid credentials|authentication failed/i,
    'The broker has refused the user name or the password: check kafka.sasl.',
  ],
  [
    /TOPIC_AUTHORIZATION_FAILED|not authorized to access topics/i,
    'This user lacks the right to WRITE to the topic: an ACL has to allow it.',
  ],
  [
    /CLUSTER_AUTHORIZATION_FAILED|cluster authorization failed/i,
    'This user lacks a right on the cluster (IDEMPOTENT_WRITE, before Kafka 2.8): an ACL has to allow it, or leave idempotent out.',
  ],
  [
    /UNKNOWN_TOPIC_OR_PARTITION|does not host this topic/i,
    'Does the topic exist? The broker does not make it by itself.',
  ],
  [
    /INVALID_TIMESTAMP|timestamp of the message is out of/i,
    "How old a record may be, or how far ahead, is message.timestamp.before.max.ms and message.timestamp.after.max.ms of the topic: raise them, and check this machine's clock.",
  ],
  [
    /INVALID_RECORD|failed the validation/i,
    'A compacted topic (cleanup.policy=compact) takes no record without a key: such a topic needs a `key`, so give the transport that option.',
  ],
  [/NOT_ENOUGH_REPLICAS/i, 'Fewer replicas are in sync than min.insync.replicas asks for.'],
  [/ENOTFOUND|EAI_AGAIN/i, 'The name of the broker cannot be looked up: check kafka.brokers and DNS.'],
  [/ECONNREFUSED/i, 'Nothing listens there: check kafka.brokers, and whether Kafka runs.'],
];

/** What to do about a failure, where that can be told. */
export function remedyFor(error: unknown): string | undefined {
  const { name, type, code, message } = rootCause(error);
  const facts = [name, type, code, message, outermost(error)].join(' ');
  return REMEDIES.find(([pattern]) => pattern.test(facts))?.[1];
}

/** kafkajs wraps what a provider threw in an error that says which step it was. */
function outermost(error: unknown): string {
  return error instanceof Error ? `${error.name} ${error.message}` : '';
}
