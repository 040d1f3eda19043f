import type { JsonLogsSerializer } from '@opentelemetry/otlp-transformer';

type SdkLogRecord = Parameters<typeof JsonLogsSerializer.serializeRequest>[0][number];

/** The span that the record was logged in. */
export const TRACE = {
  trace_id: '0af7651916cd43dd8448eb211c80319c',
  span_id: 'b7ad6b7169203331',
  trace_flags: '01',
};

/** The record "slow", of level `warn`, as OpenTelemetry's SDK has it, for its own serializers. */
export function sdkLogRecord(ms: number, attributes: object, resource: object): SdkLogRecord {
  const hrTime = [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000];
  return {
    hrTime,
    hrTimeObserved: hrTime,
    severityNumber: 13,
    severityText: 'warn',
    body: 'slow',
    attributes,
    droppedAttributesCount: 0,
    spanContext: { traceId: TRACE.trace_id, spanId: TRACE.span_id, traceFlags: 1 },
    resource: { attributes: resource, merge: neverCalled, getRawAttributes: () => [] },
    instrumentationScope: { name: 'app', version: '1' },
  } as never;
}

function neverCalled(): never {
  throw new Error('nobody merges resources here');
}
