import { createRequire } from 'node:module';
import { trace } from '@opentelemetry/api';
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs';
import { AlwaysOnSampler, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { Kafka } from 'kafkajs';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type winston from 'winston';
import type { KafkaTransportOptions } from '../../lib/index.ts';
import { startTracing } from '../record/headers/sdk.ts';
import { loggerWith, startCluster, TOPIC, transportTo } from '../support/harness.ts';
import { bounded, fallsSilent } from '../support/loops.ts';

/** OpenTelemetry's own instrumentation of kafkajs: a span for each record that is sent. */
const instrumentation = new KafkaJsInstrumentation();
// It patches what is required, once.
createRequire(import.meta.url)('kafkajs');
afterAll(() => instrumentation.disable());

function traceKafkajs(...processors: SpanProcessor[]) {
  const tracing = startTracing(new AlwaysOnSampler(), ...processors);
  instrumentation.setTracerProvider(tracing.provider);
  return tracing;
}

/** Tells `end` of each span that ends. */
function onSpanEnd(end: (span: ReadableSpan) => void): SpanProcessor {
  return {
    onStart: () => undefined,
    onEnd: end,
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
}

describe('with traceContext: true an instrumented client', () => {
  it('makes no span of its own for what is shipped, and leaves the traceparent of the record alone', async () => {
    const { tracer, names } = traceKafkajs();
    const cluster = await startCluster({ topics: { [TOPIC]: 1, orders: 1 } });
    const transport = transportTo(cluster, { traceContext: true });
    const logger = loggerWith(transport);
    const span = tracer.startActiveSpan('request', (active) => {
      logger.info('a record');
      active.end();
      return active;
    });
    await transport.flush(Infinity);
    const { traceId, spanId } = span.spanContext();
    expect(String(cluster.records(TOPIC)[0]?.headers.traceparent)).toBe(`00-${traceId}-${spanId}-01`);
    // The application's own producer is traced as ever.
    const producer = new Kafka({ brokers: cluster.addresses, logLevel: 0 }).producer();
    await producer.connect();
    await producer.send({ topic: 'orders', messages: [{ value: 'an order' }] });
    await producer.disconnect();
    expect(names()).toEqual(['request', 'send orders']);
  });

  it('would make one for each send otherwise', async () => {
    const { names } = traceKafkajs();
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    loggerWith(transport).info('a record');
    await transport.flush(Infinity);
    expect(names()).toEqual([`send ${TOPIC}`]);
  });
});

describe('a span processor that logs each span', () => {
  it.each<[string, (addresses: string[]) => Partial<KafkaTransportOptions>]>([
    ["the transport's own client", () => ({})],
    [
      'a producer that was handed in',
      (brokers) => ({ producer: new Kafka({ brokers, logLevel: 0 }).producer() }),
    ],
    ['a factory of them', (brokers) => ({ producer: () => new Kafka({ brokers, logLevel: 0 }).producer() })],
  ])('is no loop with traceContext: true, through %s', async (_, client) => {
    const logged: { by?: winston.Logger } = {};
    const note = bounded((span: ReadableSpan) => logged.by?.info(`span ${span.name} ended`));
    const { names } = traceKafkajs(onSpanEnd(note));
    const cluster = await startCluster();
    const options = client(cluster.addresses);
    const transport = transportTo(cluster, { traceContext: true, ...options });
    logged.by = loggerWith(transport);
    if (typeof options.producer === 'object')
      onTestFinished(() => options.producer && closed(options.producer));
    trace.getTracer('spec').startActiveSpan('request', (span) => {
      logged.by?.info('a record');
      span.end();
    });
    await fallsSilent(transport);
    expect(cluster.values(TOPIC)).toEqual(['a record', 'span request ended']);
    expect(names()).toEqual(['request']);
  });
});

async function closed(producer: NonNullable<KafkaTransportOptions['producer']>): Promise<void> {
  if (typeof producer !== 'function') await producer.disconnect();
}
