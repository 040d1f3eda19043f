// What a topic's settings forbid, after an outage: in both threads, over the wire.
import { expect, it } from 'vitest';
import type { KafkaTransportOptions } from '../../../lib/index.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { directoryOfSpec } from '../../spool/rig.ts';
import { expectLaw, loggerWith, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectExactlyOnce, expectFlushed, untilDown, warningsOf } from './rig.ts';

const BEFORE_MAX_MS = 3_600_000;

/** A topic that takes nothing that is more than an hour old. */
async function youngTopic(partitions = 1): Promise<BrokerCluster> {
  const cluster = await startCluster({ topics: { [TOPIC]: partitions } });
  cluster.configureTopic(TOPIC, { timestampBeforeMaxMs: BEFORE_MAX_MS });
  return cluster;
}

/** As if they had been logged two hours ago. */
function hoursAgo(fn: () => void): number {
  const real = Date.now;
  const then = real() - 2 * BEFORE_MAX_MS;
  Date.now = () => then;
  try {
    fn();
  } finally {
    Date.now = real;
  }
  return then;
}

const OPTIONS: [string, () => Partial<KafkaTransportOptions>][] = [
  ['from memory', () => ({})],
  ['with keys', () => ({ key: ({ message }) => message })],
  ['with headers', () => ({ headers: () => ({ own: 'header' }) })],
  ['idempotent', () => ({ idempotent: true })],
  ['from a spool', () => ({ spool: { directory: directoryOfSpec() }, buffer: { maxRecords: 50 } })],
  ['from a spool that has all', () => ({ spool: { directory: directoryOfSpec(), mode: 'always' } })],
];

it.each(OPTIONS)(
  'records that are too old get the time of the send, and keep theirs in a header: %s',
  async (_, options) => {
    const cluster = await youngTopic(3);
    await cluster.down();
    const transport = transportTo(cluster, options());
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    const logged = hoursAgo(() => {
      for (let n = 0; n < 200; n++) logger.info(`record ${n}`);
    });
    await untilDown(transport);
    await cluster.up();
    for (let n = 200; n < 300; n++) logger.info(`record ${n}`);
    await expectFlushed(transport, 300);
    expectExactlyOnce(cluster, 300);
    for (const { value, headers, timestamp } of cluster.records(TOPIC)) {
      const isOld = Number(value.toString().slice(7)) < 200;
      expect(headers['original-timestamp']?.toString()).toBe(isOld ? String(logged) : undefined);
      expect(timestamp).toBeGreaterThan(Date.now() - BEFORE_MAX_MS);
    }
    expect(transport.stats()).toMatchObject({ retimed: 200, state: 'up', dropped: { rejected: 0 } });
    const told = warnings.filter(({ code }) => code === 'ERR_TIMESTAMP_REFUSED');
    expect(told).toHaveLength(1);
    expect(told[0]?.message).toContain('message.timestamp.before.max.ms');
    expect(told[0]?.message).toContain('original-timestamp');
  },
);

it('a clock that is ahead of the broker’s is put right in the same way', async () => {
  const cluster = await startCluster();
  cluster.configureTopic(TOPIC, { timestampAfterMaxMs: BEFORE_MAX_MS });
  const transport = transportTo(cluster);
  const logger = loggerWith(transport);
  const real = Date.now;
  Date.now = () => real() + 2 * BEFORE_MAX_MS;
  try {
    logger.info('record 0');
  } finally {
    Date.now = real;
  }
  logger.info('record 1');
  await expectFlushed(transport, 2);
  expect(transport.stats().retimed).toBe(1);
});

it('a header of that name which the caller gives stays', async () => {
  const cluster = await youngTopic();
  const transport = transportTo(cluster, { headers: () => ({ 'original-timestamp': 'mine' }) });
  const logger = loggerWith(transport);
  hoursAgo(() => logger.info('record 0'));
  await expectFlushed(transport, 1);
  expect(cluster.records(TOPIC)[0]?.headers['original-timestamp']?.toString()).toBe('mine');
});

it('a compacted topic refuses what has no key: told once, with what it needs, and in few sends', async () => {
  const cluster = await startCluster();
  cluster.configureTopic(TOPIC, { isCompacted: true });
  const undelivered: string[] = [];
  const transport = transportTo(cluster, {
    key: ({ message }) => (message.startsWith('keyed') ? 'k' : null),
    batch: { lingerMs: 1, maxRecords: 100 },
    dropNotice: false,
    fallback: ({ message, reason }) => void undelivered.push(`${reason}: ${message}`),
  });
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  for (let n = 0; n < 2_000; n++) {
    logger.info(`record ${n}`);
    if (n % 100 === 0) logger.info(`keyed record ${n}`);
  }
  expect(await transport.flush(Infinity)).toEqual({ delivered: 20, dropped: 2_000, pending: 0 });
  expect(cluster.values(TOPIC)).toEqual(Array.from({ length: 20 }, (_, n) => `keyed record ${100 * n}`));
  expect(new Set(undelivered).size).toBe(2_000);
  expect(undelivered[0]).toMatch(/^rejected: record \d+$/);
  expect(warnings.map(({ code }) => code)).toEqual(['ERR_RECORDS_DROPPED']);
  expect(warnings[0]?.message).toContain('needs a `key`');
  expect(transport.stats().state).toBe('up');
  expect(transport.stats().sends).toBeLessThan(150);
  expectLaw(transport);
});
