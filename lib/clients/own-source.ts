import type { ClientSource } from './client.ts';
import { type KafkajsClientOptions, kafkajsSource } from './kafkajs/kafkajs-client.ts';
import type { PlatformaticClient } from './platformatic/client-option.ts';
import { platformaticSource } from './platformatic/platformatic-client.ts';
import { type SharedSettings, sharedSource } from './shared/shared-source.ts';

export interface OwnSourceOptions extends KafkajsClientOptions {
  /** Given where @platformatic/kafka ships, and not kafkajs. */
  client: PlatformaticClient | undefined;
}

/** How clients are shared. */
export interface SharingOptions extends Pick<SharedSettings, 'log' | 'traceContext'> {
  /** Whether the transport has clients of its own. */
  readonly isolate: boolean;
}

/**
 * The clients that a transport does not get from its caller, in this thread. It shares them with others of the same settings. An
 * idempotent producer is never shared: its sequence numbers are one transport's.
 *
 * @param options `kafka` and `logCreator` may change: the next client has the new ones
 */
export function ownSource(options: OwnSourceOptions, { isolate, ...sharing }: SharingOptions): ClientSource {
  const { client, idempotent, logLevel, acks, compression, compressionLevel, requestTimeoutMs } = options;
  if (isolate || idempotent) return sourceOf(options);
  const kind = client?.name ?? 'kafkajs';
  const fastPath = client === undefined && options.fastPath;
  const codec = [compression, compressionLevel];
  const common = { ...sharing, kind, logLevel, acks, codec, requestTimeoutMs, fastPath };
  const settings = (): SharedSettings => ({ ...common, kafka: options.kafka });
  return sharedSource(settings, options, (listeners) => sourceOf({ ...options, ...listeners }));
}

function sourceOf(options: OwnSourceOptions): ClientSource {
  const { client } = options;
  return client === undefined ? kafkajsSource(options) : platformaticSource({ ...options, client });
}
