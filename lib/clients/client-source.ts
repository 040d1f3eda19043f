import type { CompressionTypes, KafkaConfig } from 'kafkajs';
import type { BatchLimits } from '../accumulator/batching-policy.ts';
import type { ClientLogOptions } from '../client-log/console-only.ts';
import type { BackoffOptions } from '../time/backoff.ts';
import type { Clock } from '../time/clock.ts';
import type { ClientListeners, ClientSource, SendPath } from './client.ts';
import { externalProducerSource, type ProducerLike } from './external-producer.ts';
import { loadAheadUnderJest } from './kafkajs/workarounds.ts';
import { type OwnSourceOptions, ownSource } from './own-source.ts';
import { untracedSource } from './untraced-client.ts';
import { kafkaModuleSource } from './worker/modules/kafka-module-source.ts';
import { isShippingThread } from './worker/shipping-thread.ts';
import { WorkerSource } from './worker/worker-source.ts';

/** Which client ships, with every default in place. */
export type ClientOptions = OwnOptions | WorkerOptions | ExternalProducerOptions;

/** One of the transport's own, in this thread. */
export interface OwnOptions
  extends Readonly<
    Pick<
      OwnSourceOptions,
      'client' | 'kafka' | 'logCreator' | 'logLevel' | 'acks' | 'idempotent' | 'fastPath' | 'compressionLevel'
    >
  > {
  readonly kind: 'own';
}

/** The same, in a worker thread. */
export interface WorkerOptions extends Omit<OwnOptions, 'kind' | 'kafka'> {
  readonly kind: 'worker';
  /** Or the module that exports it. */
  readonly kafka: KafkaConfig | URL;
  /** Flags of Node's for the thread. */
  readonly execArgv: readonly string[];
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
  if (client.kind === 'external' || client.client !== undefined) return 'client';
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
  const { client, compression, isolate, requestTimeoutMs, traceContext, clientLog } = options;
  if (client.kind === 'external' || client.client === undefined) loadAheadUnderJest();
  if (client.kind === 'external') return externalProducerSource({ ...client, compression });
  // A shipping thread starts no other: its transports ship in it.
  const { kafka } = client;
  const own = { ...client, ...listeners, compression, requestTimeoutMs, random: Math.random };
  return kafka instanceof URL
    ? kafkaModuleSource(kafka, own)
    : ownSource({ ...own, kafka }, { isolate, log: logKeyOf(clientLog), traceContext });
}

/** Equal where lines go to the same place, in the same way. */
function logKeyOf(clientLog: ClientLogOptions | undefined): unknown {
  return [clientLog !== undefined, clientLog?.level, clientLog?.logger];
}
