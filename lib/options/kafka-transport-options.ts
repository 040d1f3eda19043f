import type { CompressionTypes, KafkaConfig } from 'kafkajs';
import type { TransportStreamOptions } from 'winston-transport';
import type { OverflowPolicy } from '../accumulator/memory-limit.ts';
import type { ClientLogOptions } from '../client-log/console-only.ts';
import type { ProducerLike } from '../clients/external-producer.ts';
import type { CompressionName } from '../clients/kafkajs/codecs.ts';
import type { PlatformaticClient } from '../clients/platformatic/client-option.ts';
import type { RecordFilter } from '../loop-safety/filter/filter.ts';
import type { RecordKey, TransportEntry } from '../record/record.ts';
import type { PerLevel, RateLimitOptions, SampleOptions } from '../sampling/sampling-options.ts';
import type { Fallback } from '../undelivered/fallback.ts';

/** A batch is sent as soon as it reaches one of these limits. */
export interface BatchOptions {
  /**
   * Records. More than 1,000 do not help: kafkajs groups them in quadratic time, and 500 block the event loop for 8.5 ms.
   *
   * @default 500
   */
  maxRecords?: number;
  /**
   * Bytes of values, keys and headers. The broker's own limit for a batch is 1,048,588 bytes (`message.max.bytes`).
   * A record larger than `maxBytes` is sent alone.
   *
   * @default 524288
   */
  maxBytes?: number;
  /**
   * Milliseconds that the first record of a batch waits for more.
   *
   * @default 20
   */
  lingerMs?: number;
}

/** Limits for the records in memory, those in flight included. */
export interface BufferOptions {
  /**
   * Records, those in flight included.
   *
   * @default 100000
   */
  maxRecords?: number;
  /**
   * Bytes of values, keys and headers. A record larger than this is dropped as `oversize`.
   *
   * @default 67108864
   */
  maxBytes?: number;
  /**
   * Which records are dropped when it is full. `'drop-lowest'`: the least severe level first, then the oldest.
   *
   * @default 'drop-oldest'
   */
  overflow?: OverflowPolicy;
}

/** How failed sends and connects are retried: exponential backoff with full jitter. */
export interface RetryOptions {
  /**
   * Milliseconds: the longest wait before the first retry.
   *
   * @default 100
   */
  initialMs?: number;
  /**
   * Milliseconds: the longest wait before any retry.
   *
   * @default 10000
   */
  maxMs?: number;
  /**
   * Milliseconds after which a record that waits is dropped as `expired`.
   *
   * @default none: it waits until it is sent, or dropped because the buffer is full
   */
  maxAgeMs?: number;
}

/** Broker addresses, each `host:port`: a list, or one string with commas. */
export type Brokers = string | readonly string[];

/** kafkajs's `KafkaConfig`, in which `brokers` may also be one string. */
export interface TransportKafkaConfig extends Omit<KafkaConfig, 'brokers'> {
  /**
   * `['a:9092', 'b:9092']`, or `'a:9092, b:9092'` (from an environment variable, say), with an IPv6 address in brackets:
   * `'[::1]:9092'`. Or a function that returns one of these, which is called for each connection. An invalid address
   * throws at construction; if a function returns it, it is a `warn`, and the function is called again later.
   */
  brokers: Brokers | (() => Brokers | Promise<Brokers>);
}

