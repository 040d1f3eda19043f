import type { HistogramCounts, Percentiles } from './distribution.ts';
import type { TransportStats } from './stats.ts';

/** A source of metrics: a `KafkaTransport`. */
export interface StatsSource {
  /** The counts at this moment. */
  stats(): TransportStats;
}

/** The label of a metric with several values. */
export type MetricLabel = 'reason' | 'state' | 'function';

/** One metric, for Prometheus and OpenTelemetry, which each derive its name and unit by their own conventions. */
export interface Metric {
  /** In words of the namespace, without the unit. */
  readonly name: string;
  readonly help: string;
  /** In OpenTelemetry's words: an `up-down-counter` can be added up over several transports, a `gauge` cannot. */
  readonly kind: 'counter' | 'up-down-counter' | 'gauge';
  /** What is counted, in the singular; or a base unit. */
  readonly unit: string;
  readonly label?: MetricLabel;
  /** `undefined` if there is no value yet. With a label, an object with the value of each label value. */
  read(stats: TransportStats): number | Readonly<Record<string, number>> | undefined;
}

/** A distribution of measurements: percentiles and a histogram. */
export interface MeasuredMetric {
  readonly name: string;
  readonly help: string;
  /** How many units of the measurements are one second. */
  readonly perSecond: number;
  percentiles(stats: TransportStats): Percentiles;
  counts(stats: TransportStats): HistogramCounts;
}

/** The namespace of all metrics. */
export const NAMESPACE = 'winston_kafkajs';

/** The default name of a transport in metrics: its `name` in winston. */
export const DEFAULT_NAME = 'kafka';

const STATES: readonly TransportStats['state'][] = ['idle', 'up', 'down', 'closed'];

const counter = metricOf('counter');
const upDownCounter = metricOf('up-down-counter');
const gauge = metricOf('gauge');

export const METRICS: readonly Metric[] = [
  counter('records.accepted', 'record', ({ accepted }) => accepted).means(
    'Records taken in, drop notices and what other processes left in the spool included.',
  ),
  counter('records.delivered', 'record', ({ delivered }) => delivered).means(
    'Records that the broker has acknowledged.',
  ),
  counter('records.retimed', 'record', ({ retimed }) => retimed).means(
    'Delivered records whose own time the broker had refused: it is in the header original-timestamp.',
  ),
  counter('records.dropped', 'record', ({ dropped }) => dropped, 'reason').means(
    'Records that will not reach Kafka, by reason.',
  ),
  counter('records.suppressed', 'record', ({ suppressed }) => suppressed, 'reason').means(
    'Records kept from Kafka on purpose, by reason; other transports still have them.',
  ),
  counter('records.spooled', 'record', ({ spooled }) => spooled).means(
    'Records that were at some time on disk only: written there because memory had no room, or found there at the start.',
  ),
  upDownCounter('records.in_flight', 'record', ({ inFlight }) => inFlight).means(
    'Records that are with the Kafka client, not acknowledged yet.',
  ),
  upDownCounter('spool.records', 'record', ({ spooled, replayed }) => spooled - replayed).means(
    'Records that are only on disk, and wait to be sent.',
  ),
  upDownCounter('buffer.records', 'record', ({ memory }) => memory.records).means(
    'Records that memory holds, in flight included.',
  ),
  upDownCounter('buffer.records.limit', 'record', ({ memory }) => memory.maxRecords).means(
    'The most records that memory may hold (buffer.maxRecords).',
  ),
  upDownCounter('buffer.size', 'byte', ({ memory }) => memory.bytes).means(
    'The size of what memory holds, in flight included.',
  ),
  upDownCounter('buffer.size.limit', 'byte', ({ memory }) => memory.maxBytes).means(
    'The most that memory may hold (buffer.maxBytes).',
  ),
  counter('sends', 'send', ({ sends }) => sends).means('Sends to the broker.'),
  counter('retries', 'send', ({ retries }) => retries).means('Sends that had records of a failed send.'),
  counter('throttle.time', 'second', ({ throttledMs }) => throttledMs / 1000).means(
    'For how long brokers have asked for no more requests, because a quota was exceeded.',
  ),
  counter('reconnects', 'connection', ({ reconnects }) => reconnects).means(
    'Connections opened after the first, those after an idle time included.',
  ),
  counter('loops', 'loop', ({ loops }) => loops).means('Loops that were found.'),
  upDownCounter(
    'state',
    'transport',
    ({ state }) => Object.fromEntries(STATES.map((each) => [each, each === state ? 1 : 0])),
    'state',
  ).means('1 for the state that the transport is in: idle, up, down or closed.'),
  counter('state.changes', 'change', ({ stateChanges }) => stateChanges).means(
    'How often the state has changed.',
  ),
  counter('callback.failures', 'call', ({ callbackFailures }) => callbackFailures, 'function').means(
    "How often a function of the application's threw or returned something unusable, by function.",
  ),
  gauge('last_error.timestamp', 'second', ({ lastError }) =>
    lastError === null ? undefined : lastError.at / 1000,
  ).means('When something last went wrong with the broker, since the epoch.'),
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

interface Unexplained {
  means(help: string): Metric;
}

function metricOf(kind: Metric['kind']) {
  return (name: string, unit: string, read: Metric['read'], label?: MetricLabel): Unexplained => ({
    means: (help) => ({ name, help, kind, unit, read, ...(label !== undefined && { label }) }),
  });
}
