import type { ResolvedOptions } from '../options/resolve.ts';
import type { Clock } from '../util/clock.ts';
import type { ClientSource, PartitionsListener } from './client.ts';
import { callersSource } from './external-producer.ts';
import { loadAheadUnderJest } from './kafkajs/load-ahead.ts';
import { untracedSource } from './untraced-client.ts';
import { inThisThread } from './worker/in-this-thread.ts';
import { isShippingThread } from './worker/this-thread.ts';
import { WorkerSource } from './worker/worker-client.ts';

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
