import type { Batch } from '../accumulator/batch.ts';
import { causesOf, type ErrorFacts, rootCause } from '../util/root-cause.ts';
import type { SendOutcome } from './client.ts';
import { sequenceFaultOf } from './idempotence.ts';
import { isProviderError } from './provider-error.ts';
import { refusedIndexesOf } from './refused-records.ts';

/** What the outcome of a send means for its records. */
export type SendResult =
  | { kind: 'delivered' }
  /** It may pass: the same records again, later. */
  | { kind: 'retry'; cause: unknown; client: ClientCondition }
  /** The partition is not there: find out anew which there are, then again. */
  | { kind: 'refresh-metadata'; cause: unknown }
  /**
   * One of the records, at least, is refused for good: find it by bisecting. `certain` is false where the error does not
   * come from the broker, so that it may be the client that is broken (record-isolation.ts).
   */
  | {
      kind: 'bisect';
      cause: unknown;
      reason: 'oversize' | 'rejected';
      certain: boolean;
      /** The records that are refused, by their places in the batch, where the broker has named them. */
      refusedIndexes?: readonly number[];
      /** What the broker refuses, where that can be put right or told of others. */
      refused?: 'timestamp' | 'record';
      /** Only where it is not certain: a fresh client may do better. */
      isClientSuspect?: boolean;
    }
  /** The broker refuses the whole topic for good. */
  | { kind: 'reject-topic'; cause: unknown };

/**
 * What a failed send says of the client: nothing; that its connections are not to be trusted any more; or that an
 * idempotent producer and the broker disagree about what was sent, which only a new producer can end.
 */
export type ClientCondition = 'fine' | 'doubtful' | 'out-of-sequence';

