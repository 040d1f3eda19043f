import { UNKNOWN_TOPIC_OR_PARTITION } from './unknown-topic.ts';

/** What a broker's error code says. */
export interface ErrorCode {
  /** The name that kafkajs has for it, which is Kafka's own but for a few. */
  readonly type: string;
  readonly code: number;
  readonly retriable: boolean;
  readonly message: string;
}

// The codes that a broker may answer to Produce (https://kafka.apache.org/protocol#protocol_error_codes): name, whether it may
// pass, and what it means.
const CODES: Readonly<Record<number, readonly [type: string, retriable: boolean, message: string]>> = {
  [-1]: ['UNKNOWN', false, 'The server experienced an unexpected error when processing the request'],
  2: ['CORRUPT_MESSAGE', true, 'The broker found a wrong checksum or size in a batch'],
  [UNKNOWN_TOPIC_OR_PARTITION.code]: [
    UNKNOWN_TOPIC_OR_PARTITION.type,
    true,
    'This server does not host this topic-partition',
  ],
  5: ['LEADER_NOT_AVAILABLE', true, 'There is no leader for this topic-partition: one is being elected'],
  6: ['NOT_LEADER_FOR_PARTITION', true, 'This server is not the leader for that topic-partition'],
  7: ['REQUEST_TIMED_OUT', true, 'The request timed out'],
  10: [
    'MESSAGE_TOO_LARGE',
    false,
    'The request included a message larger than the max message size the server will accept',
  ],
  13: ['NETWORK_EXCEPTION', true, 'The server disconnected before a response was received'],
  17: ['INVALID_TOPIC_EXCEPTION', false, 'The request attempted to perform an operation on an invalid topic'],
  18: [
    'RECORD_LIST_TOO_LARGE',
    false,
    'The request included message batch larger than the configured segment size on the server',
  ],
  19: [
    'NOT_ENOUGH_REPLICAS',
    true,
    'Messages are rejected since there are fewer in-sync replicas than required',
  ],
  20: [
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    true,
    'Messages are written to the log, but to fewer in-sync replicas than required',
  ],
  21: ['INVALID_REQUIRED_ACKS', false, 'Produce request specified an invalid value for required acks'],
  29: ['TOPIC_AUTHORIZATION_FAILED', false, 'Not authorized to access topics: [Topic authorization failed]'],
  31: [
    'CLUSTER_AUTHORIZATION_FAILED',
    false,
    'Not authorized to access the cluster: [Cluster authorization failed]',
  ],
  32: ['INVALID_TIMESTAMP', false, 'The timestamp of the message is out of acceptable range'],
  35: ['UNSUPPORTED_VERSION', false, 'The version of API is not supported'],
  42: ['INVALID_REQUEST', false, 'The broker takes the request for malformed'],
  43: [
    'UNSUPPORTED_FOR_MESSAGE_FORMAT',
    false,
    'The message format version on the broker does not support the request',
  ],
  44: ['POLICY_VIOLATION', false, 'Request parameters do not satisfy the configured policy'],
  45: ['OUT_OF_ORDER_SEQUENCE_NUMBER', false, 'The broker received an out of order sequence number'],
  46: ['DUPLICATE_SEQUENCE_NUMBER', false, 'The broker received a duplicate sequence number'],
  47: ['INVALID_PRODUCER_EPOCH', false, 'Producer attempted an operation with an old epoch'],
  49: [
    'INVALID_PRODUCER_ID_MAPPING',
    false,
    'The broker does not know this producer by its transactional id',
  ],
  53: ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', false, 'Transactional Id authorization failed'],
  56: ['KAFKA_STORAGE_ERROR', true, 'Disk error when trying to access log file on the disk'],
  58: ['SASL_AUTHENTICATION_FAILED', false, 'SASL Authentication failed'],
  59: [
    'UNKNOWN_PRODUCER_ID',
    false,
    'The broker has no state of this producer: its records may have expired',
  ],
  74: ['FENCED_LEADER_EPOCH', true, 'The leader epoch in the request is older than the epoch on the broker'],
  76: [
    'UNSUPPORTED_COMPRESSION_TYPE',
    false,
    'The requesting client does not support the compression type of given partition',
  ],
  87: ['INVALID_RECORD', false, 'This record has failed the validation on broker and hence be rejected'],
  89: ['THROTTLING_QUOTA_EXCEEDED', true, 'The throttling quota has been exceeded'],
  90: ['PRODUCER_FENCED', false, 'There is a newer producer with the same transactional id'],
};

/** What an error code means. One that is not known stays what it is, and is not taken for one that passes. */
export function errorCodeOf(code: number): ErrorCode {
  const known = CODES[code];
  if (known === undefined)
    return { type: `ERROR_CODE_${code}`, code, retriable: false, message: `Unknown error code ${code}` };
  const [type, retriable, message] = known;
  return { type, code, retriable, message };
}
