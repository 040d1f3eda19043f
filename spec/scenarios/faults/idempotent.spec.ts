// `idempotent: true`: a lost acknowledgement makes no duplicate. `recordId: true`: a duplicate can be told.
import { describe, expect, it } from 'vitest';
import type { KafkaTransport } from '../../../lib/index.ts';
import { type BrokerCluster, ERROR, type FaultAction } from '../../../testing/broker/broker-cluster.ts';
import {
  droppedIn,
  expectLaw,
  loggerWith,
  numbered,
  startCluster,
  TOPIC,
  transportTo,
} from '../../support/harness.ts';
import {
  expectAtLeastOnce,
  expectExactlyOnce,
  expectFlushed,
  expectInOrder,
  expectNoUnhandledRejection,
  logThroughFaults,
  numberOf,
  warningsOf,
} from './rig.ts';

const LOST_ACKNOWLEDGEMENTS: [string, FaultAction][] = [
  ['cut off after it was stored', { cut: 'after-store' }],
  ['cut off before it was stored', { cut: 'before-store' }],
  ['stored and never answered', { silent: 'after-store' }],
  ['never stored, never answered', { silent: 'before-store' }],
  ['answered after it was given up', { delay: 400 }],
  ['stored, but by too few replicas', { error: ERROR.NOT_ENOUGH_REPLICAS_AFTER_APPEND }],
  ['answered "not leader"', { error: ERROR.NOT_LEADER_OR_FOLLOWER }],
];

const keyOf = ({ message }: { message: string }): string => `key ${Number(message.slice(7)) % 20}`;

/** Logs 1,000 records while one send in ten goes wrong. */
async function traffic(idempotent: boolean, action: FaultAction, isKeyed: boolean) {
  expectNoUnhandledRejection();
  const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 4 } });
  const transport = transportTo(cluster, {
    idempotent,
    batch: { maxRecords: 25, lingerMs: 1 },
    requestTimeoutMs: 'silent' in action || 'delay' in action ? 150 : 10_000,
    ...(isKeyed && { key: keyOf }),
  });
  await logThroughFaults(cluster, transport, action, 1_000);
  return { cluster, transport };
}

const CASES = LOST_ACKNOWLEDGEMENTS.flatMap(([name, action]): [string, string, FaultAction, boolean][] => [
  [name, 'keyed', action, true],
  [name, 'without key', action, false],
]);

it.each(CASES)('every tenth send %s, %s: each record once, with one and the same client', async (...args) => {
  const [, , action, isKeyed] = args;
  const { cluster, transport } = await traffic(true, action, isKeyed);
  expectExactlyOnce(cluster, 1_000);
  expect(transport.stats().reconnects).toBe(0);
});

it.each<[string, FaultAction]>([
  ['a cut', { cut: 'after-store' }],
  ['too few replicas', { error: ERROR.NOT_ENOUGH_REPLICAS_AFTER_APPEND }],
])('%s after the append does make duplicates without it', async (_, action) => {
  const { cluster } = await traffic(false, action, true);
  expectAtLeastOnce(cluster, 1_000);
  expect(cluster.count(TOPIC)).toBeGreaterThan(1_000);
});

/** Stores the first batch and loses the acknowledgement, and then nothing answers until `recover` is called. */
async function lostAcknowledgement(cluster: BrokerCluster): Promise<() => void> {
  cluster.inject({ api: 'Produce', action: { cut: 'after-store' } });
  const outage = cluster.inject({
    api: 'Produce',
    times: Number.POSITIVE_INFINITY,
    when: () => cluster.count(TOPIC) > 0,
    action: { error: ERROR.NOT_ENOUGH_REPLICAS },
  });
  return () => outage.remove();
}

