import { Counter, register as globalRegister, Registry } from 'prom-client';
import { describe, expect, it, vi } from 'vitest';
import { KafkaTransportError, prometheus, type TransportStats } from '../../lib/index.ts';
import { runGuarded } from '../../lib/loop-safety/guard.ts';
import { loggerWith, numbered, startCluster, transportTo } from '../support/harness.ts';
import { linesOf, sampleOf } from './scraped.ts';

async function someTransport() {
  return transportTo(await startCluster());
}

describe("prom-client's page", () => {
  it('shows what stats() says, at one and the same moment', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      topic: ({ message }) => (message === 'nowhere' ? '' : 'app-logs'),
      filter: ({ message }) => message !== 'unwanted',
      buffer: { maxRecords: 500, maxBytes: 50_000 },
      dropNotice: false,
    });
    const logger = loggerWith(transport);
    const register = new Registry();
    prometheus(transport, { register, name: 'audit' });
    for (const message of numbered(40)) logger.info(message);
    await transport.flush(Infinity);
    for (const message of ['nowhere', 'unwanted', 'unwanted', 'waits']) logger.info(message);
    runGuarded(() => logger.info('re-entrant'));
    const stats: TransportStats = transport.stats();
    const page = await register.metrics();
    const at = (name: string, labels: Record<string, string> = {}) =>
      sampleOf(page, `winston_kafkajs_${name}`, { transport: 'audit', ...labels });
    expect(at('records_accepted_total')).toBe(42);
    expect(at('records_delivered_total')).toBe(40);
    expect(at('records_dropped_total', { reason: 'invalid' })).toBe(1);
    expect(at('records_dropped_total', { reason: 'overflow' })).toBe(0);
    expect(at('records_suppressed_total', { reason: 'filtered' })).toBe(2);
    expect(at('records_suppressed_total', { reason: 'reentrant' })).toBe(1);
    expect(at('buffer_records')).toBe(1);
    expect(at('buffer_records_limit')).toBe(500);
    expect(at('buffer_size_bytes')).toBe(5);
    expect(at('buffer_size_limit_bytes')).toBe(50_000);
    expect(at('records_in_flight')).toBe(stats.inFlight);
    expect(at('sends_total')).toBe(stats.sends);
    expect(at('state', { state: 'up' })).toBe(1);
    expect(at('state', { state: 'down' })).toBe(0);
    expect(at('delivery_latency_seconds_count')).toBe(40);
    expect(at('delivery_latency_seconds_bucket', { le: '+Inf' })).toBe(40);
    expect(at('delivery_latency_seconds_bucket', { le: '300' })).toBe(40);
    expect(at('delivery_latency_seconds_sum')).toBeCloseTo(stats.histograms.latencyMs.sum / 1000, 9);
    expect(at('handler_duration_seconds_count')).toBe(stats.histograms.handlerMicros.count);
    expect(at('handler_duration_seconds_bucket', { le: '0.000025' })).toBeLessThanOrEqual(
      stats.histograms.handlerMicros.count,
    );
    // There has been no error yet: so there is no time of one.
    expect(linesOf(page, 'winston_kafkajs_last_error_timestamp_seconds')).toEqual([]);
  });

  it('has a type and a help for each metric, and nothing twice', async () => {
    const register = new Registry();
    prometheus(await someTransport(), { register });
    const page = await register.metrics();
    const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.length).toBeGreaterThan(60);
    expect(new Set(lines.map((line) => line.replace(/ \S+$/, ''))).size).toBe(lines.length);
    const typeOf = (name: string) => new RegExp(`^# TYPE ${name} (\\w+)$`, 'm').exec(page)?.[1];
    for (const line of lines) {
      const name = /^\w+/.exec(line)?.[0] ?? '';
      const isHistogram = /_seconds_(bucket|sum|count)$/.test(name);
      const expected = isHistogram ? 'histogram' : name.endsWith('_total') ? 'counter' : 'gauge';
      expect([name, typeOf(isHistogram ? name.replace(/_(bucket|sum|count)$/, '') : name)]).toEqual([
        name,
        expected,
      ]);
      expect(name).toMatch(/^winston_kafkajs_[a-z_]+$/);
    }
    expect(page).not.toMatch(/NaN|undefined|null/i);
  });

  it('is right in the OpenMetrics format, too', async () => {
    const register = new Registry<'application/openmetrics-text; version=1.0.0; charset=utf-8'>();
    register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    prometheus(await someTransport(), { register });
    for (let scrape = 0; scrape < 2; scrape++) {
      const page = await register.metrics();
      expect(page).toContain('\n# TYPE winston_kafkajs_records_accepted counter\n');
      expect(sampleOf(page, 'winston_kafkajs_records_accepted_total', { transport: 'kafka' })).toBe(0);
      expect(page.endsWith('# EOF\n')).toBe(true);
    }
  });

  it('tells prom-client how to add up those of several workers: a moment is the latest', async () => {
    const register = new Registry();
    prometheus(await someTransport(), { register });
    const aggregators = new Map(
      (await register.getMetricsAsJSON()).map(({ name, aggregator }) => [name, aggregator]),
    );
    expect(aggregators.get('winston_kafkajs_records_accepted_total')).toBe('sum');
    expect(aggregators.get('winston_kafkajs_delivery_latency_seconds')).toBe('sum');
    expect(aggregators.get('winston_kafkajs_last_error_timestamp_seconds')).toBe('max');
  });

  it("shows an error's time from then on", async () => {
    const cluster = await startCluster();
    await cluster.down();
    const transport = transportTo(cluster, { closeTimeoutMs: 10 });
    const register = new Registry();
    prometheus(transport, { register });
    transport.log({ message: 'one' });
    await transport.flush(20);
    while (transport.stats().lastError === null) await transport.flush(20);
    const at = sampleOf(await register.metrics(), 'winston_kafkajs_last_error_timestamp_seconds', {
      transport: 'kafka',
    });
    expect(Math.abs((at ?? 0) - Date.now() / 1000)).toBeLessThan(30);
  });

  it('survives a reset of the register, and merging it with others', async () => {
    const transport = await someTransport();
    const register = new Registry();
    prometheus(transport, { register });
    transport.log({ message: 'one' });
    register.resetMetrics();
    const merged = Registry.merge([register, new Registry()]);
    for (const each of [register, merged]) {
      expect(
        sampleOf(await each.metrics(), 'winston_kafkajs_records_accepted_total', { transport: 'kafka' }),
      ).toBe(1);
    }
    const [json] = await register.getMetricsAsJSON();
    expect(json).toMatchObject({ name: 'winston_kafkajs_records_accepted_total', aggregator: 'sum' });
  });
});

