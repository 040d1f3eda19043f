import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KafkaTransportError, openTelemetry } from '../../lib/index.ts';
import { loggerWith, numbered, startCluster, transportTo } from '../support/harness.ts';

/** An SDK whose exports stay in memory. */
function startSdk() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  const collect = async (): Promise<MetricData[]> => {
    exporter.reset();
    await provider.forceFlush();
    return exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap((scope) => scope.metrics);
  };
  return { meter: provider.getMeter('shop'), collect };
}

/** The values of a metric, each with its attributes. */
function pointsOf(collected: MetricData[], name: string): [Record<string, unknown>, unknown][] {
  const metric = collected.find(({ descriptor }) => descriptor.name === name);
  return (metric?.dataPoints ?? []).map(({ attributes, value }) => [attributes, value]);
}

const KAFKA = { 'winston_kafkajs.transport': 'kafka' };

describe("OpenTelemetry's SDK", () => {
  it('exports what stats() says, with units and attributes', async () => {
    const { meter, collect } = startSdk();
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      topic: ({ message }) => (message === 'nowhere' ? '' : 'app-logs'),
      buffer: { maxRecords: 500 },
      dropNotice: false,
    });
    openTelemetry(transport, meter);
    const logger = loggerWith(transport);
    for (const message of numbered(40)) logger.info(message);
    await transport.flush(Infinity);
    for (const message of ['nowhere', 'waits']) logger.info(message);
    const { latencyMs, histograms } = transport.stats();
    const collected = await collect();
    const at = (name: string) => pointsOf(collected, `winston_kafkajs.${name}`);
    expect(at('records.accepted')).toEqual([[KAFKA, 42]]);
    expect(at('records.delivered')).toEqual([[KAFKA, 40]]);
    expect(at('records.dropped')).toContainEqual([{ ...KAFKA, 'winston_kafkajs.reason': 'invalid' }, 1]);
    expect(at('records.dropped')).toHaveLength(6);
    expect(at('buffer.records.limit')).toEqual([[KAFKA, 500]]);
    expect(at('state')).toContainEqual([{ ...KAFKA, 'winston_kafkajs.state': 'up' }, 1]);
    expect(at('delivery.latency')).toContainEqual([
      { ...KAFKA, 'winston_kafkajs.quantile': '0.99' },
      latencyMs.p99 / 1000,
    ]);
    expect(at('delivery.latency.sum')).toEqual([[KAFKA, histograms.latencyMs.sum / 1000]]);
    expect(at('delivery.latency.count')).toEqual([[KAFKA, 40]]);
    expect(at('handler.duration.count')).toEqual([[KAFKA, histograms.handlerMicros.count]]);
    // There has been no error yet.
    expect(at('last_error.timestamp')).toEqual([]);
    const units = new Map(collected.map(({ descriptor }) => [descriptor.name, descriptor.unit]));
    expect(units.get('winston_kafkajs.records.accepted')).toBe('{record}');
    expect(units.get('winston_kafkajs.buffer.size')).toBe('By');
    expect(units.get('winston_kafkajs.throttle.time')).toBe('s');
    expect(units.get('winston_kafkajs.delivery.latency')).toBe('s');
    for (const { descriptor } of collected) {
      expect(descriptor.name).toMatch(/^winston_kafkajs(\.[a-z_]+)+$/);
      expect(descriptor.description).toMatch(/\.$/);
    }
  });

  it('tells counters, levels and moments apart', async () => {
    const { meter, collect } = startSdk();
    openTelemetry(transportTo(await startCluster()), meter);
    const kinds = new Map(
      (await collect()).map((metric) => [
        metric.descriptor.name,
        'isMonotonic' in metric ? (metric.isMonotonic ? 'counter' : 'level') : 'gauge',
      ]),
    );
    expect(kinds.get('winston_kafkajs.records.accepted')).toBe('counter');
    expect(kinds.get('winston_kafkajs.buffer.records')).toBe('level');
    expect(kinds.get('winston_kafkajs.delivery.latency')).toBe('gauge');
  });

  it('sees several transports, each with its name, until one goes', async () => {
    const { meter, collect } = startSdk();
    const cluster = await startCluster();
    const [first, second] = [transportTo(cluster), transportTo(cluster)];
    const end = openTelemetry(first, meter);
    openTelemetry(second, meter, { name: 'audit' });
    second.log({ message: 'one' });
    const audit = [{ 'winston_kafkajs.transport': 'audit' }, 1];
    const accepted = async () => pointsOf(await collect(), 'winston_kafkajs.records.accepted');
    expect(await accepted()).toEqual([[KAFKA, 0], audit]);
    expect(() => openTelemetry(first, meter)).toThrow(KafkaTransportError);
    expect(() => openTelemetry(first, meter, { name: 'audit' })).toThrow(
      'no other transport with this meter has',
    );
    first.log({ message: 'one' });
    second.log({ message: 'two' });
    end();
    openTelemetry(second, meter);
    // A second time it does nothing: the name is another's now.
    end();
    expect(() => openTelemetry(first, meter)).toThrow(KafkaTransportError);
    expect(await accepted()).toContainEqual([KAFKA, 2]);
  });
});

it("OpenTelemetry's API works without an SDK, and what is no meter is refused", async () => {
  const transport = transportTo(await startCluster());
  expect(() => openTelemetry(transport, metrics.getMeter('shop'))()).not.toThrow();
  expect(() => openTelemetry(transport, {} as never)).toThrow('option "meter"');
  expect(() => openTelemetry(transport, metrics.getMeter('shop'), { name: '' })).toThrow('option "name"');
});

it("OpenTelemetry's API without an SDK has one meter for all names: several transports may have the same name there", async () => {
  const cluster = await startCluster();
  for (const of of ['shop', 'audit'])
    expect(() => openTelemetry(transportTo(cluster), metrics.getMeter(of))).not.toThrow();
});
