import type { SendPath } from '../clients/client.ts';
import type { DropReason } from '../record/record.ts';
import type { HistogramCounts, Percentiles } from './distribution.ts';

/** The caller's functions that can fail. */
export type CallerFunction =
  | 'topic'
  | 'key'
  | 'partition'
  | 'headers'
  | 'serialize'
  | 'filter'
  | 'format'
  | 'listener'
  | 'log'
  | 'fallback';

export type TransportState = TransportStats['state'];

/**
 * A snapshot. At every moment
 *
 *     accepted === delivered + buffered.records + inFlight + (spooled - replayed) + the sum of dropped
 */
export interface TransportStats {
  /** `idle`: nothing to send; `up`: the broker has answered the last send (a final refusal is an answer); `down`: nothing comes through; `closed`: by `close()`. */
  state: 'idle' | 'up' | 'down' | 'closed';
  /** When the state became what it is (epoch milliseconds). */
  stateSince: number;
  /** How often the state has changed. */
  stateChanges: number;
  /** Records taken in, the transport's own drop notices and what other processes left in the spool included. */
  accepted: number;
  /** Records that the broker has acknowledged. */
  delivered: number;
  /**
   * Of those, the ones whose own time the broker had refused (`message.timestamp.before.max.ms`): they have the time of the
   * send as timestamp, and their own in the header `original-timestamp`.
   */
  retimed: number;
  /** Records kept from Kafka on purpose; other transports still have them. `sampled`: by `sample` or `rateLimit`. */
  suppressed: { reentrant: number; filtered: number; loop: number; sampled: number };
  /** Records that will not reach Kafka, by reason. */
  dropped: Record<DropReason, number>;
  /** Records that were at some time on disk only: written there because memory had no room, or found there at the start. */
  spooled: number;
  /** How many of these were read again, or could not be. */
  replayed: number;
  /** What waits in memory. */
  buffered: { records: number; bytes: number };
  /** All that memory holds, in flight included, and the most that it may hold (`buffer.maxRecords`, `buffer.maxBytes`). */
  memory: { records: number; bytes: number; maxRecords: number; maxBytes: number };
  /** Records that are with the Kafka client, not acknowledged yet. */
  inFlight: number;
  /**
   * How records reach Kafka: `fast`, record batches of the transport's own over kafkajs's connection; `send`, kafkajs's public
   * `send`; `client`, the `producer` that was handed in, or `@platformatic/kafka`. Until the first record, the one that is intended.
   */
  path: SendPath;
  /**
   * For how many milliseconds brokers have asked for no more requests, because a quota was exceeded (`throttle_time_ms`): the sum
   * of all answers. Of the fast path only.
   */
  throttledMs: number;
  /** Sends to the broker. */
  sends: number;
  /** Sends that had records of a failed send. */
  retries: number;
  /** Connections opened after the first, also after an idle time. A connect that fails is not counted: see `lastError`. */
  reconnects: number;
  /** Log loops that were found. */
  loops: number;
  /**
   * Records per second over the last ten whole seconds (fewer while the transport is younger): taken in from loggers,
   * and acknowledged. For longer stretches, subtract what `accepted` and `delivered` were.
   */
  rates: { accepted: number; delivered: number };
  /** Milliseconds from accepted to acknowledged, of all records that ever were. */
  latencyMs: Percentiles;
  /** Microseconds spent in `log()`, of every 16th call. */
  handlerMicros: Percentiles;
  /** The same measurements, counted by size: for a monitor that wants to know what they were lately. */
  histograms: { latencyMs: HistogramCounts; handlerMicros: HistogramCounts };
  /** How often a function of the caller's threw or returned something unusable. */
  callbackFailures: Record<CallerFunction, number>;
  /** The last thing that went wrong with the broker, and when (epoch milliseconds). */
  lastError: { message: string; at: number } | null;
}
