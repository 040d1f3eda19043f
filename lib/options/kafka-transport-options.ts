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

/** When a batch is sent: as soon as one of the three is reached. */
export interface BatchOptions {
  /**
   * Records. More than 1,000 are no use: kafkajs groups in quadratic time, and 500 hold the event loop for 8.5 ms.
   *
   * @default 500
   */
  maxRecords?: number;
  /**
   * Bytes of values, keys and headers. The broker's own limit is 1,048,588 bytes for a batch (`message.max.bytes`);
   * a record larger than this goes alone.
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

/** What memory may hold until the broker has it, records in flight included. */
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
   * What gives way when it is full. `'drop-lowest'`: the least severe level first, then the oldest.
   *
   * @default 'drop-oldest'
   */
  overflow?: OverflowPolicy;
}

/** How failed sends and connects are tried again: full-jitter exponential backoff. */
export interface RetryOptions {
  /**
   * Milliseconds: the most that the first retry waits.
   *
   * @default 100
   */
  initialMs?: number;
  /**
   * Milliseconds: the most that any retry waits.
   *
   * @default 10000
   */
  maxMs?: number;
  /**
   * Milliseconds after which a record that waits is dropped as `expired`.
   *
   * @default none: it waits until the buffer sheds it
   */
  maxAgeMs?: number;
}

/** What may stand for brokers: `host:port`, one or several, in a list or in one string with commas between them. */
export type Brokers = string | readonly string[];