it('other records, as many, never pass for a batch whose acknowledgement was lost', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, {
    idempotent: true,
    batch: { maxRecords: 10, lingerMs: 1 },
    buffer: { maxRecords: 20 },
  });
  const recover = await lostAcknowledgement(cluster);
  const logger = loggerWith(transport);
  for (const message of numbered(10)) logger.info(message);
  await cluster.until(() => cluster.produceRequests.length >= 3);
  // The buffer has to shed: were it the ten that may have arrived, the next ten would go under their numbers.
  for (const message of numbered(100).slice(10)) logger.info(message);
  recover();
  const { delivered, dropped, pending } = await transport.flush(Infinity);
  expect({ delivered, dropped, pending }).toEqual({ delivered: 20, dropped: 80, pending: 0 });
  const numbers = cluster
    .records(TOPIC)
    .map(numberOf)
    .filter((n) => !Number.isNaN(n));
  expect(numbers.slice(0, 20)).toEqual([
    ...Array(10).keys(),
    ...Array.from({ length: 10 }, (_, at) => 90 + at),
  ]);
  expectLaw(transport);
});

it.each([true, false])(
  'records passed for a batch whose acknowledgement was lost, because their topic was refused for a moment (fast path: %s)',
  async (fastPath) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      idempotent: true,
      fastPath,
      batch: { maxRecords: 10, lingerMs: 1 },
      dropNotice: false,
    });
    const logger = loggerWith(transport);
    logger.info('record before');
    await expectFlushed(transport, 1);
    cluster.inject({ api: 'Produce', action: { cut: 'after-store' } });
    const error = ERROR.TOPIC_AUTHORIZATION_FAILED;
    const refusal = cluster.inject({ api: 'Metadata', topic: TOPIC, action: { error } });
    for (const message of numbered(10, 'first')) logger.info(message);
    await transport.flush(Infinity);
    expect(refusal.hits).toBe(1);
    for (const message of numbered(10, 'second')) logger.info(message);
    expect(await transport.flush(Infinity)).toMatchObject({ delivered: 21, dropped: 0, pending: 0 });
    expect(cluster.values(TOPIC)).toEqual([
      'record before',
      ...numbered(10, 'first'),
      ...numbered(10, 'second'),
    ]);
  },
);

/** Loses count now and then, and takes what comes. */
async function brokerLosesCount(fastPath: boolean, error: number): Promise<KafkaTransport> {
  const cluster = await startCluster();
  const transport = transportTo(cluster, {
    idempotent: true,
    fastPath,
    batch: { maxRecords: 10, lingerMs: 1 },
  });
  let sends = 0;
  const fault = cluster.inject({
    api: 'Produce',
    times: 4,
    when: () => sends++ % 3 === 1,
    action: { error },
  });
  const logger = loggerWith(transport);
  for (const message of numbered(200)) logger.info(message);
  await expectFlushed(transport, 200);
  expectExactlyOnce(cluster, 200);
  expect(fault.hits).toBe(4);
  return transport;
}

describe.each([
  ['OUT_OF_ORDER_SEQUENCE_NUMBER', ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER],
  ['UNKNOWN_PRODUCER_ID', 59],
])('a broker that has lost count, and answers %s', (_, error) => {
  it('has a batch numbered anew by the same client: nothing is lost', async () => {
    const transport = await brokerLosesCount(true, error);
    expect(transport.stats().reconnects).toBe(0);
  });

  it('has a new client take over without the fast path: nothing is lost', async () => {
    const transport = await brokerLosesCount(false, error);
    expect(transport.stats().reconnects).toBeGreaterThan(0);
  });
});

it('a broker that does not take the producer any more has a new one take over: nothing is lost', async () => {
  const transport = await brokerLosesCount(true, ERROR.INVALID_PRODUCER_EPOCH);
  expect(transport.stats().reconnects).toBeGreaterThan(0);
});

/** Every send is stored and not answered, for so long that the client is replaced. */
async function clientIsReplaced(fastPath: boolean): Promise<BrokerCluster> {
  const cluster = await startCluster();
  const transport = transportTo(cluster, {
    idempotent: true,
    fastPath,
    requestTimeoutMs: 50,
    batch: { maxRecords: 10, lingerMs: 1 },
  });
  const fault = cluster.inject({
    api: 'Produce',
    times: Number.POSITIVE_INFINITY,
    action: { silent: 'after-store' },
  });
  const logger = loggerWith(transport);
  for (const message of numbered(30)) logger.info(message);
  await cluster.until(() => fault.hits >= 12, 20_000);
  fault.remove();
  await expectFlushed(transport, 30);
  expectInOrder(cluster);
  expect(transport.stats().reconnects).toBeGreaterThan(0);
  return cluster;
}

