import { rootCause } from '../util/root-cause.ts';
import { attempt } from '../util/safely.ts';

/** What an operator can do about an error of the client or the broker, by a pattern of what it says. The first that fits. */
export const REMEDIES: Readonly<Record<string, string>> = {
  'EMFILE|ENFILE':
    'This process or machine has too many open files: raise the limit (ulimit -n), or find what leaves them open.',
  'thread of the Kafka client cannot be started':
    'The system has no thread for it: raise the limit of processes (ulimit -u, pids.max), or leave "worker" out.',
  'worker thread of the Kafka client has ended':
    'Another one takes its place. If it happens again, leave "worker" out to find the cause.',
  'kafkaModule file:': 'Correct it, and start again.',
  // Before all that brokers may be the cause of: what such a function has asked fails in the same words.
  'oauthBearerProvider failed': 'Check kafka.sasl.oauthBearerProvider and what it asks.',
  'authenticationProvider failed': 'Check kafka.sasl.authenticationProvider and what it asks.',
  'kafka\\.brokers failed': 'Check the function in kafka.brokers and what it asks.',
  'kafka\\.socketFactory failed': 'Check kafka.socketFactory.',
  'producer failed|the "producer" function': 'Check the function in producer, and what it asks.',
  'certificate has expired|CERT_HAS_EXPIRED':
    "The broker's certificate has expired: renew it, and check this machine's clock.",
  'self.signed certificate|unable to (verify|get) .*certificate|UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    "This process does not trust the issuer of the broker's certificate: give its authority in kafka.ssl.ca.",
  'altnames|ERR_TLS_CERT_ALTNAME_INVALID':
    "The broker's certificate is for another host: connect by the name that it is for, or give that in kafka.ssl.servername.",
  'certificate.required|bad.certificate|handshake.failure':
    'The broker refuses the TLS handshake: most likely it wants a certificate of this client (kafka.ssl.cert and kafka.ssl.key), or does not trust the one it gets.',
  'the answer is TLS|Broker requires TLS':
    'This port wants TLS: give kafka.ssl (true, or an object with the authority in ca), or another port in kafka.brokers.',
  'the answer is HTTP':
    'A web server or a proxy answers there, not a broker: check the port in kafka.brokers.',
  "the answer is not in Kafka's protocol":
    'Something else than a broker answers there: check the port in kafka.brokers, and kafka.ssl.',
  'an address that the brokers themselves name':
    'The address in kafka.brokers works, but the brokers send their clients on to this one, and it has never been reached from here: check advertised.listeners of that broker (it must be an address that its clients can reach, which in Docker and Kubernetes takes a listener for inside and one for outside), DNS and the firewall.',
  'before the TLS handshake was over':
    'Most likely this port has no TLS: leave kafka.ssl out, or give the TLS port in kafka.brokers. Otherwise the broker wants another certificate of this client, or a proxy between has no broker behind it.',
  'wrong version number|packet length too long|before secure TLS connection|EPROTO':
    'This port does not speak TLS: leave kafka.ssl out, or give the TLS port in kafka.brokers.',
  'UNSUPPORTED_SASL_MECHANISM|mechanism is not supported|does not support .*mechanism':
    'The broker does not have this SASL mechanism: check kafka.sasl.mechanism.',
  'ILLEGAL_SASL_STATE|not valid given the current SASL state':
    'The broker wants no SASL on this port, or another kind: check the port in kafka.brokers, and kafka.sasl. Where its SASL sessions are short (connections.max.reauth.ms), kafka.reauthenticationThreshold has to be at least 1 s shorter, or left out.',
  // The connection's own words, behind those that kafkajs has for each log-in that fails (broker/saslAuthenticator/plain.js).
  'authentication failed: (Closed connection|Connection |Request )':
    "The connection broke during the log-in. Where it does so each time, look into the broker's log for the reason.",
  'OAUTHBEARER|oauthBearerProvider':
    'The broker has refused the token, or there was none: check kafka.sasl.oauthBearerProvider and what it asks.',
  'SASLAuthentication|SASL.*authentication failed|invalid credentials|authentication failed':
    'The broker has refused the user name or the password (check kafka.sasl).',
  'TOPIC_AUTHORIZATION_FAILED|not authorized to access topics':
    'This user lacks the right to WRITE to the topic: an ACL has to allow it.',
  'CLUSTER_AUTHORIZATION_FAILED|cluster authorization failed':
    'This user lacks a right on the cluster (IDEMPOTENT_WRITE, before Kafka 2.8): an ACL has to allow it, or leave idempotent out.',
  'UNKNOWN_TOPIC_OR_PARTITION|does not host this topic':
    'Does the topic exist? The broker does not create it by itself.',
  'INVALID_TIMESTAMP|timestamp of the message is out of':
    "How old a record may be, or how far ahead, is message.timestamp.before.max.ms and message.timestamp.after.max.ms of the topic: raise them, and check this machine's clock.",
  'INVALID_RECORD|failed the validation':
    'A compacted topic (cleanup.policy=compact) takes no record without a key: such a topic needs a `key`, so give the transport that option.',
  'without an answer':
    'The port may want TLS (kafka.ssl), or belong to something else, such as ZooKeeper, or a proxy with no broker behind it: check the port in kafka.brokers.',
  'after its first answer': 'The port may want SASL: check kafka.sasl, and the port in kafka.brokers.',
  'never answered|connecting to Kafka did not end within|Request ApiVersions.* timed out':
    'Something takes the connection and does not answer: a proxy or load balancer without a broker behind it, a port that wants TLS (kafka.ssl), or a broker that hangs.',
  'KafkaJSServerDoesNotSupportApiKey|API Versions not supported|UNSUPPORTED_VERSION':
    'The broker and kafkajs have no version of the protocol in common: check what listens on this port, and its version.',
  UNSUPPORTED_COMPRESSION_TYPE: 'The broker does not know this compression: choose another "compression".',
  KAFKA_STORAGE_ERROR: "The broker cannot write to its disk: see the broker's log.",
  THROTTLING_QUOTA_EXCEEDED: 'A quota of the broker is used up: raise it, or log less.',
  'LEADER_NOT_AVAILABLE|NOT_LEADER': 'A partition has no leader: check whether all brokers run.',
  NOT_ENOUGH_REPLICAS: 'Fewer replicas are in sync than min.insync.replicas asks for.',
  'ENOTFOUND|EAI_AGAIN': 'The name of the broker cannot be looked up: check kafka.brokers and DNS.',
  ECONNREFUSED: 'Nothing listens there: check kafka.brokers, and whether Kafka runs.',
  'ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|Connection timeout':
    'There is no way to this address, or nothing answers there: check kafka.brokers, firewalls and VPNs between.',
};

/** What to do about a failure, where that can be told. Never throws, whatever it is given. */
export function remedyFor(error: unknown): string | undefined {
  return attempt(() => {
    const { name, type, code, message } = rootCause(error);
    const facts = [name, type, code, message, outermost(error)].join(' ');
    return Object.entries(REMEDIES).find(([pattern]) => new RegExp(pattern, 'i').test(facts))?.[1];
  });
}

/** kafkajs wraps what a provider threw in an error that says which step it was. */
function outermost(error: unknown): string {
  return error instanceof Error ? `${error.name} ${error.message}` : '';
}