/** kafkajs's `KafkaConfig`, in which `brokers` may also be one string. */
export interface TransportKafkaConfig extends Omit<KafkaConfig, 'brokers'> {
  /**
   * `['a:9092', 'b:9092']`, or `'a:9092, b:9092'`, as an environment variable has it; an IPv6 address in brackets,
   * `'[::1]:9092'`. Or a function that returns one of these, which is asked for each connection. What can never work is
   * an error at construction; of a function's answer it is a `warn`, and the function is asked again later.
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
   * Where a record goes. A function is called once per record, when winston hands it over; where it throws or
   * returns something that is no topic name, the record counts as `dropped.invalid`.
   */
  topic: string | ((entry: TransportEntry) => string);
  /**
   * kafkajs's own configuration: the transport makes, owns, recycles and closes its client. `retry` and `logLevel`
   * in it give way to the transport's `retry` and `clientLog`; a `logCreator` is used, under the guard.
   */
  kafka?: TransportKafkaConfig;
  /**
   * Instead of `kafka`, with `worker: true`: a module whose default export is the `KafkaConfig`, by its path (a relative one
   * from the working directory on) or `file:` URL. The worker imports it: so there may be functions in it, which cannot be
   * handed from thread to thread. A module that cannot be used is a `warn`.
   */
  kafkaModule?: string | URL;
  /**
   * Instead of `kafka`: any client with kafkajs's `connect`, `send` and `disconnect`. An object stays yours: the
   * transport connects it and never disconnects it. What a function returns is the transport's: connected,
   * disconnected, asked for anew when a fresh one is needed.
   */
  producer?: ProducerLike | (() => ProducerLike);
  /**
   * Which Kafka client ships, with `kafka`: kafkajs, or `@platformatic/kafka` 2.x, by what `platformaticClient()` of
   * `winston-kafkajs/platformatic` returns. The package is to be installed, and needs Node 22.22 or later. What of `kafka` has no
   * counterpart there throws, and so do `idempotent: true` and `kafkaModule`.
   *
   * @default kafkajs
   */
  client?: PlatformaticClient;
  /**
   * Decides per record whether this transport takes it, after `level`, so it can narrow and not widen. After
   * loguru's `filter`. One that throws takes the record.
   *
   * @default none: all
   */
  filter?: RecordFilter;
  /**
   * Keeps a part of the records, after `level` and `filter`: a number from 0 to 1, one for each level, or {@link SampleOptions}. Records that
   * are at least as severe as `error` are always kept. What is left out counts as `suppressed.sampled`; once in a minute a record in
   * the topic tells how many. Other transports still have all.
   *
   * @default none: all
   * @example { debug: 0.01, info: 0.1 }
   */
  sample?: PerLevel | SampleOptions;
  /**
   * Keeps the first so many records in a time, after `level`, `filter` and `sample`: a number for each kind of record and second, or
   * {@link RateLimitOptions}. For the rest as `sample`.
   *
   * @default none
   * @example { maxRecords: 100, perMs: 60_000 }
   */
  rateLimit?: number | RateLimitOptions;
  /**
   * Paths of values that do not leave the process, as pino has them: `'password'`, `'headers.authorization'`, `'users[*].token'`,
   * `'*.secret'`. In their place stands `[REDACTED]`: in the record's value, in what `topic`, `key`, `partition` and `headers` get, in the
   * spool, and for the fallback. Other transports keep their text. A text that is no JSON object is replaced by the
   * redacted info as JSON. A record that cannot be redacted is dropped as `invalid`.
   *
   * @default none
   */
  redact?: readonly string[];
  /**
   * The record's key; records with equal keys keep their order. Where it throws or returns something else, the
   * record goes without.
   *
   * @default none
   */
  key?: (entry: TransportEntry) => RecordKey | undefined;
  /**
   * The partition that the record goes to, and to no other. `undefined`: that of its key, or any. Where the topic has no such
   * partition, the record counts as `dropped.rejected`, is told of by a `warn`, and goes to the `fallback`; partitions that are
   * added to the topic are found. Where it throws or returns something that is no number, the record goes as if there were
   * no such option.
   *
   * @default none
   */
  partition?: (entry: TransportEntry) => number | undefined;
  /**
   * The record's headers; undefined values are left out. Where it throws or returns something else, the record goes
   * without.
   *
   * @default none
   */
  headers?: (entry: TransportEntry) => Record<string, string | Buffer | undefined> | undefined;
  /**
   * Makes the value of the Kafka record: what a schema registry's client encodes, say. Called once per record, when winston hands
   * it over; again only while what it needs is not there. Until its promise resolves, the record waits in `buffer`, and all
   * later ones of the transport behind it. A promise that takes longer than `requestTimeoutMs`, and an error that says that a service is not there
   * (a connection refused or reset, a timeout, HTTP 429 and 5xx), are an outage: the record waits, and `serialize` is asked again
   * with the waits of `retry`. Where it fails otherwise, or gives something else, the record is dropped as `invalid`, and goes to the
   * `fallback` with its formatted text. It is called for the drop notice and the sampling notice too.
   *
   * @default the formatted text
   * @example (entry) => registry.encode(schemaId, { level: entry.level, message: entry.info.message })
   */
  serialize?: (entry: TransportEntry) => string | Buffer | PromiseLike<string | Buffer>;
  /**
   * Who must have a record before it counts as delivered: all in-sync replicas (`-1`), or the leader (`1`). Not `0`:
   * it cannot tell loss from delivery.
   *
   * @default -1
   */
  acks?: -1 | 1;
  /**
   * Whether the broker is to know a batch that it has got already: then a lost acknowledgement makes no duplicate, also
   * from one client to the next; without the fast path, as long as the client is the same. Needs `acks: -1`, and `kafka` without `client`
   * or `kafkaModule`. A record that may have arrived is not shed and does
   * not expire: it goes again until the broker says what became of it.
   *
   * @default false
   */
  idempotent?: boolean;
  /**
   * Whether each record gets a header `record-id`: a text that no other record has, the same however often the record is
   * sent, so that a consumer can drop what it has seen. It ends in a number that increases within the process.
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
   * How hard `'gzip'` (1 to 9) or `'zstd'` (1 to 22) tries: more is smaller and slower. Node's codec is used, whatever is registered.
   * Needs the fast path; where that gives way to kafkajs's `send`, the codec's default is used.
   *
   * @default the codec's: 6 for gzip, 3 for zstd
   */
  compressionLevel?: number;
  /**
   * Sends record batches of the transport's own over kafkajs's connection, for a fraction of the CPU time of kafkajs's encoder.
   * Where the kafkajs that is found is not as expected (a fork, a mock, a later version), or its `send` is instrumented, sends go
   * through kafkajs's public `send` all the same; `stats().path` says which one is used.
   *
   * @default true
   */
  fastPath?: boolean;
  /**
   * Whether the transport has a Kafka client of its own, and with `worker: true` a thread of its own. Without it, transports in one
   * process share a client and its connections where their `kafka` is the very same object, or plain data with equal values, and they
   * agree in `clientLog`, `acks`, `compression`, `compressionLevel`, `requestTimeoutMs`, `fastPath` and `traceContext`. Of a `kafkaModule` it
   * is what the module exports. Each keeps a buffer, a state and guarantees of its own. An `idempotent` transport never shares a client.
   *
   * @default false
   */
  isolate?: boolean;
  /** When a batch is sent. */
  batch?: BatchOptions;
  /** What memory may hold until the broker has it. */
  buffer?: BufferOptions;
  /** How failed sends and connects are tried again. */
  retry?: RetryOptions;
  /**
   * Milliseconds: the limit of one connect or send, of the transport's own and not only the client's.
   *
   * @default 10000
   */
  requestTimeoutMs?: number;
  /**
   * Milliseconds: how long a flush at the end (`close()`, `logger.end()`, the end of the process) may take. Where no broker
   * was ever connected to, and all refuse (nobody listens, the log-in or the certificate is refused), `logger.end()` and the end of
   * the process wait for 1,000 or so; for 2,000 where all that is left is for topics that were never there. `close()` and `flush()`
   * take their time.
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
   * On which signals what is left is flushed before the process ends: for up to `closeTimeoutMs`, 5,000 milliseconds at
   * most, and no longer than Kafka is there. The rest goes to the spool and the fallback, or is told on stderr. Then the
   * signal is raised again, so that the exit status is what it would have been; a second one ends the process at once.
   * Where the application has a handler of its own for the signal, that decides about the end, and this one only begins
   * to flush. `false` or an empty list: none. In worker threads there are no signals.
   *
   * @default ['SIGTERM', 'SIGINT', 'SIGHUP']
   */
  signals?: readonly NodeJS.Signals[] | false;
  /**
   * Where the Kafka client's own log lines go.
   *
   * @default `{ level: 'warn' }` and a logger of its own that writes to stderr and nowhere else, without the lines about
   *   failed connections, refused log-ins and missing topics: the transport tells of those itself, once
   */
  clientLog?: ClientLogOptions;
  /**
   * Gets each record that will not reach Kafka, with its reason. A winston transport's own `silent` and `level` apply: what it does
   * not take is lost, and told of as without a fallback.
   *
   * @default none: it is counted
   */
  fallback?: Fallback;
  /**
   * After records were dropped, one `warn` record goes to the topic, with the total and the counts by reason.
   *
   * @default true
   */
  dropNotice?: boolean;
  /**
   * Whether `entry.origin` is there without a `filter` that needs it. Costs a stack capture per record.
   *
   * @default false
   */
  callSite?: boolean;
  /**
   * Whether each record gets W3C's `traceparent` and `tracestate` headers of the span that was active when it was logged;
   * one that `headers` returns stays. Goes by what an OpenTelemetry SDK has registered with `@opentelemetry/api` 1.x;
   * without one there is no span. What the transport itself does is then not traced.
   *
   * @default false
   */
  traceContext?: boolean;
  /**
   * The level names that a `filter` table may use, where the logger has levels of its own.
   *
   * @default winston's npm, syslog and cli levels
   */
  levels?: Readonly<Record<string, number>>;
  /**
   * Disk for what memory cannot hold or the process leaves behind. It is sent, in order, when there is room or at the
   * next start, whichever process that is. Without it, what memory cannot hold is dropped.
   */
  spool?: {
    /**
     * Made when it is not there, for its owner only (0700). Several processes may share it. The records in it are not
     * encrypted. One that cannot be used is a `warn`, and logging goes on in memory.
     */
    directory: string;
    /**
     * `'overflow'`: what memory cannot hold, and at the end of the process what Kafka has not got. `'always'`: every
     * record at the end of the turn in which it was logged, before it is sent, so that `SIGKILL` loses only those of the current turn.
     * Neither is a safeguard against a power cut: nothing is forced onto the disk.
     *
     * @default 'overflow'
     */
    mode?: 'overflow' | 'always';
    /**
     * The most bytes that this transport's files may take. Once they are full, the newest records are dropped.
     *
     * @default 1073741824
     */
    maxBytes?: number;
  };
  /**
   * Whether the Kafka client runs in a worker thread: the application's thread is left with a few microseconds a record,
   * and at `process.exit()` it waits, for up to `closeTimeoutMs`, until the worker has delivered. Needs `kafka` without
   * functions in it, or `kafkaModule`. In a thread that a transport has started itself (its `kafkaModule` makes one, say) it has
   * no effect: that transport ships from there.
   *
   * @default false
   */
  worker?: boolean;
  /** Only with `worker: true`: how its thread is started. */
  workerOptions?: {
    /**
     * Flags of Node's for the thread, as in the `execArgv` of Node's own `Worker`. It gets none of those that the application
     * was started with, and no `NODE_OPTIONS`, or what is preloaded by them would run again in it. So give here what the
     * `kafkaModule` needs to be loaded (`['--import', 'tsx']`) and what concerns its connections
     * (`['--dns-result-order=ipv4first', '--tls-min-v1.3']`). A flag that Node does not take for a thread throws.
     *
     * @default []
     */
    execArgv?: readonly string[];
  };
  /**
   * The net under the guard, for loops that no flag can see: another process, a queue, a file. A kind of record that comes
   * back after each send, and stays away when a flush is held for a moment, is kept from Kafka for a while. A flush is
   * held for a second at most, and for 2 % of the time in the long run. Off, too, with a `retry.maxAgeMs` below 5,000.
   *
   * @default true
   */
  loopDetection?: boolean;
  /**
   * Whether each record gets a header, `log-hops`, that counts how many times this line was logged again from a consumed message: see `hopsOf`.
   *
   * @default false
   */
  loopHeader?: boolean;
}
