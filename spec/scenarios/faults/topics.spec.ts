// Topics that come, go and change while records are on their way.
import { expect, it } from 'vitest';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import { loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import {
  byPartition,
  expectExactlyOnce,
  expectFlushed,
  expectNoUnhandledRejection,
  numberOf,
  turn,
  warningsOf,
  watchSends,
} from './rig.ts';

const GONE = ERROR.UNKNOWN_TOPIC_OR_PARTITION;
const byNumber = ({ message }: { message: string }): string => `key ${Number(message.slice(7)) % 20}`;

it.each([
  ['without key', undefined],
  ['with keys', byNumber],
])('deleted, and made anew with fewer partitions: what comes then arrives, %s', async (_, key) => {
  expectNoUnhandledRejection();
  const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 8 } });
  const transport = transportTo(cluster, { batch: { maxRecords: 10, lingerMs: 1 }, ...(key && { key }) });
  const logger = loggerWith(transport);
  for (const message of numbered(400)) logger.info(message);
  await expectFlushed(transport, 400);
  expect(byPartition(cluster).length).toBeGreaterThan(2);
  cluster.deleteTopic(TOPIC);
  for (const message of numbered(400)) logger.info(message);
  await cluster.until(() => cluster.produceRequests.some(({ errorCode }) => errorCode === GONE));
  cluster.createTopic(TOPIC, 2);
  await expectFlushed(transport, 800);
  const numbers = cluster.records(TOPIC).map(numberOf);
  expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, n) => n));
  if (key !== undefined) {
    for (let own = 0; own < 20; own++) {
      const ofKey = numbers.filter((n) => n % 20 === own);
      expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
    }
  }
  // And goes on in whole batches, as before.
  const before = transport.stats().sends;
  for (const message of numbered(800).slice(400)) logger.info(message);
  await expectFlushed(transport, 1_200);
  expect(transport.stats().sends - before).toBeLessThanOrEqual(50);
});

it('with partitions added under the traffic: they get their share, nothing is lost or doubled', async () => {
  expectNoUnhandledRejection();
  const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 1 } });
  const transport = transportTo(cluster, { batch: { maxRecords: 10, lingerMs: 1 } });
  const logger = loggerWith(transport);
  for (let n = 0; n < 1_000; n++) {
    logger.info(`record ${n}`);
    if (n % 10 === 0) await turn();
    // What a client knows of a topic, it only asks for again when something goes wrong.
    if (n === 300) {
      cluster.addPartitions(TOPIC, 4);
      cluster.inject({ api: 'Produce', action: { error: ERROR.NOT_LEADER_OR_FOLLOWER } });
    }
  }
  await expectFlushed(transport, 1_000);
  expectExactlyOnce(cluster, 1_000);
  expect(byPartition(cluster).length).toBe(4);
});

it('that the broker makes by itself: the first records arrive, too, without a warning', async () => {
  const cluster = await startCluster({ topics: {}, autoCreate: 3 });
  const transport = transportTo(cluster);
  const warnings = warningsOf(transport);
  // As Kafka does while it makes one.
  cluster.inject({ api: 'Metadata', topic: TOPIC, times: 2, action: { error: ERROR.LEADER_NOT_AVAILABLE } });
  const logger = loggerWith(transport);
  for (const message of numbered(500)) logger.info(message);
  await expectFlushed(transport, 500);
  expectExactlyOnce(cluster, 500);
  expect(warnings).toEqual([]);
});

it('that nobody has made: told once, though another topic gets through; delivered when it is there', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, {
    topic: ({ message }) => (message.startsWith('missing') ? 'missing' : TOPIC),
    // What logs because a record has arrived is a loop.
    loopDetection: false,
  });
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  logger.info('missing 0');
  let n = 0;
  while (warnings.length === 0) {
    logger.info(`record ${n++}`);
    await cluster.until(() => cluster.count(TOPIC) === n);
  }
  expect(warnings.map(({ code }) => code)).toEqual(['ERR_SEND_FAILED']);
  expect(warnings[0]?.message).toContain('Does the topic exist?');
  cluster.createTopic('missing', 1);
  await expectFlushed(transport, n + 1);
  expect(cluster.values('missing')).toEqual(['missing 0']);
  expectExactlyOnce(cluster, n);
});

it('that nobody has made: what is for another one does not wait for the next attempt at it', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, {
    topic: ({ message }) => (message.startsWith('missing') ? message.replace(' ', '-') : TOPIC),
    // Some minutes: nothing would be sent in the time of this spec.
    retry: { initialMs: 3_600_000, maxMs: 3_600_000 },
    loopDetection: false,
  });
  const logger = loggerWith(transport);
  logger.info('record 0');
  await cluster.until(() => cluster.count(TOPIC) === 1, 10_000);
  for (const message of numbered(5, 'missing')) logger.info(message);
  await expect.poll(() => transport.stats().state, { timeout: 10_000 }).toBe('down');
  logger.info('record 1');
  await cluster.until(() => cluster.count(TOPIC) === 2, 10_000);
  expect(cluster.values(TOPIC)).toEqual(numbered(2));
});

it('many at once, each gets its own records, one topic and one partition a send', async () => {
  const cluster = await startCluster({ brokers: 3, topics: {}, autoCreate: 2 });
  const sends = watchSends(cluster);
  const transport = transportTo(cluster, {
    topic: ({ message }) => `topic-${Number(message.slice(7)) % 30}`,
  });
  const logger = loggerWith(transport);
  for (const message of numbered(3_000)) logger.info(message);
  await expectFlushed(transport, 3_000);
  for (let topic = 0; topic < 30; topic++) {
    expect(cluster.values(`topic-${topic}`).sort()).toEqual(
      numbered(3_000)
        .filter((_, n) => n % 30 === topic)
        .sort(),
    );
  }
  expect(sends.targets.length).toBeGreaterThanOrEqual(30);
});
