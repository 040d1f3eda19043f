import { describe, expect, it } from 'vitest';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import { expectLaw, loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectExactlyOnce, expectFlushed, expectNoUnhandledRejection, numberOf, warningsOf } from './rig.ts';

describe('an error that may pass', () => {
  it.each<[string, number]>([
    ['CORRUPT_MESSAGE', ERROR.CORRUPT_MESSAGE],
    ['UNKNOWN_TOPIC_OR_PARTITION', ERROR.UNKNOWN_TOPIC_OR_PARTITION],
    ['LEADER_NOT_AVAILABLE', ERROR.LEADER_NOT_AVAILABLE],
    ['NOT_LEADER_OR_FOLLOWER', ERROR.NOT_LEADER_OR_FOLLOWER],
    ['REQUEST_TIMED_OUT', ERROR.REQUEST_TIMED_OUT],
    ['NOT_ENOUGH_REPLICAS', ERROR.NOT_ENOUGH_REPLICAS],
    ['KAFKA_STORAGE_ERROR', ERROR.KAFKA_STORAGE_ERROR],
    ['an error that Kafka does not have yet', 999],
  ])(
    '%s for one partition, five times: its records arrive later, those of others at once',
    async (_, error) => {
      expectNoUnhandledRejection();
      const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 2 } });
      const fault = cluster.inject({ api: 'Produce', partition: 1, times: 5, action: { error } });
      const transport = transportTo(cluster, {
        batch: { maxRecords: 50, lingerMs: 1 },
        key: ({ message }) => `key ${Number(message.slice(7)) % 10}`,
      });
      const logger = loggerWith(transport);
      for (const message of numbered(500)) logger.info(message);
      await expectFlushed(transport, 500);
      expectExactlyOnce(cluster, 500);
      expect(fault.hits).toBe(5);
      expect(transport.stats().retries).toBeGreaterThanOrEqual(5);
    },
  );

  it('again and again is an outage, told once, with a hint where there is one', async () => {
    const cluster = await startCluster();
    const fault = cluster.inject({
      api: 'Produce',
      times: Number.POSITIVE_INFINITY,
      action: { error: ERROR.NOT_ENOUGH_REPLICAS },
    });
    const transport = transportTo(cluster);
    const warnings = warningsOf(transport);
    loggerWith(transport).info('record 0');
    await cluster.until(() => fault.hits > 10);
    expect(transport.stats().state).toBe('down');
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_SEND_FAILED']);
    expect(warnings[0]?.message).toContain('min.insync.replicas');
    fault.remove();
    await expectFlushed(transport, 1);
  });
});

describe('poison among 2,000 good records', () => {
  const POISON = new Set([0, 7, 8, 700, 1_234, 1_999]);
  const goodOnes = Array.from({ length: 2_000 }, (_, n) => n).filter((n) => !POISON.has(n));

  it('too large for the broker: alone dropped, as oversize; the good ones arrive in order', async () => {
    const cluster = await startCluster({ maxMessageBytes: 200_000, topics: { [TOPIC]: 1 } });
    const undelivered: string[] = [];
    const transport = transportTo(cluster, {
      batch: { maxRecords: 500, maxBytes: 150_000, lingerMs: 1 },
      dropNotice: false,
      fallback: ({ message, reason }) =>
        void undelivered.push(`${reason} ${/record \d+$/.exec(message)?.[0]}`),
    });
    const logger = loggerWith(transport);
    for (let n = 0; n < 2_000; n++)
      logger.info(POISON.has(n) ? `${'x'.repeat(250_000)} record ${n}` : `record ${n}`);
    expect(await transport.flush(20_000)).toEqual({
      delivered: goodOnes.length,
      dropped: POISON.size,
      pending: 0,
    });
    expect(cluster.records(TOPIC).map(numberOf)).toEqual(goodOnes);
    expect(undelivered).toEqual([...POISON].map((n) => `oversize record ${n}`));
    expect(transport.stats().dropped).toMatchObject({ oversize: POISON.size, rejected: 0 });
    expectLaw(transport);
  });

  it('refused for what it is: found by halving, in few sends, and dropped as rejected', async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 1 } });
    const rejected: string[] = [];
    const transport = transportTo(cluster, {
      batch: { maxRecords: 500, lingerMs: 1 },
      dropNotice: false,
      fallback: ({ message, reason }) => void rejected.push(`${reason} ${message}`),
    });
    // The broker does not say which one it is.
    let nextGood = 0;
    const inRequest = (records: number): number[] => {
      const from = nextUnsettled();
      return Array.from({ length: records }, (_, at) => from + at);
    };
    const settled = new Set<number>();
    const nextUnsettled = (): number => {
      while (settled.has(nextGood)) nextGood++;
      return nextGood;
    };
    let sends = 0;
    cluster.inject({
      api: 'Produce',
      times: Number.POSITIVE_INFINITY,
      when: ({ targets }) => {
        sends++;
        const numbers = inRequest(targets[0]?.records ?? 0);
        const isBad = numbers.some((n) => POISON.has(n));
        // One at a time and in order: what is in a request follows from what has been settled.
        if (!isBad || numbers.length === 1) for (const n of numbers) settled.add(n);
        return isBad;
      },
      action: { error: ERROR.INVALID_RECORD },
    });
    const logger = loggerWith(transport);
    for (const message of numbered(2_000)) logger.info(message);
    expect(await transport.flush(20_000)).toEqual({
      delivered: goodOnes.length,
      dropped: POISON.size,
      pending: 0,
    });
    expect(cluster.records(TOPIC).map(numberOf)).toEqual(goodOnes);
    expect(rejected).toEqual([...POISON].map((n) => `rejected record ${n}`));
    expect(transport.stats().dropped).toMatchObject({ oversize: 0, rejected: POISON.size });
    // Nine halvings to find one and nine doublings after it, at the most; four sends without any.
    expect(sends).toBeLessThanOrEqual(4 + POISON.size * 20);
    expectLaw(transport);
  });
});

