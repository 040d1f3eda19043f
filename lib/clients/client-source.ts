import type { CompressionTypes, KafkaConfig, logLevel as LogLevel, logCreator } from 'kafkajs';
import type { BatchLimits } from '../accumulator/batching-policy.ts';
import type { BackoffOptions } from '../util/backoff.ts';
import type { Clock } from '../util/clock.ts';
import type { ClientListeners, ClientSource, SendPath } from './client.ts';
import { externalProducerSource, type ProducerLike } from './external-producer.ts';
import { loadAheadUnderJest } from './kafkajs/workarounds.ts';
import type { PlatformaticClient } from './platformatic/chosen.ts';
import { platformaticSource } from './platformatic/platformatic-client.ts';
import { untracedSource } from './untraced-client.ts';
import { inThisThread } from './worker/in-this-thread.ts';
import { isShippingThread } from './worker/this-thread.ts';
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
}

/** The same, in a worker thread. */
export interface WorkerOptions extends Omit<KafkajsOptions, 'kind' | 'kafka'> {
  readonly kind: 'worker';
  /** Or the module that exports it. */
  readonly kafka: KafkaConfig | URL;
  /** Flags of Node's for the thread. */
  readonly execArgv: readonly string[];
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
  readonly traceContext: boolean;
  readonly requestTimeoutMs: number;
  readonly batch: BatchLimits;
  readonly retry: BackoffOptions;
}

/** The path that a transport's records take unless a client says otherwise. */
export function pathOf(client: ClientOptions): SendPath {
  if (client.kind === 'external' || client.kind === 'platformatic') return 'client';
  return client.fastPath ? 'fast' : 'send';
}

/** The source of Kafka clients that the options ask for. */
export function clientSource(
  options: ClientSourceOptions,
  clock: Clock,
  listeners: ClientListeners,
): ClientSource {
  const { client, traceContext } = options;
  // Spans are this thread's business.
  if (client.kind === 'worker' && !isShippingThread())
    return new WorkerSource({ ...options, ...client, ...listeners, clock });
  const source = sourceInThisThread(options, listeners);
  return traceContext ? untracedSource(source) : source;
}

function sourceInThisThread(options: ClientSourceOptions, listeners: ClientListeners): ClientSource {
  const { client, compression, requestTimeoutMs } = options;
  const { random } = Math;
  if (client.kind === 'platformatic')
    return platformaticSource({ ...client, ...listeners, compression, requestTimeoutMs, random });
  loadAheadUnderJest();
  if (client.kind === 'external') return externalProducerSource({ ...client, compression });
  return inThisThread({ ...options, ...client, ...listeners, random });
}
