import type { TransportEntry } from '../record/record.ts';
import { anyValue, type KeyValue, keyValues } from './otlp-values.ts';

export interface OtlpJsonOptions {
  /** Attributes of the resource that logs: `{ 'service.name': 'shop' }`. */
  resource?: Readonly<Record<string, unknown>>;
  /** The instrumentation scope. Default: `{ name: 'winston-kafkajs' }` */
  scope?: { readonly name: string; readonly version?: string };
}

// SeverityNumber of OpenTelemetry's log data model, for the levels of npm, syslog and cli.
const SEVERITIES: Readonly<Record<string, number>> = {
  emerg: 23,
  alert: 22,
  fatal: 21,
  crit: 21,
  error: 17,
  warn: 13,
  warning: 13,
  prompt: 12,
  help: 11,
  notice: 10,
  data: 10,
  info: 9,
  input: 8,
  http: 7,
  verbose: 6,
  debug: 5,
  silly: 1,
  trace: 1,
};
const UNSPECIFIED = 0;

// The last millisecond whose nanoseconds fit into OTLP's 64 bits, in the year 2554. The Collector refuses the request of a
// later one, which a faked clock may tell; 0 is "unknown".
const LAST_MS = 18_446_744_073_709;

// What has a field of its own; the last three as OpenTelemetry's winston instrumentation writes them.
const OWN_FIELDS = new Set(['level', 'message', 'timestamp', 'trace_id', 'span_id', 'trace_flags']);

/**
 * A `serialize` that writes OpenTelemetry's log data model as OTLP JSON: one `ExportLogsServiceRequest` for each record, which
 * the Collector's kafka receiver reads with `encoding: otlp_json`. The body is the winston info's message, its other fields are attributes;
 * `trace_id`, `span_id` and `trace_flags` become the trace context.
 *
 * @example new KafkaTransport({ topic, kafka, serialize: otlpJson({ resource: { 'service.name': 'shop' } }) })
 */
export function otlpJson({
  resource = {},
  scope = { name: 'winston-kafkajs' },
}: OtlpJsonOptions = {}): (entry: TransportEntry) => string {
  const { name, version } = scope;
  // Once: they are the same for all records.
  const from = { attributes: keyValues(resource) };
  const by = { name, version };
  return (entry) =>
    JSON.stringify({
      resourceLogs: [{ resource: from, scopeLogs: [{ scope: by, logRecords: [logRecord(entry)] }] }],
    });
}

function logRecord({ level, message, time, info }: TransportEntry): Record<string, unknown> {
  const { trace_id, span_id, trace_flags } = info;
  const nanoseconds = time > LAST_MS ? '0' : `${time}000000`;
  const severityNumber = Object.hasOwn(SEVERITIES, level) ? SEVERITIES[level] : UNSPECIFIED;
  return {
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    severityNumber,
    severityText: level,
    body: anyValue(info.message ?? message),
    attributes: attributesOf(info),
    ...(isHex(trace_id, 32) && { traceId: trace_id }),
    ...(isHex(trace_id, 32) && isHex(span_id, 16) && { spanId: span_id }),
    ...(isHex(trace_id, 32) && isHex(trace_flags, 2) && { flags: Number.parseInt(trace_flags, 16) }),
  };
}

function attributesOf(info: TransportEntry['info']): KeyValue[] {
  return keyValues(info).filter(({ key }) => !OWN_FIELDS.has(key));
}

function isHex(value: unknown, length: number): value is string {
  return typeof value === 'string' && value.length === length && /^[0-9a-f]+$/i.test(value);
}
