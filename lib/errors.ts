import { withoutSecrets } from './util/secret-names.ts';

/** What a {@link KafkaTransportError} is about. The list is closed: a new kind of error gets a code of its own. */
export type KafkaTransportErrorCode =
  /** An option has a wrong shape or value, or is not known. Thrown by the constructor, never emitted. */
  | 'ERR_INVALID_OPTION'
  /** No connection, or no answer: records wait in the buffer. Told once per outage, and once a minute at most. */
  | 'ERR_KAFKA_UNREACHABLE'
  /** The broker answers, but refuses again and again for a reason that may pass: records wait. Told like an outage. */
  | 'ERR_SEND_FAILED'
  /** What `serialize` needs, such as a schema registry, is not there: records wait. Told like an outage. */
  | 'ERR_SERIALIZE_UNAVAILABLE'
  /**
   * With a spool: records of one topic, or of one partition of it, cannot be sent, and wait on disk while others are sent.
   * Told each time it comes to that, and once a minute at most for each topic.
   */
  | 'ERR_TOPIC_HELD'
  /** Records will not reach Kafka. Told once a minute at most for each reason; `stats().dropped` counts. */
  | 'ERR_RECORDS_DROPPED'
  /** The broker takes no records as old as these: they are sent with other times. Told once a minute at most. */
  | 'ERR_TIMESTAMP_REFUSED'
  /** A function of the caller's, or a wrapped `log()`, threw or returned something unusable. Told once a minute at most for each kind of fault. */
  | 'ERR_CALLBACK_FAILED'
  /** The fallback threw, or its promise rejected. Each is counted; told once a minute at most. */
  | 'ERR_FALLBACK_FAILED'
  /** The spool's directory cannot be used, or is full: records are only in memory. Told once a minute at most. */
  | 'ERR_SPOOL_FAILED'
  /** Files of the spool are damaged: what is whole is sent, the rest counted as `invalid`. Told once a minute at most. */
  | 'ERR_SPOOL_DAMAGED'
  /** A log loop was found: its records are kept from Kafka. Told once a minute at most for each kind of record. */
  | 'ERR_LOOP_FOUND'
  /** The transport and its logger do not fit together, such as a level that the logger does not have. */
  | 'ERR_MISMATCH';

/** What a {@link KafkaTransportError} knows beside its code and message. */
export interface KafkaTransportErrorDetails {
  /** The option at fault, as a path: `batch.maxRecords`. */
  option?: string;
  /** What led to it: the Kafka client's error, or what the caller's function threw. */
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
   * For those who test what handles such errors: the package makes its own.
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

/** The text of anything thrown, on one line, without the secrets that can be told. Never throws, whatever it is given. */
export function messageOf(error: unknown): string {
  try {
    const text = error instanceof Error ? error.message || error.name : String(error);
    return withoutSecrets(text.replaceAll(/\s+/g, ' ').trim()) || 'unknown error';
  } catch {
    return 'an error that cannot be shown as text';
  }
}