/** The options of a `KafkaTransport`. `topic` and one of `kafka`, `kafkaModule` and `producer` are required. */
export interface KafkaTransportOptions
  extends Pick<
    TransportStreamOptions,
    'level' | 'format' | 'silent' | 'handleExceptions' | 'handleRejections'
  > {
  /**
   * The topic of a record. A function is called once per record, when winston hands it over. If it throws or does
   * not return a topic name, the record counts as `dropped.invalid`.
   */
  topic: string | ((entry: TransportEntry) => string);
  /**
   * kafkajs's own configuration. The transport creates, owns, replaces and closes its client. The transport's `retry` and
   * `clientLog` replace `kafka.retry` and `kafka.logLevel`; a `logCreator` is used, under the guard.
   */
  kafka?: TransportKafkaConfig;
  /**
   * Instead of `kafka`, with `worker: true`: the path (relative to the working directory) or `file:` URL of a module whose
   * default export is the `KafkaConfig`. The worker imports it, so it may contain functions, which cannot be passed between
   * threads. If the module cannot be used, there is a `warn`.
   */
  kafkaModule?: string | URL;
  /**
   * Instead of `kafka`: any client with kafkajs's `connect`, `send` and `disconnect`, or a function that creates one. The
   * transport connects an object and never disconnects it. It owns what a function returns: it connects and disconnects
   * it, and calls the function again when it needs a new client.
   */
  producer?: ProducerLike | (() => ProducerLike);
  /**
   * The Kafka client to use with `kafka`: kafkajs, or `@platformatic/kafka` 2.x if this is what `platformaticClient()` of
   * `winston-kafkajs/platformatic` returns. That package must be installed, and needs Node 22.22 or later. A `kafka` option that it
   * does not have throws, and so do `idempotent: true` and `kafkaModule`.
   *
   * @default kafkajs
   */
  client?: PlatformaticClient;
  /**
   * Decides per record, after `level`, whether it goes to Kafka. It works like loguru's `filter`. If it throws, the record
   * goes to Kafka.
   *
   * @default none: all
   */
  filter?: RecordFilter;
  /**
   * Keeps a part of the records, after `level` and `filter`: a number from 0 to 1, one for each level, or {@link SampleOptions}. Records that
   * are at least as severe as `error` are always kept. The others count as `suppressed.sampled`; once a minute a record in
   * the topic says how many they were. Other transports still get all.
   *
   * @default none: all
   * @example { debug: 0.01, info: 0.1 }
   */
  sample?: PerLevel | SampleOptions;
  /**
   * Keeps the first records of each kind, after `level`, `filter` and `sample`: so many per second, or as {@link RateLimitOptions}
   * say. Errors, counts and notices are as with `sample`.
   *
   * @default none
   * @example { maxRecords: 100, perMs: 60_000 }
   */
  rateLimit?: number | RateLimitOptions;
  /**
   * Paths of values that must not leave the process, in pino's syntax: `'password'`, `'headers.authorization'`, `'users[*].token'`,
   * `'*.secret'`. They are replaced by `[REDACTED]` in the record's value, in what `topic`, `key`, `partition` and `headers` get, in
   * the spool, and for the fallback; not for other transports. If the formatted text is not a JSON object, the redacted info
   * as JSON replaces it. A record that cannot be redacted is dropped as `invalid`.
   *
   * @default none
   */
  redact?: readonly string[];
  /**
   * The record's key; records with equal keys keep their order. If it throws or returns another type, the record is
   * sent without a key.
   *
   * @default none
   */
  key?: (entry: TransportEntry) => RecordKey | undefined;
  /**
   * The only partition that the record may go to. `undefined`: the partition of its key, or any. If the topic has no such
   * partition, the record counts as `dropped.rejected`, there is a `warn`, and the `fallback` gets it; partitions that are
   * added to the topic are found. If it throws or does not return a number, the record is sent as without this option.
   *
   * @default none
   */
  partition?: (entry: TransportEntry) => number | undefined;
  /**
   * The record's headers; undefined values are left out. If it throws or returns another type, the record is sent
   * without headers.
   *
   * @default none
   */
  headers?: (entry: TransportEntry) => Record<string, string | Buffer | undefined> | undefined;
  /**
   * Makes the value of the Kafka record, for example with a schema registry's client. It is called once per record, when winston
   * hands it over, and again only after an outage. Until its promise resolves, the record waits in `buffer`, and all later records
   * of the transport wait behind it. A promise that takes longer than `requestTimeoutMs`, and an error of an unavailable service
   * (a connection refused or reset, a timeout, HTTP 429 and 5xx), are an outage: the record waits, and `serialize` is retried
   * as `retry` says. If it fails otherwise or returns another type, the record is dropped as `invalid`, and goes to the
   * `fallback` with its formatted text. It is called for the drop notice and the sampling notice too.
   *
   * @default the formatted text
   * @example (entry) => registry.encode(schemaId, { level: entry.level, message: entry.info.message })
   */
  serialize?: (entry: TransportEntry) => string | Buffer | PromiseLike<string | Buffer>;
  /**
   * Which replicas must have a record before it counts as delivered: all in-sync ones (`-1`), or the leader (`1`). `0` is
   * refused, because a lost record would look like a delivered one.
   *
   * @default -1
   */
  acks?: -1 | 1;
  /**
   * Whether the broker recognises a batch that it has already, so that a lost acknowledgement makes no duplicate. With the fast
   * path this holds also when the client is replaced. Needs `acks: -1`, and either `kafka` without `client` or
   * `kafkaModule`. A record that may have arrived is neither dropped for room nor expired: it is sent again until the
   * broker has answered.
   *
   * @default false
   */
  idempotent?: boolean;
  /**
   * Whether each record gets a header `record-id`: a unique id, identical across retries, so that a consumer can drop
   * duplicates. It ends in a number that increases within the process.
   *
   * @default false
   */
  recordId?: boolean;
  /**
   * The codec: a name as in Kafka's own `compression.type`, or one of kafkajs's `CompressionTypes`. GZIP is built in, zstd from
   * Node 22.15 on. For others, and zstd before that, a codec must be registered first: in kafkajs's
   * `CompressionCodecs`, or, with `worker: true`, by the `kafkaModule`.
   *
   * @default none
   */
  compression?: CompressionTypes | CompressionName;
  /**
   * The level of `'gzip'` (1 to 9) or `'zstd'` (1 to 22): a higher one is slower and compresses more. Node's codec is used, even if
   * another is registered. Needs the fast path; where kafkajs's `send` is used instead, the codec's default applies.
   *
   * @default the codec's: 6 for gzip, 3 for zstd
   */
  compressionLevel?: number;
  /**
   * Whether the transport encodes record batches itself and sends them over kafkajs's connection, for a fraction of the CPU time
   * of kafkajs's encoder. If the installed kafkajs is not as expected (a fork, a mock, a later version), or its `send` is
   * instrumented, the transport calls kafkajs's public `send` all the same; `stats().path` says which one is used.
   *
   * @default true
   */
  fastPath?: boolean;
  /**
   * Whether the transport has a Kafka client of its own, and with `worker: true` a thread of its own. Otherwise transports in one
   * process share a client and its connections if their `kafka` (or what their `kafkaModule` exports) is the same object or plain data
   * with equal values, and their `clientLog`, `acks`, `compression`, `compressionLevel`, `requestTimeoutMs`, `fastPath` and
   * `traceContext` are equal. Each keeps its own buffer, state and guarantees. An `idempotent` transport never shares a client.
   *
   * @default false
   */
  isolate?: boolean;
  /** The limits at which a batch is sent. */
  batch?: BatchOptions;
  /** Limits for the records in memory. */
  buffer?: BufferOptions;
  /** How failed sends and connects are retried. */
  retry?: RetryOptions;
  /**
   * Milliseconds: the limit of one connect, of one send, and of one promise of `serialize`.
   *
   * @default 10000
   */
  requestTimeoutMs?: number;
  /**
   * Milliseconds: how long a flush at the end (`close()`, `logger.end()`, the end of the process) may take. `logger.end()` and the
   * end of the process wait for only about 1,000 if no broker was ever reached and all refuse (nobody listens, or the log-in or
   * the certificate is refused), and for 2,000 if all that is left is for topics that never existed. `close()` and `flush()` do not
   * stop early.
   *
   * @default 10000
   */
  closeTimeoutMs?: number;
  /**
   * Milliseconds without a record after which the connection is closed; the next record opens it again. An open
   * connection keeps the process alive.
   *
   * @default 2000
   */
  idleTimeoutMs?: number;
  /**
   * The signals on which the transport flushes before the process ends: for up to `closeTimeoutMs`, 5,000 milliseconds at
   * most, and only while Kafka can be reached. What is left goes to the spool or the fallback, or is counted on stderr. Then
   * the signal is raised again, so that the exit status is the usual one; a second signal ends the process at once.
   * If the application has a handler of its own for the signal, that decides about the end, and this one only begins
   * to flush. `false` or an empty list: none. In worker threads there are no signals.
   *
   * @default ['SIGTERM', 'SIGINT', 'SIGHUP']
   */
  signals?: readonly NodeJS.Signals[] | false;
  /**
   * Where the Kafka client's own log lines go.
   *
   * @default `{ level: 'warn' }` and a logger of its own that writes to stderr and nowhere else, without the lines about
   *   failed connections, refused log-ins and missing topics, which the transport reports itself
   */
  clientLog?: ClientLogOptions;
  /**
   * Gets each record that will not reach Kafka, with the reason. If it is a winston transport, its own `silent` and `level` apply: a
   * record that these exclude is lost, and reported as without a fallback.
   *
   * @default none: these records are only counted
   */
  fallback?: Fallback;
  /**
   * After records were dropped, one `warn` record goes to the topic, with the total and the counts by reason.
   *
   * @default true
   */
  dropNotice?: boolean;
  /**
   * Whether `entry.origin` is captured also without a `filter` that needs it. Costs a stack capture per record.
   *
   * @default false
   */
  callSite?: boolean;
  /**
   * Whether each record gets W3C's `traceparent` and `tracestate` headers of the span that was active when it was logged,
   * unless `headers` returns them. Spans come from the OpenTelemetry SDK that is registered with `@opentelemetry/api` 1.x;
   * without one there are none. The transport's own sends are then not traced.
   *
   * @default false
   */
  traceContext?: boolean;
  /**
   * The level names that a `filter` table may use, for a logger with custom levels.
   *
   * @default winston's npm, syslog and cli levels
   */
  levels?: Readonly<Record<string, number>>;
  /**
   * Disk for records that memory cannot hold, or that are left when the process ends. They are sent, in order, when memory
   * has room, or by the next process that uses the directory. Without a spool, what memory cannot hold is dropped.
   */
  spool?: {
    /**
     * Created if it does not exist, for its owner only (0700). Several processes may share it. The records in it are not
     * encrypted. If it cannot be used, there is a `warn`, and logging goes on in memory.
     */
    directory: string;
    /**
     * `'overflow'`: writes what memory cannot hold and, at the end of the process, what Kafka has not got. `'always'`: writes every
     * record at the end of the turn of the event loop in which it was logged, before it is sent: `SIGKILL` loses only the current turn.
     * Neither protects against a power cut, because there is no fsync.
     *
     * @default 'overflow'
     */
    mode?: 'overflow' | 'always';
    /**
     * The most bytes that this transport's files may take. When they are full, the newest records are dropped.
     *
     * @default 1073741824
     */
    maxBytes?: number;
  };
  /**
   * Whether the Kafka client runs in a worker thread. The application's thread then spends a few microseconds per record,
   * and at `process.exit()` it waits for up to `closeTimeoutMs` until the worker has delivered. Needs `kafka` without
   * functions in it, or `kafkaModule`. It has no effect in a thread that a transport has started (if a `kafkaModule` creates a
   * transport, say): the client then runs in that thread.
   *
   * @default false
   */
  worker?: boolean;
  /** Only with `worker: true`: how the thread is started. */
  workerOptions?: {
    /**
     * Node flags for the thread, as in the `execArgv` of Node's own `Worker`. The thread does not inherit the application's
     * flags or `NODE_OPTIONS`, because modules that these preload would run again in it. So give here what the `kafkaModule`
     * needs to be loaded (`['--import', 'tsx']`), and flags for its connections
     * (`['--dns-result-order=ipv4first', '--tls-min-v1.3']`). A flag that Node does not accept for a thread throws.
     *
     * @default []
     */
    execArgv?: readonly string[];
  };
  /**
   * Whether to look for loops that pass through another process, a queue or a file. A kind of record that comes after each
   * send, and stops while a send is held back, is kept from Kafka for a while. A send is held back for a second at most, and
   * sends are held for 2 % of the time in the long run. Also off with a `retry.maxAgeMs` below 5,000.
   *
   * @default true
   */
  loopDetection?: boolean;
  /**
   * Whether each record gets a header `log-hops`, which counts how many times this line has been sent to Kafka: see `hopsOf`.
   *
   * @default false
   */
  loopHeader?: boolean;
}
