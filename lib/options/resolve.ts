import { resolve } from 'node:path';
import type { CompressionTypes } from 'kafkajs';
import type { BatchLimits } from '../accumulator/batching-policy.ts';
import type { OverflowPolicy } from '../accumulator/memory-limit.ts';
import type { ClientOptions } from '../clients/client-source.ts';
import { type CompiledFilter, compileFilter } from '../loop-safety/filter/filter.ts';
import { canBeHandled, DEFAULT_SIGNALS } from '../process/signals.ts';
import { isTopicName, TOPIC_NAME_RULE } from '../record/topic-name.ts';
import type { SenderOptions } from '../sender/sender-options.ts';
import type { SpoolOptions } from '../spool/spool.ts';
import {
  flag,
  group,
  hasMethods,
  integer,
  isPlainObject,
  oneOf,
  optionalFunction,
  throwIfUnknown,
  throwInvalidOption,
} from '../util/check-option.ts';
import { resolveClient, resolveCompression, WORKER_OPTIONS } from './client-options.ts';
import type { KafkaTransportOptions } from './options.ts';

/** The options with every default in place, checked. */
export interface ResolvedOptions {
  readonly topic: KafkaTransportOptions['topic'];
  readonly client: ClientOptions;
  readonly filter: CompiledFilter | undefined;
  readonly key: KafkaTransportOptions['key'];
  readonly partition: KafkaTransportOptions['partition'];
  readonly headers: KafkaTransportOptions['headers'];
  readonly compression: CompressionTypes | undefined;
  readonly batch: BatchLimits;
  readonly buffer: SenderOptions['buffer'];
  readonly retry: SenderOptions['retry'];
  readonly requestTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly signals: readonly NodeJS.Signals[];
  readonly fallback: KafkaTransportOptions['fallback'];
  readonly spool: SpoolOptions | undefined;
  readonly recordId: boolean;
  readonly dropNotice: boolean;
  readonly callSite: boolean;
  readonly traceContext: boolean;
  readonly loopDetection: boolean;
  readonly loopHeader: boolean;
}

// `satisfies` keeps the list and the type in step.
export const OPTION_NAMES: readonly string[] = Object.keys({
  topic: 0,
  kafka: 0,
  producer: 0,
  filter: 0,
  key: 0,
  partition: 0,
  headers: 0,
  acks: 0,
  idempotent: 0,
  recordId: 0,
  compression: 0,
  batch: 0,
  buffer: 0,
  retry: 0,
  requestTimeoutMs: 0,
  closeTimeoutMs: 0,
  idleTimeoutMs: 0,
  signals: 0,
  clientLog: 0,
  fallback: 0,
  dropNotice: 0,
  callSite: 0,
  traceContext: 0,
  levels: 0,
  spool: 0,
  worker: 0,
  workerOptions: 0,
  kafkaModule: 0,
  loopDetection: 0,
  loopHeader: 0,
  level: 0,
  format: 0,
  silent: 0,
  handleExceptions: 0,
  handleRejections: 0,
} satisfies Record<keyof KafkaTransportOptions, 0>);

const GROUPS = {
  spool: ['directory', 'mode', 'maxBytes'],
  batch: ['maxRecords', 'maxBytes', 'lingerMs'],
  buffer: ['maxRecords', 'maxBytes', 'overflow'],
  retry: ['initialMs', 'maxMs', 'maxAgeMs'],
  clientLog: ['level', 'logger'],
  workerOptions: WORKER_OPTIONS,
  // Of kafkajs's own options those that are most often looked for beside the transport's.
  kafka: ['brokers', 'clientId', 'ssl', 'sasl', 'connectionTimeout', 'logCreator', 'socketFactory'],
} as const;

/** What may stand one level too high: `brokers`, `lingerMs`. */
const NESTED_NAMES = Object.entries(GROUPS).flatMap(([group, names]) =>
  names.map((name) => `${group}.${name}`),
);

const SIGNALS_RULE = "false or a list of names of signals, such as ['SIGTERM', 'SIGINT']";
const SIGNAL_RULE =
  "the name of a signal that this system has and a process can handle, such as 'SIGTERM' (not SIGKILL, not SIGSTOP)";

const SPOOL_MODES: readonly SpoolOptions['mode'][] = ['overflow', 'always'];

const OVERFLOW_POLICIES: readonly OverflowPolicy[] = ['drop-oldest', 'drop-newest', 'drop-lowest'];

/**
 * Checks the options and puts the defaults in.
 *
 * @throws KafkaTransportError that names the option, what was expected and what was given
 */
