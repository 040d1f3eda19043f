// Reported: the first bytes of an answer stayed in kafkajs's connection and were read as the beginning of the next socket's first
// answer. Nothing was answered until the client was given up; after 3 bytes the process ended, with a RangeError.
import { expect, it } from 'vitest';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import { FaultyNetwork } from '../../support/faulty-network.ts';
import { loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import { expectFlushed, warningsOf } from './rig.ts';

const WAYS = [
  { what: 'the fast path, in the length of the answer', bytes: 3, options: {} },
  { what: 'the fast path, after it', bytes: 10, options: {} },
  { what: "kafkajs's own send, in the length of the answer", bytes: 3, options: { fastPath: false } },
  { what: "kafkajs's own send, after it", bytes: 10, options: { fastPath: false } },
  { what: 'an idempotent transport', bytes: 10, options: { idempotent: true } },
];

it.each(WAYS)('$what: the next connection is read from its beginning', async ({ bytes, options }) => {
  const cluster = await startCluster();
  const network = new FaultyNetwork();
  const transport = transportTo(cluster, {
    kafka: { brokers: cluster.addresses, socketFactory: network.factory },
    requestTimeoutMs: 1_500,
    ...options,
  });
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  logger.info('record 0');
  await expectFlushed(transport, 1);
  network.breakWithinAnswer(bytes);
  for (const message of numbered(10).slice(1)) logger.info(message);
  await expectFlushed(transport, 10);
  expect([...new Set(cluster.values(TOPIC))]).toEqual(numbered(10));
  // The client was not given up: it has connected anew.
  expect([transport.stats().reconnects, warnings]).toEqual([0, []]);
});

it('an answer to Metadata: the next connection is read from its beginning', async () => {
  const cluster = await startCluster();
  const network = new FaultyNetwork();
  const transport = transportTo(cluster, {
    kafka: { brokers: cluster.addresses, socketFactory: network.factory },
    requestTimeoutMs: 1_500,
  });
  const logger = loggerWith(transport);
  logger.info('record 0');
  await expectFlushed(transport, 1);
  let isBroken = false;
  cluster.on('request', ({ api }) => {
    if (api === 'Metadata' && !isBroken) network.breakWithinAnswer(6);
    isBroken ||= api === 'Metadata';
  });
  cluster.inject({ api: 'Produce', action: { error: ERROR.NOT_LEADER_OR_FOLLOWER } });
  logger.info('record 1');
  await expectFlushed(transport, 2);
  expect([isBroken, transport.stats().reconnects]).toEqual([true, 0]);
});
