import type { CompressionTypes } from 'kafkajs';
import type { BatchLimits } from '../accumulator/batching-policy.ts';
import type { BufferLimits, OverflowPolicy } from '../accumulator/memory-limit.ts';
import { CLIENT_LOG_OPTIONS, checkedClientLog } from '../client-log/console-only.ts';
import type { PlatformaticClient } from '../clients/platformatic/client-option.ts';
import { type CompiledFilter, compileFilter, type RecordFilter } from '../loop-safety/filter/filter.ts';
import { DEFAULT_SIGNALS } from '../process/signals.ts';
import { isTopicName, TOPIC_NAME_RULE } from '../record/topic-name.ts';
import type { Redaction } from '../record/value/redaction.ts';
import type { SamplingOptions } from '../sampling/sampling.ts';
import type { SampleOptions } from '../sampling/sampling-options.ts';
import type { SenderOptions } from '../sender/sender-options.ts';
import type { SpoolOptions } from '../spool/spool-options.ts';
import { hasMethods, isPlainObject, throwInvalidOption } from '../util/check-option.ts';
import { checkedAcks, checkedClient, DEFAULT_ACKS, WORKER_OPTIONS } from './client-options.ts';
import { checkedCompression, checkedCompressionLevel } from './compression-options.ts';
import {
  checkedDirectory,
  checkedMaxAge,
  checkedSignals,
  firstWaitOf,
  lastWaitOf,
} from './delivery-options.ts';
import type { KafkaTransportOptions } from './kafka-transport-options.ts';
import {
  type Beside,
  choiceOf,
  flagOf,
  groupOf,
  integerOf,
  kept,
  Option,
  optional,
  optionalGroup,
  unchecked,
} from './option-kinds.ts';
import {
  checkedRateLimit,
  checkedRedact,
  checkedSample,
  RATE_LIMIT_OPTIONS,
  SAMPLE_OPTIONS,
} from './record-options.ts';

type Options = KafkaTransportOptions;

/** What becomes of an option that is neither left as it is nor a flag or a number. */
interface Changed {
  readonly filter: CompiledFilter | undefined;
  readonly sample: SampleOptions | undefined;
  readonly rateLimit: SamplingOptions['rateLimit'];
  readonly redact: Redaction | undefined;
  readonly client: PlatformaticClient | undefined;
  readonly acks: -1 | 1 | undefined;
  readonly compression: CompressionTypes | undefined;
  readonly compressionLevel: number | undefined;
  readonly batch: BatchLimits;
  readonly buffer: BufferLimits;
  readonly retry: SenderOptions['retry'];
  readonly signals: readonly NodeJS.Signals[];
  readonly spool: SpoolOptions | undefined;
}

/** Flags and numbers are there: none is left out. */
type Defaulted<Value> = [Value] extends [boolean | number | undefined] ? Exclude<Value, undefined> : Value;

/** The options, checked, with every default in place. */
export type CheckedOptions = {
  readonly [Name in keyof Required<Options>]: Name extends keyof Changed
    ? Changed[Name]
    : Defaulted<Options[Name]>;
};

const MODES: readonly SpoolOptions['mode'][] = ['overflow', 'always'];
const POLICIES: readonly OverflowPolicy[] = ['drop-oldest', 'drop-newest', 'drop-lowest'];
const NUMBER_OF_BYTES = Number.MAX_SAFE_INTEGER;
const KAFKA_OPTIONS = [
  'brokers',
  'clientId',
  'ssl',
  'sasl',
  'connectionTimeout',
  'logCreator',
  'socketFactory',
];
const FUNCTION = 'a function';
const AS_WINSTON = ['as in every winston transport', "winston's"] as const;

