import type { TransportStats } from '../../lib/index.ts';

/** Where the accepted records are: by the accounting law, as many as `accepted`. */
export function accountedFor(stats: TransportStats): number {
  const { delivered, buffered, inFlight, spooled, replayed } = stats;
  return delivered + buffered.records + inFlight + (spooled - replayed) + droppedIn(stats);
}

export function droppedIn({ dropped }: TransportStats): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}
