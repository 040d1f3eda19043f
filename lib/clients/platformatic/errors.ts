import { KafkaTransportError, messageOf } from '../../errors.ts';
import { errorCodeOf } from '../../protocol/error-codes.ts';
import { UNKNOWN_TOPIC_OR_PARTITION } from '../../protocol/unknown-topic.ts';
import { attempt, isObject } from '../../util/safely.ts';
import { NotSentError } from '../not-sent-error.ts';
import { withRefusedIndexes } from '../refused-records.ts';

type Fields = Record<string, unknown>;

const MAX_DEPTH = 8;
// Nobody listens at such an address; of several brokers that failed, another error says more.
const REFUSALS = new Set<unknown>(['ECONNREFUSED', 'ENOTFOUND']);
// Whatever lies below one of these happened on a connection: so it is an outage, not a record that cannot be encoded.
const CONNECTION_CODES = new Set<unknown>(['PLT_KFK_NETWORK', 'PLT_KFK_AUTHENTICATION']);
// What only says that something below it failed.
const EMPTY_WORDS = /^(Producing messages failed|Received response with error)/;
// network/connection-pool.js, `#getFirstAvailable`: the client is as good as disconnected, which send-result.ts tells by these words.
const NO_BROKER = /^Cannot connect to any broker/;
const DISCONNECTED = 'not connected to any broker';
const CLOSED = /^Connection closed\b/;
// clients/base/base.js, `#performMetadata`: the broker's answer is lost on the way.
const UNKNOWN_TOPIC = /^Unknown topic /;
// protocol/errors.js: it has no entry for a code that Kafka has added since, and fails over that.
const UNKNOWN_CODE = /\bprotocolErrors\b/;
const UNKNOWN_SERVER_ERROR = -1;
// network/connection.js: no request was written yet.
const NOT_CONNECTED = /^Connection to \S+ (failed|timed out)\.?$|^Cannot get a connection|is closed\.$/;

/** What the client knows beside the error. */
export interface Circumstances {
  /** Nothing was sent. */
  readonly isUnsent: boolean;
  /** Of the connection that was closed last, in words. */
  readonly closed: string | undefined;
}

/**
 * An error of @platformatic/kafka as the transport reads one (send-result.ts): with Kafka's code and kafkajs's name for it, or
 * with the code of the system. Its own have theirs in `errors`, several levels down, in fields of other names.
 */
export function translatedError(error: unknown, { isUnsent, closed }: Circumstances): unknown {
  if (error instanceof KafkaTransportError || !isObject(error)) return error;
  const path = pathTo(error);
  const refusal = refusalOf(path);
  if (refusal !== undefined) return refusal;
  const failure = failureOf(path, closed);
  const isNotSent = isUnsent || path.some(({ message }) => NOT_CONNECTED.test(String(message)));
  return isNotSent ? withStack(new NotSentError(failure.message, { cause: failure })) : failure;
}

/** What a broker has answered for the partition of a send; or for something else, without the place. */
function refusalOf(path: readonly Fields[]): Error | undefined {
  const answer = path.map(({ response }) => partitionAnswer(response)).find((found) => found !== undefined);
  const leaf = path.at(-1);
  const isUnknown = UNKNOWN_TOPIC.test(String(leaf?.message));
  const code =
    answer?.errorCode ?? leaf?.apiCode ?? (isUnknown ? UNKNOWN_TOPIC_OR_PARTITION.code : codeOfNone(leaf));
  if (typeof code !== 'number') return undefined;
  const { type, message, retriable } = errorCodeOf(code);
  // Those that no send is answered with (of SASL, say) have Kafka's own name only.
  const name = type === `ERROR_CODE_${code}` && typeof leaf?.apiId === 'string' ? leaf.apiId : type;
  const said = answer?.errorMessage ?? leaf?.serverErrorMessage;
  const words = [...wordsOf(path.slice(0, -1)), typeof said === 'string' ? said : message].join(': ');
  const error = Object.assign(new Error(words), { type: name, code, retriable });
  return withStack(withRefusedIndexes(error, answer?.indexes ?? []));
}

function codeOfNone(leaf: Fields | undefined): number | undefined {
  return UNKNOWN_CODE.test(String(leaf?.message)) ? UNKNOWN_SERVER_ERROR : undefined;
}

interface PartitionAnswer {
  readonly errorCode: number;
  readonly errorMessage: unknown;
  /** Of the records that are refused. */
  readonly indexes: readonly number[];
}

/** The one partition of a Produce response. Its `record_errors` come first among `errors`, with the code -1. */
function partitionAnswer(response: unknown): PartitionAnswer | undefined {
  const topics = attempt(() => (response as { responses: { partitionResponses: Fields[] }[] }).responses);
  if (!Array.isArray(topics)) return undefined;
  for (const { errorCode, errorMessage, recordErrors } of topics.flatMap(
    (topic) => topic.partitionResponses,
  )) {
    if (typeof errorCode !== 'number' || errorCode === 0) continue;
    const named = Array.isArray(recordErrors) ? (recordErrors as { batchIndex: number }[]) : [];
    return { errorCode, errorMessage, indexes: named.map(({ batchIndex }) => batchIndex) };
  }
  return undefined;
}

/** Any other failure: of a connection, or of code. */
function failureOf(path: readonly Fields[], closed: string | undefined): Error {
  const leaf = path.at(-1) ?? {};
  const connection = path.find(({ code }) => CONNECTION_CODES.has(code));
  const code = leaf.code ?? connection?.code;
  const words = wordsOf(path).join(': ') || messageOf(leaf);
  const isClosed = closed !== undefined && CLOSED.test(String(leaf.message));
  const error: Error & { code?: unknown } = new Error(isClosed ? `${words} (${closed})` : words);
  // Without a connection in it, it may be an error of code: by its name (`TypeError`) it is told.
  if (connection === undefined && typeof leaf.name === 'string') error.name = leaf.name;
  if (code !== undefined) error.code = code;
  return withStack(error, connection === undefined ? leaf.stack : undefined);
}

/** The error and what it is about, the outermost first. Of several the first; but rather one that is no refusal. */
function pathTo(error: Fields): Fields[] {
  const path: Fields[] = [];
  for (let at: Fields | undefined = error; at !== undefined && path.length < MAX_DEPTH; at = nextOf(at))
    path.push(at);
  return path;
}

function nextOf(error: Fields): Fields | undefined {
  const several = attempt(() => error.errors);
  const inner = Array.isArray(several) ? several.filter(isObject) : [];
  const next = inner.find((one) => !REFUSALS.has(pathTo(one).at(-1)?.code)) ?? inner[0];
  if (next !== undefined) return next;
  const cause = attempt(() => error.cause);
  return isObject(cause) ? cause : undefined;
}

/** What they say, without what the next one says again. */
function wordsOf(path: readonly Fields[]): string[] {
  const words = path.map(({ message }) =>
    messageOf(message).replace(/\.$/, '').replace(NO_BROKER, DISCONNECTED),
  );
  return words.filter(
    (text, at) => !EMPTY_WORDS.test(text) && !words.slice(at + 1).some((later) => later.includes(text)),
  );
}

/** Remembered for a while: frames would hold on to what was awaited, as in broker-sockets.ts. */
function withStack<Kind extends Error>(error: Kind, stack?: unknown): Kind {
  error.stack = typeof stack === 'string' ? stack : String(error);
  return error;
}
