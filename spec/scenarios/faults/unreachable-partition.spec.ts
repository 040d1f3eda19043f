// Reported: twelve records without key stayed bound to a partition whose connection had never been opened, until the
// close gave them up, beside partitions that answered.
import { expect, it } from 'vitest';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { expectLaw, loggerWith, START_MS, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectFlushed, numberOf, turn, warningsOf } from './rig.ts';

const PARTITIONS = 3;
/** Nothing listens there. */
const REFUSED = { host: '127.0.0.1', port: 1 };

/** Of three brokers, each of which leads one partition, the last is never reached. */
const startHalfReachable = (): Promise<BrokerCluster> =>
  startCluster({
    brokers: PARTITIONS,
    topics: { [TOPIC]: PARTITIONS },
    advertised: (broker) => (broker === 2 ? REFUSED : undefined),
  });

/** Each record once, and none where nobody is reached. */
function expectElsewhere(cluster: BrokerCluster, count: number): void {
  const records = cluster.records(TOPIC);
  expect(records.map(numberOf).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, at) => at));
  expect(records.filter(({ partition }) => partition === 2)).toEqual([]);
}

it.each([
  { what: 'a few records', count: 36, options: {} },
  { what: 'so many that they are packed', count: 5_000, options: {} },
  { what: 'an idempotent producer', count: 2_000, options: { idempotent: true } },
])('$what without key go to partitions that answer', async ({ count, options }) => {
  const cluster = await startHalfReachable();
  const transport = transportTo(cluster, { kafka: { brokers: cluster.addresses.slice(0, 2) }, ...options });
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  for (let at = 0; at < count; at++) {
    logger.info(`record ${at}`);
    // So that a few are several batches, too.
    if (count < 100 || at % 25 === 0) await turn();
  }
  await expectFlushed(transport, count);
  expectElsewhere(cluster, count);
  // Some partition may be stuck for long enough to be told of: with its address.
  for (const { message } of warnings) expect(message).toContain('127.0.0.1:1');
});

it('also where nobody flushes', async () => {
  const cluster = await startHalfReachable();
  const transport = transportTo(cluster, {
    kafka: { brokers: cluster.addresses.slice(0, 2) },
    retry: { initialMs: 1, maxMs: 1 },
  });
  const logger = loggerWith(transport);
  for (let at = 0; at < 100; at++) {
    logger.info(`record ${at}`);
    if (at % 10 === 9) await cluster.until(() => cluster.count(TOPIC) > 0);
    await turn();
  }
  await cluster.until(() => cluster.count(TOPIC) === 100);
  expectElsewhere(cluster, 100);
  expectLaw(transport);
});

it('records of a partition that was reached before wait for it, however often it fails', async () => {
  const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 2 } });
  const transport = transportTo(cluster, { retry: { initialMs: 1, maxMs: 1 }, batch: { lingerMs: 0 } });
  const logger = loggerWith(transport);
  let logged = 0;
  const reached = (): number => new Set(cluster.records(TOPIC).map(({ partition }) => partition)).size;
  while (reached() < 2) {
    logger.info(`record ${logged++}`);
    await transport.flush(1_000);
  }
  await cluster.down(1);
  for (let at = 0; at < 50; at++) {
    logger.info(`record ${logged++}`);
    await transport.flush(5);
  }
  await cluster.up(1);
  await expectFlushed(transport, logged);
  const numbers = [0, 1].map((partition) =>
    cluster
      .records(TOPIC)
      .filter((record) => record.partition === partition)
      .map(numberOf),
  );
  for (const own of numbers) expect(own).toEqual([...own].sort((a, b) => a - b));
  expect(numbers.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: logged }, (_, at) => at));
});

it('records with key wait for their partition, as before', async () => {
  const cluster = await startHalfReachable();
  const transport = transportTo(cluster, {
    kafka: { brokers: cluster.addresses.slice(0, 2) },
    key: ({ message }) => message,
    closeTimeoutMs: 200 + START_MS,
  });
  const logger = loggerWith(transport);
  for (let at = 0; at < 30; at++) logger.info(`record ${at}`);
  const { dropped } = await transport.close();
  expect(dropped).toBeGreaterThan(0);
  expect(transport.stats().dropped.closed).toBe(dropped);
  expect(transport.stats().delivered + dropped).toBe(30);
  expect(cluster.records(TOPIC).filter(({ partition }) => partition === 2)).toEqual([]);
});

it('what may have been sent stays with its partition, though the error says that the connection was refused', async () => {
  // kafkajs connects anew after a failed send, and where that is refused too, it is that error which comes out.
  const cluster = await startCluster({ brokers: 1, topics: { [TOPIC]: 8 } });
  const transport = transportTo(cluster);
  const warnings = warningsOf(transport);
  const fault = cluster.inject({ api: 'Produce', action: { cut: 'after-store' } });
  cluster.on('request', ({ api }) => {
    if (api === 'Produce' && fault.hits === 0) setImmediate(() => void cluster.down());
  });
  const logger = loggerWith(transport);
  logger.info('record 0');
  while (transport.stats().state !== 'down') await transport.flush(20);
  expect(warnings[0]?.message).toMatch(/ECONNREFUSED|Closed connection/);
  const [first] = cluster.records(TOPIC);
  await cluster.up();
  await expectFlushed(transport, 1);
  const partitions = cluster.records(TOPIC).map(({ partition }) => partition);
  expect(partitions).toEqual([first?.partition, first?.partition]);
});
