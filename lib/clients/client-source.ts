import type { CompressionTypes, KafkaConfig, logLevel as LogLevel, logCreator } from 'kafkajs';
import type { BatchLimits } from '../accumulator/batching-policy.ts';
import type { ClientLogOptions } from '../client-log/console-only.ts';
import type { BackoffOptions } from '../util/backoff.ts';
import type { Clock } from '../util/clock.ts';
import type { ClientListeners, ClientSource, SendPath } from './client.ts';
import { externalProducerSource, type ProducerLike } from './external-producer.ts';
import { loadAheadUnderJest } from './kafkajs/workarounds.ts';
import type { PlatformaticClient } from './platformatic/client-option.ts';
import { platformaticSource } from './platformatic/platformatic-client.ts';
import { type SharedSettings, sharedSource } from './shared/shared-source.ts';
import { untracedSource } from './untraced-client.ts';
import { kafkajsOrModule } from './worker/kafkajs-or-module.ts';
import { isShippingThread } from './worker/shipping-thread.ts';
import { WorkerSource } from './worker/worker-client.ts';

/** Which client ships, with every default in place. */
export type ClientOptions = KafkajsOptions | WorkerOptions | PlatformaticOptions | ExternalProducerOptions;

export interface KafkajsOptions {
  readonly kind: 'kafkajs';
  readonly kafka: KafkaConfig;
  readonly logCreator: logCreator;
  readonly logLevel: LogLevel;
  readonly acks: -1 | 1;
  readonly idempotent: boolean;
  readonly fastPath: boolean;
  /** Of the codec, on the fast path. */
  readonly compressionLevel: number | undefined;
}

/** The same, in a worker thread. */
export interface WorkerOptions extends Omit<KafkajsOptions, 'kind' | 'kafka'> {
  readonly kind: 'worker';
  /** Or the module that exports it. */
  readonly kafka: KafkaConfig | URL;
  /** Flags of Node's for the thread. */
  readonly execArgv: readonly string[];
  /** Given where @platformatic/kafka ships. */
  readonly client: PlatformaticClient | undefined;
}

/** With @platformatic/kafka, in the words of kafkajs. */
export interface PlatformaticOptions
  extends Pick<KafkajsOptions, 'kafka' | 'logCreator' | 'logLevel' | 'acks'> {
  readonly kind: 'platformatic';
  readonly client: PlatformaticClient;
}

export interface ExternalProducerOptions {
  readonly kind: 'external';
  readonly producer: ProducerLike | (() => ProducerLike);
  readonly acks: -1 | 1 | undefined;
}

/** What the transport's options say about its client. */
export interface ClientSourceOptions {
  readonly client: ClientOptions;
  readonly compression: CompressionTypes | undefined;
  readonly clientLog: ClientLogOptions | undefined;
  readonly isolate: boolean;
  readonly traceContext: boolean;
  readonly requestTimeoutMs: number;
  readonly batch: BatchLimits;
  readonly retry: BackoffOptions;
}

/** The path that a transport's records take unless a client says otherwise. */
export function pathOf(client: ClientOptions): SendPath {
  if (client.kind === 'external' || client.kind === 'platformatic') return 'client';
  if (client.kind === 'worker' && client.client !== undefined) return 'client';
  return client.fastPath ? 'fast' : 'send';
}

/** The source of Kafka clients that the options ask for. */
export function clientSource(
  options: ClientSourceOptions,
  clock: Clock,
  listeners: ClientListeners,
): ClientSource {
  const { client, traceContext, clientLog } = options;
  // Spans are this thread's business.
  if (client.kind === 'worker' && !isShippingThread())
    return new WorkerSource({ ...options, ...client, ...listeners, logKey: logKeyOf(clientLog), clock });
  const source = sourceInThisThread(options, listeners);
  return traceContext ? untracedSource(source) : source;
}

function sourceInThisThread(options: ClientSourceOptions, listeners: ClientListeners): ClientSource {
  const { compression, isolate } = options;
  const client = withoutThread(options.client);
  if (client.kind !== 'platformatic') loadAheadUnderJest();
  if (client.kind === 'external') return externalProducerSource({ ...client, compression });
  const make = (told: ClientListeners): ClientSource => ownSource(client, options, told);
  const isShared = !isolate && !(client.kind !== 'platformatic' && client.idempotent);
  const settings = sharedSettings(client, options);
  return isShared && settings !== undefined ? sharedSource(() => settings, listeners, make) : make(listeners);
}

function ownSource(
  client: Exclude<ClientOptions, ExternalProducerOptions>,
  { compression, requestTimeoutMs }: ClientSourceOptions,
  listeners: ClientListeners,
): ClientSource {
  const options = { ...listeners, compression, requestTimeoutMs, random: Math.random };
  return client.kind === 'platformatic'
    ? platformaticSource({ ...client, ...options })
    : kafkajsOrModule({ ...client, ...options });
}

/** A shipping thread starts no other: @platformatic/kafka ships in it. */
function withoutThread(client: ClientOptions): ClientOptions {
  const isOther = client.kind === 'worker' && client.client !== undefined && !(client.kafka instanceof URL);
  return isOther ? { ...client, kind: 'platformatic', client: client.client, kafka: client.kafka } : client;
}

const NO_FAST_PATH = { fastPath: false, compressionLevel: undefined } as const;

/** What transports have to have in common to share a client. What an imported module exports is not known yet. */
function sharedSettings(
  client: Exclude<ClientOptions, ExternalProducerOptions>,
  { compression, requestTimeoutMs, traceContext, clientLog }: ClientSourceOptions,
): SharedSettings | undefined {
  const { kind, kafka, logLevel, acks } = client;
  if (kafka instanceof URL) return undefined;
  const { fastPath, compressionLevel } = kind === 'platformatic' ? NO_FAST_PATH : client;
  const log = logKeyOf(clientLog);
  const codec = [compression, compressionLevel];
  return { kind, kafka, log, logLevel, acks, codec, requestTimeoutMs, fastPath, traceContext };
}

/** Equal where lines go to the same place, in the same way. */
function logKeyOf(clientLog: ClientLogOptions | undefined): unknown {
  return [clientLog !== undefined, clientLog?.level, clientLog?.logger];
}
