export type { OverflowPolicy } from './accumulator/memory-limit.ts';
export type { ClientLogger, ClientLogOptions } from './client-log/console-only.ts';
export { consoleOnlyLogCreator } from './client-log/console-only.ts';
export type { ClientLogLevel } from './client-log/levels.ts';
export type { WinstonLike } from './client-log/to-winston.ts';
export { winstonLogCreator } from './client-log/to-winston.ts';
export type { ProducerLike, ProducerRecordLike } from './clients/external-producer.ts';
export type { PlatformaticClient } from './clients/platformatic/client-option.ts';
export { defineKafkaConfig } from './define-config.ts';
export {
  KafkaTransportError,
  type KafkaTransportErrorCode,
  type KafkaTransportErrorDetails,
} from './errors.ts';
export { KafkaTransport } from './kafka-transport.ts';
export type { CallSite } from './loop-safety/call-site/call-site.ts';
export type { CombinedFilter, FilterRecord, FilterTable, RecordFilter } from './loop-safety/filter/filter.ts';
export { allOf, anyOf, fromFunction, not } from './loop-safety/filter/filter.ts';
export { isGuarded, runGuarded } from './loop-safety/guard.ts';
export type {
  BatchFailedMessage,
  BatchSentMessage,
  LoopDetectedMessage,
  RecordDroppedMessage,
  RecordSuppressedMessage,
  StateChangedMessage,
} from './observe/channels.ts';
export type { HistogramCounts, Percentiles } from './observe/distribution.ts';
export type { StatsSource } from './observe/metrics.ts';
export {
  type OpenTelemetryMeter,
  type OpenTelemetryOptions,
  openTelemetry,
} from './observe/open-telemetry.ts';
export { type PrometheusOptions, type PrometheusRegister, prometheus } from './observe/prometheus.ts';
export type { CallerFunction, TransportStats } from './observe/stats.ts';
export type {
  BatchOptions,
  Brokers,
  BufferOptions,
  KafkaTransportOptions,
  RetryOptions,
  TransportKafkaConfig,
} from './options/kafka-transport-options.ts';
export type { UpdatableOptions } from './options/update.ts';
export { hopsOf } from './record/headers/hops.ts';
export type { DropReason, RecordKey, TransportEntry } from './record/record.ts';
export type { PerLevel, RateLimitOptions, SampleOptions } from './sampling/sampling-options.ts';
export type { FlushReport } from './sender/sender-options.ts';
export type { Fallback, Undelivered, UndeliveredReason } from './undelivered/fallback.ts';
