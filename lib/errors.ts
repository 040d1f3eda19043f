import { withoutSecrets } from './util/secret-names.ts';

/** What a {@link KafkaTransportError} is about. The list is closed: a new kind of error gets a code of its own. */
export type KafkaTransportErrorCode =
  /** An option has a wrong shape or value, or is not known. Thrown by the constructor, never emitted. */
  | 'ERR_INVALID_OPTION'
  /** No connection, or no answer: records wait in the buffer. Once per outage, and at most once a minute. */
  | 'ERR_KAFKA_UNREACHABLE'
  /** The broker keeps refusing for a reason that may be temporary: records wait. Emitted like `ERR_KAFKA_UNREACHABLE`. */
  | 'ERR_SEND_FAILED'
  /** A service that `serialize` needs, such as a schema registry, is not available: records wait. Emitted like an outage. */
  | 'ERR_SERIALIZE_UNAVAILABLE'
  /**
   * With a spool: records of one topic or partition cannot be sent, and wait on disk while others are sent. Each time that
   * this begins, and at most once a minute for each topic.
   */
  | 'ERR_TOPIC_HELD'
  /** Records will not reach Kafka. At most once a minute for each reason; `stats().dropped` counts them. */
  | 'ERR_RECORDS_DROPPED'
  /** The broker refuses the timestamps of old records: they are sent with the time of the send. At most once a minute. */
  | 'ERR_TIMESTAMP_REFUSED'
  /** A function of the application, or a wrapped `log()`, threw or returned something unusable. At most once a minute for each. */
  | 'ERR_CALLBACK_FAILED'
  /** The fallback threw, or its promise rejected. Each failure is counted; at most once a minute. */
  | 'ERR_FALLBACK_FAILED'
  /** The spool's directory cannot be used, or is full: records are only in memory. At most once a minute. */
  | 'ERR_SPOOL_FAILED'
  /** Files of the spool are damaged: intact records are sent, the others counted as `invalid`. At most once a minute. */
  | 'ERR_SPOOL_DAMAGED'
  /** A log loop was found: its records are kept from Kafka. At most once a minute for each kind of record. */
  | 'ERR_LOOP_FOUND'
  /** The transport and its logger do not match: one names a level that the logger does not have. */
  | 'ERR_MISMATCH';

/** The fields of a {@link KafkaTransportError} beside its code and message. */
export interface KafkaTransportErrorDetails {
  /** The option at fault, as a path: `batch.maxRecords`. */
  option?: string;
  /** The Kafka client's error, or what a function of the application threw. */
  cause?: unknown;
}

/**
 * The one error class of this package. The message says what happened, what it means and what to do; a
 * password or token never appears in it.
 *
 * Thrown by the constructor for bad options; after that only ever emitted, as the `warn` event.
 */
export class KafkaTransportError extends Error {
  override readonly name = 'KafkaTransportError';
  readonly code: KafkaTransportErrorCode;
  readonly option: string | undefined;

  /**
   * Public for tests of code that handles such errors.
   *
   * @param code what kind of error it is
   * @param message what happened, what it means and what to do
   */
  constructor(
    code: KafkaTransportErrorCode,
    message: string,
    { option, cause }: KafkaTransportErrorDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.option = option;
  }
}

/** The text of anything thrown, on one line, without the secrets that are recognised. Never throws. */
export function messageOf(error: unknown): string {
  try {
    const text = error instanceof Error ? error.message || error.name : String(error);
    return withoutSecrets(text.replaceAll(/\s+/g, ' ').trim()) || 'unknown error';
  } catch {
    return 'an error that cannot be shown as text';
  }
}
