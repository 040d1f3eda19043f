import type { SpanContext } from '../../util/open-telemetry-api.ts';
import type { RecordHeaders } from '../record.ts';

// All zeros mean that there is none (https://www.w3.org/TR/trace-context/#traceparent-header-field-values).
const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

/**
 * The headers with W3C's `traceparent`, and `tracestate` where there is one, of a span. A `traceparent` of the caller's
 * stays.
 */
export function withTraceContext(
  headers: RecordHeaders | undefined,
  span: SpanContext,
): RecordHeaders | undefined {
  const { traceId, spanId, traceFlags, traceState } = span;
  if (headers?.traceparent !== undefined || !TRACE_ID.test(traceId) || !SPAN_ID.test(spanId)) return headers;
  const withContext: RecordHeaders = headers ?? Object.create(null);
  const flags = (traceFlags & 0xff).toString(16).padStart(2, '0');
  withContext.traceparent = `00-${traceId}-${spanId}-${flags}`;
  const state = traceState?.serialize();
  if (state !== undefined && state !== '') withContext.tracestate = state;
  return withContext;
}