describe('several transports in one register', () => {
  it('have a label each, and go one by one', async () => {
    const register = new Registry();
    const [first, second] = [await someTransport(), await someTransport()];
    const undoFirst = prometheus(first, { register });
    const undoSecond = prometheus(second, { register, name: 'audit' });
    second.log({ message: 'one' });
    const accepted = async () => linesOf(await register.metrics(), 'winston_kafkajs_records_accepted_total');
    expect(await accepted()).toEqual([
      'winston_kafkajs_records_accepted_total{transport="kafka"} 0',
      'winston_kafkajs_records_accepted_total{transport="audit"} 1',
    ]);
    undoFirst();
    undoFirst();
    expect(await accepted()).toEqual(['winston_kafkajs_records_accepted_total{transport="audit"} 1']);
    // One more of that name, which is not ended by who has ended before.
    const undoThird = prometheus(await someTransport(), { register });
    undoFirst();
    expect(await accepted()).toHaveLength(2);
    undoThird();
    undoSecond();
    expect(register.getMetricsAsArray()).toEqual([]);
    // And again.
    prometheus(first, { register });
    expect(await accepted()).toHaveLength(1);
  });

  it('need names of their own', async () => {
    const register = new Registry();
    const transport = await someTransport();
    prometheus(transport, { register });
    expect(() => prometheus(transport, { register })).toThrow(KafkaTransportError);
    expect(() => prometheus(transport, { register })).toThrow(
      'option "name" must be one that no other transport in this register has',
    );
    expect(() => prometheus(transport, { register, name: '' })).toThrow('option "name"');
  });

  it('are found by another copy of the package', async () => {
    vi.resetModules();
    const copy = await import('../../lib/observe/prometheus.ts');
    expect(copy.prometheus).not.toBe(prometheus);
    const register = new Registry();
    prometheus(await someTransport(), { register });
    copy.prometheus(await someTransport(), { register, name: 'other' });
    expect(linesOf(await register.metrics(), 'winston_kafkajs_loops_total')).toHaveLength(2);
  });
});

describe('a register', () => {
  it('may be the global one, and may be cleared', async () => {
    const transport = await someTransport();
    const undo = prometheus(transport, { register: globalRegister });
    expect(await globalRegister.metrics()).toContain('winston_kafkajs_state');
    globalRegister.clear();
    const undoNew = prometheus(transport, { register: globalRegister });
    // That of the cleared page leaves the new one alone.
    undo();
    expect(await globalRegister.metrics()).toContain('winston_kafkajs_state');
    undoNew();
    expect(await globalRegister.metrics()).not.toContain('winston_kafkajs');
  });

  it("must be one, without another's metric of the same name", async () => {
    const transport = await someTransport();
    expect(() => prometheus(transport, { register: {} as never })).toThrow('option "register"');
    const register = new Registry();
    new Counter({ name: 'winston_kafkajs_sends_total', help: 'Not ours.', registers: [register] });
    expect(() => prometheus(transport, { register })).toThrow('has already been registered');
  });
});

it('leaves nothing in a register where one of its names is taken: the next call would take that for a whole page', async () => {
  const transport = await someTransport();
  const register = new Registry();
  const taken = new Counter({
    name: 'winston_kafkajs_sends_total',
    help: 'of somebody else',
    registers: [register],
  });
  for (const _ of [1, 2])
    expect(() => prometheus(transport, { register })).toThrow('already been registered');
  expect(register.getMetricsAsArray()).toEqual([taken]);
});