export function resolveOptions(options: unknown): ResolvedOptions {
  if (!isPlainObject(options))
    throwInvalidOption('options', 'an object with at least "topic" and "kafka"', options);
  throwIfUnknown(options, OPTION_NAMES, undefined, NESTED_NAMES);
  checkWinstonOptions(options);
  const given = options as unknown as KafkaTransportOptions;
  if (typeof given.topic !== 'function' && !isTopicName(given.topic)) {
    throwInvalidOption('topic', `${TOPIC_NAME_RULE}; or a function that returns one`, given.topic);
  }
  optionalFunction('key', given.key);
  optionalFunction('partition', given.partition);
  optionalFunction('headers', given.headers);
  checkFallback(given.fallback);
  const { initialMs, maxMs, maxAgeMs } = group('retry', given.retry, GROUPS.retry);
  const batch = group('batch', given.batch, GROUPS.batch);
  const buffer = group('buffer', given.buffer, GROUPS.buffer);
  const firstWait = initialMs === undefined ? undefined : integer('retry.initialMs', initialMs, 100, 1);
  const lastWait = integer('retry.maxMs', maxMs, Math.max(10_000, firstWait ?? 0), firstWait ?? 1);
  return Object.freeze<ResolvedOptions>({
    topic: given.topic,
    client: resolveClient(given),
    filter: resolveFilter(given),
    key: given.key,
    partition: given.partition,
    headers: given.headers,
    compression: resolveCompression(given),
    batch: {
      maxRecords: integer('batch.maxRecords', batch.maxRecords, 500, 1),
      maxBytes: integer('batch.maxBytes', batch.maxBytes, 524_288, 1),
      lingerMs: integer('batch.lingerMs', batch.lingerMs, 20, 0),
    },
    buffer: {
      maxRecords: integer('buffer.maxRecords', buffer.maxRecords, 100_000, 1),
      maxBytes: integer('buffer.maxBytes', buffer.maxBytes, 67_108_864, 1, Number.MAX_SAFE_INTEGER),
      overflow: oneOf('buffer.overflow', buffer.overflow, OVERFLOW_POLICIES, 'drop-oldest'),
    },
    retry: {
      initialMs: firstWait ?? Math.min(100, lastWait),
      maxMs: lastWait,
      maxAgeMs: maxAgeMs === undefined ? undefined : integer('retry.maxAgeMs', maxAgeMs, 0, 1),
    },
    requestTimeoutMs: integer('requestTimeoutMs', given.requestTimeoutMs, 10_000, 1),
    closeTimeoutMs: integer('closeTimeoutMs', given.closeTimeoutMs, 10_000, 0),
    idleTimeoutMs: integer('idleTimeoutMs', given.idleTimeoutMs, 2_000, 1),
    signals: resolveSignals(given.signals),
    fallback: given.fallback,
    spool: resolveSpool(given.spool),
    recordId: flag('recordId', given.recordId, false),
    dropNotice: flag('dropNotice', given.dropNotice, true),
    callSite: flag('callSite', given.callSite, false),
    traceContext: flag('traceContext', given.traceContext, false),
    loopDetection: flag('loopDetection', given.loopDetection, true),
    loopHeader: flag('loopHeader', given.loopHeader, false),
  });
}

function resolveSignals(given: unknown): readonly NodeJS.Signals[] {
  if (given === undefined) return DEFAULT_SIGNALS;
  if (given === false) return [];
  if (!Array.isArray(given)) throwInvalidOption('signals', SIGNALS_RULE, given);
  given.forEach((signal: unknown, at) => {
    if (!canBeHandled(signal)) throwInvalidOption(`signals[${at}]`, SIGNAL_RULE, signal);
  });
  return [...new Set(given)];
}

function resolveSpool(given: KafkaTransportOptions['spool']): SpoolOptions | undefined {
  if (given === undefined) return undefined;
  const { directory, mode, maxBytes } = group('spool', given, GROUPS.spool);
  if (typeof directory !== 'string' || directory === '') {
    throwInvalidOption('spool.directory', 'the path of a directory', directory);
  }
  return {
    directory: resolve(directory),
    mode: oneOf('spool.mode', mode, SPOOL_MODES, 'overflow'),
    maxBytes: integer('spool.maxBytes', maxBytes, 1_073_741_824, 1, Number.MAX_SAFE_INTEGER),
  };
}

function checkWinstonOptions(options: Record<string, unknown>): void {
  const { level, format } = options;
  if (level !== undefined && typeof level !== 'string')
    throwInvalidOption('level', 'the name of a level', level);
  if (format !== undefined && !hasMethods(format, 'transform')) {
    throwInvalidOption('format', 'a winston format, such as winston.format.json()', format);
  }
  for (const name of ['silent', 'handleExceptions', 'handleRejections']) flag(name, options[name], false);
}

function checkFallback(fallback: unknown): void {
  if (fallback === undefined || typeof fallback === 'function') return;
  if (!hasMethods(fallback, 'log'))
    throwInvalidOption('fallback', 'a winston transport or a function', fallback);
}

function resolveFilter({ filter, levels }: KafkaTransportOptions): CompiledFilter | undefined {
  if (levels !== undefined && !(isPlainObject(levels) && Object.values(levels).every(Number.isFinite))) {
    throwInvalidOption('levels', 'an object of level names and numbers', levels);
  }
  if (filter === undefined) return undefined;
  return compileFilter(filter, levels, ({ path, expected, given }) =>
    throwInvalidOption(path, expected, given),
  );
}