describe('a topic that is refused', () => {
  it.each<[string, number]>([
    ['TOPIC_AUTHORIZATION_FAILED', ERROR.TOPIC_AUTHORIZATION_FAILED],
    ['INVALID_TOPIC_EXCEPTION', ERROR.INVALID_TOPIC_EXCEPTION],
    ['CLUSTER_AUTHORIZATION_FAILED', ERROR.CLUSTER_AUTHORIZATION_FAILED],
  ])(
    'with %s: its records are rejected without halving, the other topic is not affected',
    async (_, error) => {
      expectNoUnhandledRejection();
      const cluster = await startCluster({ topics: { [TOPIC]: 2, secret: 2 } });
      const fault = cluster.inject({
        api: 'Produce',
        topic: 'secret',
        times: Number.POSITIVE_INFINITY,
        action: { error },
      });
      const transport = transportTo(cluster, {
        topic: ({ message }) => (message.startsWith('secret') ? 'secret' : TOPIC),
        dropNotice: false,
      });
      const warnings = warningsOf(transport);
      const logger = loggerWith(transport);
      for (let n = 0; n < 500; n++) {
        logger.info(`secret ${n}`);
        logger.info(`record ${n}`);
      }
      expect(await transport.flush(Infinity)).toEqual({ delivered: 500, dropped: 500, pending: 0 });
      expectExactlyOnce(cluster, 500);
      expect(transport.stats().dropped.rejected).toBe(500);
      // As many as there are batches, and one more to be sure.
      expect(fault.hits).toBeLessThanOrEqual(6);
      expect(warnings.map(({ code }) => code)).toEqual(['ERR_RECORDS_DROPPED']);
      // Let in later, it is as good as any other.
      fault.remove();
      logger.info('secret 500');
      expect((await transport.flush()).dropped).toBe(500);
      expect(cluster.values('secret')).toEqual(['secret 500']);
    },
  );

  // kafkajs asks for the metadata of all its topics at once, and one that is refused fails them all.
  it('after it had been allowed does not have the records of others rejected', async () => {
    const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 1, revoked: 1 } });
    const transport = transportTo(cluster, {
      topic: ({ message }) => (message.startsWith('revoked') ? 'revoked' : TOPIC),
      dropNotice: false,
    });
    const logger = loggerWith(transport);
    logger.info('revoked 0');
    logger.info('record 0');
    await expectFlushed(transport, 2);
    for (const api of ['Metadata', 'Produce'] as const) {
      cluster.inject({
        api,
        topic: 'revoked',
        times: Number.POSITIVE_INFINITY,
        action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED },
      });
    }
    for (let n = 1; n < 20; n++) {
      // So that the metadata is asked for again.
      cluster.moveLeader(TOPIC, 0, n % 2);
      logger.info(`record ${n}`);
      await transport.flush(Infinity);
    }
    logger.info('revoked 1');
    expect(await transport.flush(Infinity)).toEqual({ delivered: 21, dropped: 1, pending: 0 });
    expectExactlyOnce(cluster, 20);
  });
});