it('after eight fresh connections in vain the client itself is replaced, and goes on with the numbers', async () => {
  const cluster = await clientIsReplaced(true);
  expectExactlyOnce(cluster, 30);
});

it('without the fast path the numbers are lost with the client, and records come twice; none is lost', async () => {
  const cluster = await clientIsReplaced(false);
  expectAtLeastOnce(cluster, 30);
  expect(cluster.count(TOPIC)).toBeGreaterThan(30);
});

it('closed while a batch waits to go again: its records are counted, and nothing of it goes out later', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { idempotent: true, closeTimeoutMs: 100, dropNotice: false });
  const recover = await lostAcknowledgement(cluster);
  const logger = loggerWith(transport);
  for (const message of numbered(10)) logger.info(message);
  await cluster.until(() => cluster.produceRequests.length >= 3);
  await transport.close();
  expect(transport.stats().dropped.closed).toBe(10);
  recover();
  // Opened again.
  logger.remove(transport);
  logger.add(transport);
  logger.info('record 10');
  const { pending } = await transport.flush(20_000);
  expect(pending).toBe(0);
  expectExactlyOnce(cluster, 11);
  expectLaw(transport);
});

it('a refused record among others is found, and the others arrive once', async () => {
  const cluster = await startCluster({ maxMessageBytes: 10_000 });
  const transport = transportTo(cluster, {
    idempotent: true,
    batch: { maxRecords: 16, lingerMs: 1 },
    dropNotice: false,
  });
  const warnings = warningsOf(transport);
  const logger = loggerWith(transport);
  for (let n = 0; n < 64; n++) logger.info(n === 21 ? `${'x'.repeat(20_000)} 21` : `record ${n}`);
  await transport.flush(Infinity);
  const numbers = cluster.records(TOPIC).map(numberOf);
  expect(numbers).toEqual([...Array(64).keys()].filter((n) => n !== 21));
  expect(droppedIn(transport.stats())).toBe(1);
  expect(warnings.map(({ code }) => code)).toEqual(['ERR_RECORDS_DROPPED']);
});

it('a poison record in the very first batch has no new client take over', async () => {
  const cluster = await startCluster({ maxMessageBytes: 10_000 });
  const transport = transportTo(cluster, { idempotent: true, dropNotice: false });
  const logger = loggerWith(transport);
  for (let n = 0; n < 16; n++) logger.info(n === 3 ? `${'x'.repeat(20_000)} 3` : `record ${n}`);
  expect(await transport.flush(20_000)).toEqual({ delivered: 15, dropped: 1, pending: 0 });
  expect(cluster.records(TOPIC).map(numberOf)).toEqual([...Array(16).keys()].filter((n) => n !== 3));
  expect(transport.stats().reconnects).toBe(0);
});

it('recordId: no two records share one, and one that is sent twice keeps its own', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, {
    recordId: true,
    headers: () => ({ own: 'header' }),
    batch: { maxRecords: 10, lingerMs: 1 },
  });
  cluster.inject({ api: 'Produce', action: { cut: 'after-store' } });
  const logger = loggerWith(transport);
  for (const message of numbered(30)) logger.info(message);
  await expectFlushed(transport, 30);
  const idOf = new Map<number, string>();
  for (const record of cluster.records(TOPIC)) {
    const id = String(record.headers['record-id']);
    expect(id).toMatch(/^[0-9a-f]{16}-\d+$/);
    expect(String(record.headers.own)).toBe('header');
    expect(idOf.get(numberOf(record)) ?? id).toBe(id);
    idOf.set(numberOf(record), id);
  }
  expect(cluster.count(TOPIC)).toBeGreaterThan(30);
  expect(new Set(idOf.values()).size).toBe(30);
  const counts = [...idOf.values()].map((id) => Number(id.split('-')[1]));
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
});
