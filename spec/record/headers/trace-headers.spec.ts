import { ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { TraceState, W3CTraceContextPropagator } from '@opentelemetry/core';
import { describe, expect, it } from 'vitest';
import { withTraceContext } from '../../../lib/record/headers/trace-headers.ts';

const SPAN: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
};
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** What OpenTelemetry itself writes. */
function injected(span: SpanContext): Record<string, string> {
  const carrier: Record<string, string> = {};
  new W3CTraceContextPropagator().inject(trace.setSpanContext(ROOT_CONTEXT, span), carrier, {
    set: (headers, name, value) => {
      headers[name] = value;
    },
  });
  return carrier;
}

describe('the headers of a trace', () => {
  it.each<[string, Partial<SpanContext>]>([
    ['a sampled span', {}],
    ['one that is not sampled', { traceFlags: 0 }],
    ['one with a state', { traceState: new TraceState('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE') }],
    ['a trace of zeros, which is none', { traceId: '0'.repeat(32) }],
    ['a span of zeros, which is none', { spanId: '0'.repeat(16) }],
    ['an id of a wrong form', { traceId: 'none' }],
  ])("are what W3C's propagator writes: %s", (_, parts) => {
    const span = { ...SPAN, ...parts };
    expect({ ...withTraceContext(undefined, span) }).toEqual(injected(span));
  });

  it('have no state where it is empty', () => {
    // OpenTelemetry's propagator writes an empty one, which W3C would rather not have.
    expect({ ...withTraceContext(undefined, { ...SPAN, traceState: new TraceState() }) }).toEqual({
      traceparent: TRACEPARENT,
    });
  });

  it('keep within a byte, whatever the flags', () => {
    expect(withTraceContext(undefined, { ...SPAN, traceFlags: 0x1ff })?.traceparent).toMatch(/-ff$/);
  });

  it('stand beside those of the caller, and leave a traceparent of his alone', () => {
    expect({ ...withTraceContext({ shop: 'a' }, SPAN) }).toEqual({ shop: 'a', traceparent: TRACEPARENT });
    const own = { traceparent: '00-1-2-00' };
    const span = { ...SPAN, traceState: new TraceState('rojo=1') };
    expect(withTraceContext(own, span)).toEqual({ traceparent: '00-1-2-00' });
  });
});