// Kafka's error codes (https://kafka.apache.org/protocol#protocol_error_codes), by code and by kafkajs's names.
// Both, because another engine behind `producer` may only give one.
const TOO_LARGE = new Set<unknown>([10, 18, 'MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const BAD_TIMESTAMP = new Set<unknown>([32, 'INVALID_TIMESTAMP']);
const BAD_RECORD = new Set<unknown>([87, 'INVALID_RECORD']);
const BAD_TOPIC = new Set<unknown>([
  ...[17, 29, 31, 44, 76],
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'POLICY_VIOLATION',
  'UNSUPPORTED_COMPRESSION_TYPE',
]);

// Names of errors after which a kafkajs client may reuse a half-open connection for ever. DeadlineError is our own, and so
// is WorkerEndedError: that client is gone.
// A refused or closed connection is not among them: it may be one broker of many, and kafkajs opens a new one.
const CLIENT_ERRORS = new Set<unknown>([
  'DeadlineError',
  'WorkerEndedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSLockTimeout',
]);
// What kafkajs says, without a class of its own, when its producer has lost its connections.
const DISCONNECTED = /not connected|is disconnect(ed|ing)/i;
// Errors of code: of the client's own, or of a codec.
const PROGRAMMING_ERRORS = new Set<unknown>([
  ...['TypeError', 'RangeError', 'SyntaxError', 'ReferenceError'],
  'DataCloneError',
  'KafkaJSNotImplemented',
]);
// Errors of a network, a broker or a limit, by the words that kafkajs and other engines use in their names.
const OUTAGE_NAME = /^KafkaJS|kafka|broker|network|connection|socket|protocol|timeout|abort/i;
// The same by code. Node's system errors are in capitals without `_` (ECONNREFUSED); its other errors begin with `ERR_`, of
// which most are about arguments; zlib's with `Z_`.
const OUTAGE_CODE = /^(?!Z_|ERR_)|^ERR_(SSL|TLS|SOCKET|STREAM|HTTP|NETWORK)/;

/** Judges a send that is over. */
export function classifyOutcome(outcome: SendOutcome, batch: Batch): SendResult {
  return 'error' in outcome ? classifyError(outcome.error) : classifyAnswer(outcome.answer, batch);
}

/** Judges a send that failed. */
export function classifyError(error: unknown): SendResult {
  // Before all else: what stands below it may look like anything, also like a refusal of a broker's.
  if (isProviderError(error)) return { kind: 'retry', cause: error, client: 'fine' };
  const { name, type, code, message } = rootCause(error);
  const isOneOf = (set: Set<unknown>): boolean => set.has(type) || set.has(code);
  if (isOneOf(TOO_LARGE)) return { kind: 'bisect', cause: error, reason: 'oversize', certain: true };
  if (isOneOf(BAD_TIMESTAMP)) return { ...refusalOf(error), refused: 'timestamp' };
  if (isOneOf(BAD_RECORD)) return { ...refusalOf(error), refused: 'record' };
  if (isOneOf(BAD_TOPIC)) return { kind: 'reject-topic', cause: error };
  if (PROGRAMMING_ERRORS.has(name))
    return { kind: 'bisect', cause: error, reason: 'rejected', certain: false, isClientSuspect: true };
  const fault = sequenceFaultOf({ name, type, code, message });
  if (fault === 'already-stored') return { kind: 'delivered' };
  if (fault !== undefined)
    return { kind: 'retry', cause: error, client: fault === 'renumbered' ? 'fine' : 'out-of-sequence' };
  const isDoubtful = CLIENT_ERRORS.has(name) || DISCONNECTED.test(message);
  if (!isDoubtful && !isOutage({ name, type, code, message }))
    return { kind: 'bisect', cause: error, reason: 'rejected', certain: false };
  return { kind: 'retry', cause: error, client: isDoubtful ? 'doubtful' : 'fine' };
}

function refusalOf(cause: unknown): SendResult & { kind: 'bisect' } {
  const refusal = { kind: 'bisect', cause, reason: 'rejected', certain: true } as const;
  const refusedIndexes = causesOf(cause).map(refusedIndexesOf).find(Array.isArray);
  return refusedIndexes === undefined ? refusal : { ...refusal, refusedIndexes };
}

/**
 * Whether an error that is none of the above says that it comes from a network or a broker. What says nothing of the kind (an
 * Error without anything, a string, undefined) may come from a codec, or from a record that cannot be encoded.
 */
function isOutage({ name, type, code }: ErrorFacts): boolean {
  if (typeof type === 'string' || typeof code === 'number') return true;
  if (typeof name === 'string' && OUTAGE_NAME.test(name)) return true;
  return typeof code === 'string' && OUTAGE_CODE.test(code);
}

/**
 * Judges a send that resolved. That alone proves nothing: kafkajs resolves with an empty answer when the
 * partition is out of range. So the answer must name the partition, with error code 0.
 */
export function classifyAnswer(answer: unknown, batch: Batch): SendResult {
  const entry = entryOf(answer, batch);
  if (entry === undefined) return { kind: 'refresh-metadata', cause: new Error(unanswered(batch)) };
  if (entry.errorCode !== undefined && entry.errorCode !== 0) {
    return classifyError(
      Object.assign(new Error(`the broker answered error code ${entry.errorCode}`), {
        code: entry.errorCode,
      }),
    );
  }
  return { kind: 'delivered' };
}

/** The partition that an answer names: where the client chose it, that is how it becomes known. */
export function answeredPartition(answer: unknown, batch: Batch): number | undefined {
  return entryOf(answer, batch)?.partition;
}

interface AnswerEntry {
  topicName?: unknown;
  partition?: unknown;
  errorCode?: unknown;
}

function entryOf(answer: unknown, batch: Batch): (AnswerEntry & { partition: number }) | undefined {
  const entries = Array.isArray(answer) ? (answer as (AnswerEntry | null | undefined)[]) : [];
  const entry = entries.find(
    (candidate) =>
      candidate?.topicName === batch.topic &&
      (batch.partition === undefined || candidate.partition === batch.partition),
  );
  return entry && hasPartition(entry) ? entry : undefined;
}

function hasPartition(entry: AnswerEntry): entry is AnswerEntry & { partition: number } {
  return Number.isInteger(entry.partition) && (entry.partition as number) >= 0;
}

function unanswered({ topic, partition }: Batch): string {
  const where = partition === undefined ? `topic "${topic}"` : `partition ${partition} of topic "${topic}"`;
  return `the answer to a send does not name ${where}: nobody has confirmed its records`;
}
