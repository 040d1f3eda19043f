import type { Clock } from './clock.ts';
import { callersSource } from './delivery/callers-client.ts';
import type { ClientSource, PartitionsListener } from './delivery/client.ts';
import { kafkajsSource } from './delivery/kafkajs-client.ts';
import { loadAheadUnderJest } from './delivery/load-ahead.ts';
import { untracedSource } from './delivery/untraced-client.ts';
import { WorkerSource } from './delivery/worker/worker-source.ts';
import type { ResolvedOptions } from './resolve-options.ts';

/** The source of Kafka clients that the options ask for. */
export function clientSource(
  options: ResolvedOptions,
  clock: Clock,
  onPartitions: PartitionsListener,
): ClientSource {
  const { client, compression, traceContext } = options;
  // Spans are this thread's business.
  if (client.kind === 'worker') return new WorkerSource({ ...options, ...client, clock, onPartitions });
  loadAheadUnderJest();
  const source =
    client.kind === 'own'
      ? kafkajsSource({ ...options, ...client, onPartitions, random: Math.random })
      : callersSource({ ...client, compression });
  return traceContext ? untracedSource(source) : source;
}
