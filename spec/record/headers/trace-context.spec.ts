import { ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node';
import { describe, expect, it } from 'vitest';
import { fromFunction, not } from '../../../lib/index.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { Collecting, loggerWith, Slow, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { startTracing } from './sdk.ts';

/** The message and the trace headers of each record that arrived. */
function arrived(cluster: BrokerCluster, topic = TOPIC): [string, Record<string, string>][] {
  return cluster
    .records(topic)
    .map(({ value, headers }) => [
      value.toString(),
      Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)])),
    ]);
}

function traceparentOf(span: Span, flags = '01'): string {
  const { traceId, spanId } = span.spanContext();
  return `00-${traceId}-${spanId}-${flags}`;
}

describe('traceContext: true', () => {
  it.each([
    ['a quick sibling', () => new Collecting()],
    ['a slow sibling, which makes winston buffer', () => new Slow()],
  ])('gives each record the span that was active when it was logged, beside %s', async (_, make) => {
    const { tracer } = startTracing();
    const cluster = await startCluster();
    const transport = transportTo(cluster, { traceContext: true });
    const sibling = make();
    const logger = loggerWith(sibling, transport);
    const expected: [string, Record<string, string>][] = [];
    const request = async (at: number): Promise<void> => {
      await tracer.startActiveSpan(`request ${at}`, async (span) => {
        for (const [by, step] of [
          [logger, 'begins'],
          [logger.child({ request: at }), 'goes on'],
        ] as const) {
          by.info(`${at} ${step}`);
          expected.push([`${at} ${step}`, { traceparent: traceparentOf(span) }]);
          await new Promise((resolve) => setImmediate(resolve));
        }
        span.end();
      });
      logger.info(`${at} is over`);
      expected.push([`${at} is over`, {}]);
    };
    await Promise.all(Array.from({ length: 15 }, (_, at) => request(at)));
    if (sibling instanceof Slow) await sibling.has(expected.length);
    await transport.flush(Infinity);
    expect(arrived(cluster)).toEqual(expected);
  });

  it('passes on the state, and that a trace is not sampled', async () => {
    const { tracer } = startTracing(new AlwaysOffSampler());
    const cluster = await startCluster();
    const transport = transportTo(cluster, { traceContext: true });
    const logger = loggerWith(transport);
    const remote = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: 1,
      traceState: new TraceState('rojo=00f067aa0ba902b7'),
    });
    const span = tracer.startActiveSpan('request', {}, remote, (active) => {
      logger.info('a record');
      return active;
    });
    await transport.flush(Infinity);
    expect(arrived(cluster)).toEqual([
      ['a record', { traceparent: traceparentOf(span, '00'), tracestate: 'rojo=00f067aa0ba902b7' }],
    ]);
  });

  it('goes with all that else travels with a record: headers, an id, the call site, several loggers', async () => {
    const { tracer } = startTracing();
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      traceContext: true,
      recordId: true,
      filter: not(fromFunction('nobody')),
      headers: ({ message }) => ({ shop: 'a', ...(message === 'own' && { traceparent: 'mine' }) }),
    });
    const loggers = [loggerWith(transport), loggerWith(transport)];
    const span = tracer.startActiveSpan('request', (active) => {
      for (const logger of loggers) logger.info('theirs');
      loggers[0]?.info('own');
      return active;
    });
    await transport.flush(Infinity);
    const rest = { shop: 'a', 'record-id': expect.any(String) };
    expect(arrived(cluster)).toEqual([
      ['theirs', { ...rest, traceparent: traceparentOf(span) }],
      ['theirs', { ...rest, traceparent: traceparentOf(span) }],
      ['own', { ...rest, traceparent: 'mine' }],
    ]);
  });

  it('works where log() is called by hand', async () => {
    const { tracer } = startTracing();
    const cluster = await startCluster();
    const transport = transportTo(cluster, { traceContext: true });
    loggerWith(transport);
    const span = tracer.startActiveSpan('request', (active) => {
      transport.log({ message: 'by hand' });
      return active;
    });
    await transport.flush(Infinity);
    expect(arrived(cluster)).toEqual([['{"message":"by hand"}', { traceparent: traceparentOf(span) }]]);
  });

  it('is for the transport that has it, and not for another of the same logger', async () => {
    const { tracer } = startTracing();
    const cluster = await startCluster({ topics: { [TOPIC]: 1, other: 1 } });
    const transport = transportTo(cluster, { traceContext: true });
    const other = transportTo(cluster, { topic: 'other' });
    const logger = loggerWith(other, transport);
    const span = tracer.startActiveSpan('request', (active) => {
      logger.info('a record');
      return active;
    });
    await Promise.all([transport.flush(Infinity), other.flush(Infinity)]);
    expect(arrived(cluster)).toEqual([['a record', { traceparent: traceparentOf(span) }]]);
    expect(arrived(cluster, 'other')).toEqual([['a record', {}]]);
  });
});
