import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { expectLaw, loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import {
  expectAtLeastOnce,
  expectExactlyOnce,
  expectFlushed,
  expectNoUnhandledRejection,
  turn,
  untilDown,
  warningsOf,
} from './rig.ts';

describe('a broker that is not there', () => {
  it('at the start: one warning, records wait, and all arrive in order when it comes', async () => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    await cluster.down();
    const transport = transportTo(cluster);
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    for (const message of numbered(1_000)) logger.info(message);
    await untilDown(transport);
    expect(await transport.flush(20)).toEqual({ delivered: 0, dropped: 0, pending: 1_000 });
    expect(transport.stats()).toMatchObject({ state: 'down', accepted: 1_000, buffered: { records: 1_000 } });
    expect(transport.stats().lastError?.message).toContain('ECONNREFUSED');
    expect(transport.stats().lastError?.at).toBeGreaterThan(Date.now() - 60_000);
    await cluster.up();
    await expectFlushed(transport, 1_000);
    expectExactlyOnce(cluster, 1_000);
    expect(transport.stats().state).toBe('up');
    expect(warnings.map(({ name, code }) => [name, code])).toEqual([
      ['KafkaTransportError', 'ERR_KAFKA_UNREACHABLE'],
    ]);
    expect(String(warnings[0]?.cause)).toContain('ECONNREFUSED');
  });

  it('for a while, under traffic, several times: nothing is lost', async () => {
    expectNoUnhandledRejection();
    const cluster = await startCluster({ topics: { [TOPIC]: 3 } });
    const transport = transportTo(cluster, {
      key: ({ message }) => `key ${Number(message.slice(7)) % 10}`,
      // What is held for a moment might not meet the outage.
      loopDetection: false,
    });
    const logger = loggerWith(transport);
    let logged = 0;
    const log = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) {
        logger.info(`record ${logged++}`);
        if (n % 20 === 0) await turn();
      }
    };
    for (let outage = 0; outage < 3; outage++) {
      await log(500);
      await cluster.until(() => cluster.count(TOPIC) > 0);
      await cluster.down();
      await log(500);
      await cluster.up();
    }
    await log(500);
    await expectFlushed(transport, 3_500);
    expectAtLeastOnce(cluster, 3_500);
    expect(transport.stats().reconnects + transport.stats().retries).toBeGreaterThan(0);
  });

  it('one of three, whichever it is: the others are used, and that is no outage', async () => {
    expectNoUnhandledRejection();
    for (const gone of [0, 1, 2]) {
      const cluster = await startCluster({ brokers: 3, topics: { [TOPIC]: 1 } });
      cluster.moveLeader(TOPIC, 0, (gone + 1) % 3);
      await cluster.down(gone);
      const transport = transportTo(cluster, {
        kafka: { brokers: [...cluster.addresses.slice(gone), ...cluster.addresses.slice(0, gone)] },
      });
      const warnings = warningsOf(transport);
      const logger = loggerWith(transport);
      for (const message of numbered(100)) logger.info(message);
      await expectFlushed(transport, 100);
      expectExactlyOnce(cluster, 100);
      expect(warnings).toEqual([]);
    }
  });

  it('the first of those that a function names: the next ones are tried, too', async () => {
    const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 1 } });
    cluster.moveLeader(TOPIC, 0, 1);
    await cluster.down(0);
    const transport = transportTo(cluster, { kafka: { brokers: async () => cluster.addresses } });
    const logger = loggerWith(transport);
    for (const message of numbered(10)) logger.info(message);
    await expectFlushed(transport, 10);
  });

  it("keyless records do not wait for its partitions, and those that were bound to one arrive when it's back", async () => {
    const cluster = await startCluster({ brokers: 3, topics: { [TOPIC]: 3 } });
    const transport = transportTo(cluster, { batch: { maxRecords: 10, lingerMs: 1 } });
    const logger = loggerWith(transport);
    for (const message of numbered(100)) logger.info(message);
    await expectFlushed(transport, 100);
    await cluster.down(1);
    for (const message of numbered(2_000).slice(100)) logger.info(message);
    // Not more than a batch is stuck.
    await cluster.until(() => cluster.count(TOPIC) >= 1_990);
    await cluster.up(1);
    await expectFlushed(transport, 2_000);
    expectExactlyOnce(cluster, 2_000);
  });
});

it('an outage is told once, and the telling has no secrets in it', async () => {
  const cluster = await startCluster({ sasl: () => false });
  const secret = 'tr0ub4dor&3';
  const transport = transportTo(cluster, {
    kafka: { brokers: cluster.addresses, sasl: { mechanism: 'plain', username: 'shop', password: secret } },
  });
  const warnings = warningsOf(transport);
  loggerWith(transport).info('record 0');
  await cluster.until(() => cluster.requests.SaslAuthenticate > 2);
  await untilDown(transport);
  expect(warnings.map(({ code }) => code)).toEqual(['ERR_KAFKA_UNREACHABLE']);
  expect(warnings[0]?.message).toMatch(/cannot reach Kafka: .*Records wait in memory/);
  const all = inspect(warnings, { depth: Number.POSITIVE_INFINITY, showHidden: true });
  expect(all).not.toContain(secret);
  expect(all).not.toContain(Buffer.from(secret).toString('base64'));
  expect(inspect(transport.stats().lastError)).not.toContain(secret);
});

it('the connection and its timers are gone after close, in good times and in bad', async () => {
  const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 4 } });
  const good = transportTo(cluster);
  const logger = loggerWith(good);
  for (const message of numbered(100)) logger.info(message);
  expect(await good.close()).toEqual({ delivered: 100, dropped: 0, pending: 0 });
  await cluster.until(() => cluster.connections === 0);

  const bad = transportTo(cluster, { closeTimeoutMs: 50 });
  cluster.silentConnections = true;
  loggerWith(bad).info('too late');
  expect(await bad.close()).toEqual({ delivered: 0, dropped: 1, pending: 0 });
  expect(bad.stats()).toMatchObject({ state: 'closed', dropped: { closed: 1 } });
  await cluster.until(() => cluster.connections === 0);
  cluster.silentConnections = false;
  expectLaw(bad);
});

it('a broker that comes and goes is told of once a minute, not every time', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  for (let n = 0; n < 3; n++) {
    await cluster.down();
    logger.info(`record ${n}`);
    await untilDown(transport);
    await cluster.up();
    await expectFlushed(transport, n + 1);
  }
  expect(warnings.length).toBe(1);
});