/** All options, in the order of the README. Their types, and what they mean in full, are in kafka-transport-options.ts. */
export const OPTIONS: { readonly [Name in keyof CheckedOptions]: Option<CheckedOptions[Name]> } = {
  topic: kept(isTopic, `${TOPIC_NAME_RULE}; or a function that returns one`).means(
    'the topic of a record: a name, or `(entry) => name`',
    'required',
  ),
  // Checked with one another, in client-options.ts; of kafkajs's own options those that are most often looked for.
  kafka: unchecked(KAFKA_OPTIONS).means(
    "kafkajs's `KafkaConfig`. The transport creates, owns, replaces and closes its own client. `brokers` is a list of `host:port` (IPv6 in brackets), one string with commas (`'a:9092, b:9092'`), or a function that returns either. The transport's `retry` and `clientLog` replace `kafka.retry` and `kafka.logLevel`. A `logCreator` of yours gets the client's log, at `kafka.logLevel` unless `clientLog.level` is set; what it logs does not go to Kafka through this transport",
  ),
  producer: unchecked().means(
    "instead of `kafka`: an object with kafkajs's `connect`, `send` and `disconnect`, or a function that creates one. The transport connects an object and never disconnects it; it owns what a function returns",
  ),
  kafkaModule: unchecked().means(
    'instead of `kafka`, with `worker: true`: the path or `file:` URL of a module whose default export is the `KafkaConfig` ([worker thread](docs/worker.md))',
  ),
  client: new Option(checkedClient).means(
    'with `kafka`: `platformaticClient()` of `winston-kafkajs/platformatic` ships through `@platformatic/kafka` 2.x, which must be installed and needs Node 22.22 or later. A `kafka` option that `@platformatic/kafka` does not have throws ([clients](docs/clients.md#platformatickafka))',
    'kafkajs',
  ),
  level: optional((given) => typeof given === 'string', 'the name of a level').means(...AS_WINSTON),
  format: optional(
    (given) => hasMethods(given, 'transform'),
    'a winston format, such as winston.format.json()',
  ).means(...AS_WINSTON),
  silent: flagOf(false).means(...AS_WINSTON),
  handleExceptions: flagOf(false).means(...AS_WINSTON),
  handleRejections: flagOf(false).means(...AS_WINSTON),
  filter: new Option(checkedFilter).means(
    'decides per record, after `level`, whether it goes to Kafka ([filters](docs/filters.md))',
  ),
  sample: new Option(checkedSample, undefined, SAMPLE_OPTIONS).means(
    'keeps a part of the records: `0.1`, `{ debug: 0.01, info: 0.1 }`, or `{ rate, by, seed }`. Errors are always kept ([sampling](docs/sampling-and-redaction.md))',
  ),
  rateLimit: new Option(checkedRateLimit, undefined, RATE_LIMIT_OPTIONS).means(
    'keeps only the first records of each kind per second: `100`, or `{ maxRecords, perMs, by }`. Errors are always kept ([rate limit](docs/sampling-and-redaction.md#rate-limit))',
  ),
  redact: new Option(checkedRedact).means(
    "paths of values that do not leave the process: `['password', 'headers.authorization', 'users[*].token']` ([redaction](docs/sampling-and-redaction.md#redaction))",
  ),
  key: optional(isFunction, FUNCTION).means(
    '`(entry) => string | Buffer | null`: records with equal keys keep their order',
  ),
  partition: optional(isFunction, FUNCTION).means(
    '`(entry) => number | undefined`: chooses the partition of the record. A record for a partition that the topic does not have is dropped as `rejected`',
  ),
  headers: optional(isFunction, FUNCTION).means('`(entry) => ({ name: string | Buffer | undefined })`'),
  serialize: optional(isFunction, FUNCTION).means(
    '`(entry) => string | Buffer`, or a promise of one: makes the value of the Kafka record ([formats and schemas](docs/formats-and-schemas.md))',
    'the formatted text',
  ),
  acks: new Option(checkedAcks, DEFAULT_ACKS).means(
    'which replicas must have a record: all in-sync ones (`-1`) or the leader (`1`). `0` is refused, because a lost record would look like a delivered one',
  ),
  idempotent: flagOf(false).means(
    'a lost acknowledgement makes no duplicate ([delivery guarantees](docs/delivery-guarantees.md)). Needs `kafka` without `client`, or `kafkaModule`, and `acks: -1`',
  ),
  recordId: flagOf(false).means(
    'adds a header `record-id`: a unique id, identical across retries, ending in a per-process counter',
  ),
  compression: new Option(checkedCompression).means(
    "`'none'`, `'gzip'`, `'snappy'`, `'lz4'`, `'zstd'`, or one of kafkajs's `CompressionTypes`. GZIP is built in, zstd from Node 22.15 on; register others in kafkajs's `CompressionCodecs` first ([codecs](docs/clients.md#compression))",
  ),
  compressionLevel: new Option(checkedCompressionLevel).means(
    "how hard `'gzip'` (1 to 9) or `'zstd'` (1 to 22) tries",
    "the codec's",
  ),
  fastPath: flagOf(true).means(
    "the transport encodes record batches itself and sends them over kafkajs's connection, which takes less CPU time; `false`: it calls kafkajs's `send` ([clients](docs/clients.md))",
  ),
  isolate: flagOf(false).means(
    '`true`: the transport has a Kafka client of its own. `false`: transports in one process with equal `kafka` share a client and its connections, and those with `worker: true` a thread ([many transports](docs/clients.md#many-transports))',
  ),
  batch: groupOf({
    maxRecords: integerOf(500, 1),
    maxBytes: integerOf(524_288, 1),
    lingerMs: integerOf(20, 0),
  }).means('a batch is sent when it reaches one of the three'),
  buffer: groupOf({
    maxRecords: integerOf(100_000, 1),
    maxBytes: integerOf(67_108_864, 1, NUMBER_OF_BYTES),
    overflow: choiceOf(POLICIES, 'drop-oldest'),
  }).means(
    "limits for the records in memory, those in flight included. `overflow` is `'drop-oldest'`, `'drop-newest'` or `'drop-lowest'` (the least severe level first, then the oldest)",
  ),
  retry: groupOf<Changed['retry']>({
    initialMs: firstWaitOf(100),
    maxMs: lastWaitOf(10_000),
    maxAgeMs: new Option(checkedMaxAge),
  }).means(
    'exponential backoff with full jitter. With `maxAgeMs`, a record that is older is dropped; with `idempotent`, not one that may have reached the broker',
  ),
  requestTimeoutMs: integerOf(10_000, 1).means(
    'limit of one connect, of one send, and of one promise of `serialize`',
  ),
  closeTimeoutMs: integerOf(10_000, 0).means(
    'limit of the flush when the transport is closed, or the process ends. `logger.end()` and the natural end of the process wait for 1 s only if no broker was ever reached and all refuse, and for 2 s if all that is left is for topics that never existed',
  ),
  signals: new Option(checkedSignals, DEFAULT_SIGNALS).means(
    'signals on which the transport flushes before the process ends, for up to 5 s; `false` for none ([signals and containers](docs/operations.md#signals-and-containers))',
  ),
  idleTimeoutMs: integerOf(2_000, 1).means(
    'the connection is closed after this time without a record, because an open one keeps the process alive',
  ),
  clientLog: new Option(checkedClientLog, { level: 'warn' }, CLIENT_LOG_OPTIONS).means(
    "the Kafka client's own log: `level` is `'nothing'`, `'error'`, `'warn'`, `'info'` or `'debug'`; `logger` is any object with `error`, `warn`, `info` and `debug`. Default: stderr, each kind of line once and then counted, without the lines about failed connections, refused log-ins and missing topics, which the transport reports itself. Set `clientLog` to see all of them",
  ),
  fallback: optional(
    // A logger's `log` takes no callback.
    (given) => isFunction(given) || (hasMethods(given, 'log') && !hasMethods(given, 'add', 'child')),
    'a winston transport (not a logger) or a function',
  ).means(
    'a winston transport, or `(undelivered) => void`: gets each record that will not reach Kafka; if it is a transport, its own `level` and `silent` apply. At `process.exit()` a fallback that writes asynchronously loses records ([fallback](docs/delivery-guarantees.md#the-fallback))',
  ),
  spool: optionalGroup({
    directory: new Option(checkedDirectory),
    mode: choiceOf(MODES, 'overflow'),
    maxBytes: integerOf(1_073_741_824, 1, NUMBER_OF_BYTES),
  }).means(
    "`{ directory, mode, maxBytes }`: disk for what memory cannot hold, or what is left when the process ends ([spool](docs/spool.md)). `mode` is `'overflow'` (default) or `'always'`; `maxBytes` is 1 GiB by default",
  ),
  worker: flagOf(false).means('runs the Kafka client in a worker thread ([worker thread](docs/worker.md))'),
  workerOptions: unchecked(WORKER_OPTIONS).means(
    "with `worker: true`: `{ execArgv }`, Node flags for the thread. It does not inherit the application's flags",
  ),
  loopDetection: flagOf(true).means(
    'finds loops that pass through other processes ([loop detector](docs/loop-detector.md))',
  ),
  loopHeader: flagOf(false).means(
    'adds a header `log-hops`, which counts how many times this line has been sent to Kafka, this time included; a consumer that logs what it consumes can pass it on, and the loop ends ([`hopsOf`](docs/loop-detector.md#counting-hops))',
  ),
  dropNotice: flagOf(true).means(
    'after records were dropped, one `warn` record goes to the topic, with the total and the counts by reason',
  ),
  callSite: flagOf(false).means(
    'captures `entry.origin` (`{ function, module, file, line, column }`) also without a `filter`; costs a stack capture per record',
  ),
  traceContext: flagOf(false).means(
    'adds the headers `traceparent` and `tracestate` of the span that was active at the log call ([traces](docs/metrics-and-health.md#traces))',
  ),
  levels: optional(isLevels, 'an object of level names and numbers').means(
    'the level names that a `filter` table may use, for a logger with custom levels',
    "winston's",
  ),
};

function isTopic(given: unknown): boolean {
  return isFunction(given) || isTopicName(given);
}

function isFunction(given: unknown): boolean {
  return typeof given === 'function';
}

function isLevels(given: unknown): boolean {
  return isPlainObject(given) && Object.values(given).every(Number.isFinite);
}

function checkedFilter(_: string, given: unknown, { levels }: Beside): CompiledFilter | undefined {
  OPTIONS.levels.check('levels', levels, {});
  if (given === undefined) return undefined;
  return compileFilter(given as RecordFilter, levels as Options['levels'], ({ path, expected, given }) =>
    throwInvalidOption(path, expected, given),
  );
}
