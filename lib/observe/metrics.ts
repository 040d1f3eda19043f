import type { HistogramCounts, Percentiles } from './distribution.ts';
import type { TransportStats } from './stats.ts';

/** What metrics are read from: a `KafkaTransport`. */
export interface StatsSource {
  stats(): TransportStats;
}

/** The word that tells several values of one metric apart. */
export type MetricLabel = 'reason' | 'state' | 'function';

/** One metric, whichever system it is for. Each derives its name and its unit by its own conventions. */
export interface Metric {
  /** In words of the namespace, without the unit. */
  readonly name: string;
  readonly help: string;
  /** `counter` only grows, `level` goes up and down and can be added up over several transports, `moment` cannot. */
  readonly kind: 'counter' | 'level' | 'moment';
  /** What is counted, in the singular; or a base unit. */
  readonly unit: string;
  readonly label?: MetricLabel;
  /** Nothing where there is no value yet. With a label, one value for each of its. */
  read(stats: TransportStats): number | Readonly<Record<string, number>> | undefined;
}

/** Many measurements of one kind. */
export interface MeasuredMetric {
  readonly name: string;
  readonly help: string;
  /** How many of the measurements' unit make a second. */
  readonly perSecond: number;
  percentiles(stats: TransportStats): Percentiles;
  counts(stats: TransportStats): HistogramCounts;
}

/** The namespace of all of them. */
export const NAMESPACE = 'winston_kafkajs';

/** How a transport is called in metrics where nothing else is said: winston's name for it. */
export const DEFAULT_NAME = 'kafka';

const STATES: readonly TransportStats['state'][] = ['idle', 'up', 'down', 'closed'];

export const METRICS: readonly Metric[] = [
  {
    name: 'records.accepted',
    help: 'Records taken in, drop notices and what other processes left in the spool included.',
    kind: 'counter',
    unit: 'record',
    read: ({ accepted }) => accepted,
  },
  {
    name: 'records.delivered',
    help: 'Records that the broker has acknowledged.',
    kind: 'counter',
    unit: 'record',
    read: ({ delivered }) => delivered,
  },
  {
    name: 'records.retimed',
    help: 'Delivered records whose own time the broker had refused: it is in the header original-timestamp.',
    kind: 'counter',
    unit: 'record',
    read: ({ retimed }) => retimed,
  },
  {
    name: 'records.dropped',
    help: 'Records that will not reach Kafka, by reason.',
    kind: 'counter',
    unit: 'record',
    label: 'reason',
    read: ({ dropped }) => dropped,
  },
  {
    name: 'records.suppressed',
    help: 'Records kept from Kafka on purpose, by reason; other transports still have them.',
    kind: 'counter',
    unit: 'record',
    label: 'reason',
    read: ({ suppressed }) => suppressed,
  },
  {
    name: 'records.spooled',
    help: 'Records that went to disk, or were found there, and were not in memory then.',
    kind: 'counter',
    unit: 'record',
    read: ({ spooled }) => spooled,
  },
  {
    name: 'records.in_flight',
    help: 'Records that are with the Kafka client, not acknowledged yet.',
    kind: 'level',
    unit: 'record',
    read: ({ inFlight }) => inFlight,
  },
  {
    name: 'spool.records',
    help: 'Records that are only on disk, and wait to be sent.',
    kind: 'level',
    unit: 'record',
    read: ({ spooled, replayed }) => spooled - replayed,
  },
  {
    name: 'buffer.records',
    help: 'Records that memory holds, in flight included.',
    kind: 'level',
    unit: 'record',
    read: ({ memory }) => memory.records,
  },
  {
    name: 'buffer.records.limit',
    help: 'The most records that memory may hold (buffer.maxRecords).',
    kind: 'level',
    unit: 'record',
    read: ({ memory }) => memory.maxRecords,
  },
  {
    name: 'buffer.size',
    help: 'The size of what memory holds, in flight included.',
    kind: 'level',
    unit: 'byte',
    read: ({ memory }) => memory.bytes,
  },
  {
    name: 'buffer.size.limit',
    help: 'The most that memory may hold (buffer.maxBytes).',
    kind: 'level',
    unit: 'byte',
    read: ({ memory }) => memory.maxBytes,
  },
  {
    name: 'sends',
    help: 'Sends to the broker.',
    kind: 'counter',
    unit: 'send',
    read: ({ sends }) => sends,
  },
  {
    name: 'retries',
    help: 'Sends that had records of a failed send.',
    kind: 'counter',
    unit: 'send',
    read: ({ retries }) => retries,
  },
  {
    name: 'reconnects',
    help: 'Connections opened after the first, those after an idle time included.',
    kind: 'counter',
    unit: 'connection',
    read: ({ reconnects }) => reconnects,
  },
  {
    name: 'loops',
    help: 'Loops that were found.',
    kind: 'counter',
    unit: 'loop',
    read: ({ loops }) => loops,
  },
  {
    name: 'state',
    help: '1 for the state that the transport is in: idle, up, down or closed.',
    kind: 'level',
    unit: 'transport',
    label: 'state',
    read: ({ state }) => Object.fromEntries(STATES.map((each) => [each, each === state ? 1 : 0])),
  },
  {
    name: 'state.changes',
    help: 'How often the state has changed.',
    kind: 'counter',
    unit: 'change',
    read: ({ stateChanges }) => stateChanges,
  },
  {
    name: 'callback.failures',
    help: "How often a function of the application's threw or returned something unusable, by function.",
    kind: 'counter',
    unit: 'call',
    label: 'function',
    read: ({ callbackFailures }) => callbackFailures,
  },
  {
    name: 'last_error.timestamp',
    help: 'When something last went wrong with the broker, since the epoch.',
    kind: 'moment',
    unit: 'second',
    read: ({ lastError }) => (lastError === null ? undefined : lastError.at / 1000),
  },
];

export const MEASURED_METRICS: readonly MeasuredMetric[] = [
  {
    name: 'delivery.latency',
    help: 'From accepted to acknowledged.',
    perSecond: 1_000,
    percentiles: ({ latencyMs }) => latencyMs,
    counts: ({ histograms }) => histograms.latencyMs,
  },
  {
    name: 'handler.duration',
    help: 'Time spent in log(), of every 16th call.',
    perSecond: 1_000_000,
    percentiles: ({ handlerMicros }) => handlerMicros,
    counts: ({ histograms }) => histograms.handlerMicros,
  },
];
