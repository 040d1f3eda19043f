import type { Clock } from './clock.ts';
import { callersSource } from './delivery/callers-client.ts';
import type { ClientSource, PartitionsListener } from './delivery/client.ts';
import { loadAheadUnderJest } from './delivery/load-ahead.ts';
import { untracedSource } from './delivery/untraced-client.ts';
import { inThisThread } from './delivery/worker/in-this-thread.ts';
import { isShippingThread } from './delivery/worker/this-thread.ts';
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
  if (client.kind === 'worker' && !isShippingThread())
    return new WorkerSource({ ...options, ...client, clock, onPartitions });
  loadAheadUnderJest();
  const source =
    client.kind === 'callers'
      ? callersSource({ ...client, compression })
      : inThisThread({ ...options, ...client, onPartitions, random: Math.random });
  return traceContext ? untracedSource(source) : source;
}
