import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import {
  droppedIn,
  expectLaw,
  loggerWith,
  numbered,
  startCluster,
  TOPIC,
  transportTo,
} from '../../support/harness.ts';
import { expectExactlyOnce, expectFlushed, expectNoUnhandledRejection, turn, untilDown } from './rig.ts';

describe('an idle transport', () => {
  it('closes its connections, and opens them again for the next record', async () => {
    const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 4 } });
    const transport = transportTo(cluster, { idleTimeoutMs: 20 });
    expect(transport.stats().state).toBe('idle');
    const logger = loggerWith(transport);
    for (let n = 0; n < 5; n++) {
      logger.info(`record ${n}`);
      await cluster.until(() => cluster.count(TOPIC) === n + 1);
      await cluster.until(() => cluster.connections === 0);
      await turn();
      expect(transport.stats()).toMatchObject({ state: 'idle', delivered: n + 1, reconnects: n });
    }
    expectExactlyOnce(cluster, 5);
  });

  it('loses nothing that comes just when the connection is being closed', async () => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    // What logs because a record has arrived is a loop.
    const loopDetection = false;
    const transport = transportTo(cluster, { idleTimeoutMs: 1, batch: { lingerMs: 0 }, loopDetection });
    const logger = loggerWith(transport);
    let logged = 0;
    // The moment in which the broker sees the connection go, and the turns of the event loop around it.
    cluster.on('disconnection', () => {
      if (logged < 100) logger.info(`record ${logged++}`);
    });
    for (let n = 0; n < 60; n++) {
      logger.info(`record ${logged++}`);
      await cluster.until(() => cluster.count(TOPIC) >= logged);
      if (n % 2 === 0) await cluster.until(() => cluster.connections === 0);
      for (let turns = 0; turns < n % 7; turns++) await turn();
    }
    await transport.flush(Infinity);
    expectExactlyOnce(cluster, logged);
    expect(transport.stats().reconnects).toBeGreaterThan(5);
  });
});

describe('flush', () => {
  it('accounts for all that was accepted up to the call, in good times and in bad', async () => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      buffer: { maxRecords: 150 },
      batch: { maxRecords: 20, lingerMs: 1 },
    });
    const logger = loggerWith(transport);
    let sends = 0;
    cluster.inject({
      api: 'Produce',
      times: Number.POSITIVE_INFINITY,
      when: () => ++sends % 4 === 0,
      action: { error: ERROR.NOT_LEADER_OR_FOLLOWER },
    });
    const checks: Promise<void>[] = [];
    for (let n = 0; n < 1_000; n++) {
      logger.info(`record ${n}`);
      if (n % 50 === 0) await turn();
      if (n % 37 !== 0) continue;
      const { accepted } = transport.stats();
      checks.push(
        transport.flush(n % 2 === 0 ? 1 : 2_000).then(({ delivered, dropped, pending }) => {
          expect(delivered + dropped + pending).toBe(accepted);
          expectLaw(transport);
        }),
      );
    }
    await Promise.all(checks);
    await transport.flush(Infinity);
    const stats = transport.stats();
    expect(stats.delivered).toBe(cluster.count(TOPIC));
    expect(stats.delivered + droppedIn(stats)).toBe(stats.accepted);
  });

  it('in an outage makes an attempt at once, however long the next one would have had to wait', async () => {
    const cluster = await startCluster();
    await cluster.down();
    const transport = transportTo(cluster, { retry: { initialMs: 100_000, maxMs: 100_000 } });
    const warned = once(transport, 'warn');
    loggerWith(transport).info('record 0');
    await warned;
    await cluster.up();
    await expectFlushed(transport, 1);
  });

  it('of a transport that has nothing to do is over at once, and opens no connection', async () => {
    const cluster = await startCluster();
    const transport = transportTo(cluster);
    await expectFlushed(transport, 0);
    expect(cluster.connectionsEver).toBe(0);
  });
});

it('stats tell what happens: idle, up, down, closed, and what it took', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  const logger = loggerWith(transport);
  const states = [transport.stats().state];
  for (const message of numbered(10)) logger.info(message);
  await transport.flush(Infinity);
  states.push(transport.stats().state);
  const up = transport.stats();
  expect(up).toMatchObject({
    accepted: 10,
    delivered: 10,
    sends: 1,
    retries: 0,
    reconnects: 0,
    inFlight: 0,
    lastError: null,
  });
  expect(up.latencyMs.p50).toBeGreaterThan(0);
  expect(up.latencyMs.max).toBeGreaterThanOrEqual(up.latencyMs.p50);
  expect(up.latencyMs.max).toBeLessThan(5_000);
  await cluster.down();
  logger.info('record 10');
  await untilDown(transport);
  states.push(transport.stats().state);
  expect(transport.stats()).toMatchObject({ delivered: 10, buffered: { records: 1, bytes: 9 } });
  await cluster.up();
  await transport.flush(Infinity);
  states.push(transport.stats().state);
  expect(transport.stats().retries).toBeGreaterThan(0);
  await transport.close();
  states.push(transport.stats().state);
  expect(states).toEqual(['idle', 'up', 'down', 'up', 'closed']);
  const { lastError } = transport.stats();
  expect(lastError?.message).toMatch(/ECONNREFUSED|[Cc]losed/);
});
