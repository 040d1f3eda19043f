import type { SendPath } from '../clients/client.ts';
import type { DropReason } from '../record/record.ts';
import type { HistogramCounts, Percentiles } from './distribution.ts';

/** The application's functions that can fail. */
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
  /** `idle`: nothing to send; `up`: the broker has answered the last send (a final refusal is an answer); `down`: no record gets through; `closed`: after `close()`. */
  state: 'idle' | 'up' | 'down' | 'closed';
  /** When the state last changed (epoch milliseconds). */
  stateSince: number;
  /** How often the state has changed. */
  stateChanges: number;
  /** Records accepted, including the transport's own notices and the records that other processes left in the spool. */
  accepted: number;
  /** Records that the broker has acknowledged. */
  delivered: number;
  /**
   * How many of the delivered records have the time of the send as timestamp, because the broker refused their own time
   * (`message.timestamp.before.max.ms`), which is in the header `original-timestamp`.
   */
  retimed: number;
  /** Records kept from Kafka on purpose; other transports still get them. `sampled`: by `sample` or `rateLimit`. */
  suppressed: { reentrant: number; filtered: number; loop: number; sampled: number };
  /** Records that will not reach Kafka, by reason. */
  dropped: Record<DropReason, number>;
  /** Records that were at some time only on disk: written because memory had no room, or found at the start. */
  spooled: number;
  /** How many of these were read back, or turned out to be unreadable. */
  replayed: number;
  /** Records that wait in memory, without those in flight. */
  buffered: { records: number; bytes: number };
  /** Records in memory, those in flight included, and the limits (`buffer.maxRecords`, `buffer.maxBytes`). */
  memory: { records: number; bytes: number; maxRecords: number; maxBytes: number };
  /** Records that the Kafka client has, and the broker has not acknowledged yet. */
  inFlight: number;
  /**
   * How records reach Kafka: `fast`, record batches of the transport's own over kafkajs's connection; `send`, kafkajs's public
   * `send`; `client`, the option `producer`, or `@platformatic/kafka`. Before the first send, the path that the options ask for.
   */
  path: SendPath;
  /**
   * Milliseconds for which brokers have throttled the client because a quota was exceeded: the sum of `throttle_time_ms` of all
   * answers. Only counted on the fast path.
   */
  throttledMs: number;
  /** Sends to the broker. */
  sends: number;
  /** Sends of records that had been sent before, without success. */
  retries: number;
  /** Connections opened after the first, including those after an idle time. Failed connects are not counted: see `lastError`. */
  reconnects: number;
  /** Log loops that were found. */
  loops: number;
  /**
   * Records per second over the last ten whole seconds (fewer while the transport is younger): accepted from loggers, and
   * acknowledged. For longer periods, subtract earlier values of `accepted` and `delivered`.
   */
  rates: { accepted: number; delivered: number };
  /** Milliseconds from accepted to acknowledged, over all records so far. */
  latencyMs: Percentiles;
  /** Microseconds spent in `log()`, of every 16th call. */
  handlerMicros: Percentiles;
  /** The same measurements as histograms, from which a monitor can compute recent percentiles. */
  histograms: { latencyMs: HistogramCounts; handlerMicros: HistogramCounts };
  /** How often a function of the application threw or returned something unusable. */
  callbackFailures: Record<CallerFunction, number>;
  /** The last error of the broker, and its time (epoch milliseconds). */
  lastError: { message: string; at: number } | null;
}
