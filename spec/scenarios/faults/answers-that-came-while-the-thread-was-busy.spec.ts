// A thread that is busy for longer than a limit, or a process that is frozen, has its timers called before the event loop looks at its
// sockets. So a broker that had answered counted as one that had not: "cannot reach Kafka" on stderr, a fresh client, and what had been
// stored was sent again; a connection that was there was given up for kafkajs's `connectionTimeout`; and a close counted as `dropped`
// what the broker had acknowledged.
import { connect } from 'node:net';
import type { ISocketFactory, KafkaConfig } from 'kafkajs';
import { expect, it } from 'vitest';
import type { KafkaTransport } from '../../../lib/index.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';

const LIMIT_MS = 1_000;
// Longer than a limit by what tells a pause from a timer that is late.
const BUSY_MS = 1_500;

function keepBusy(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS);
}

/** Connects. Then the broker stores the next batch, and answers; its thread, which is the client's, is busy meanwhile. */
async function busyAtNextBatch(cluster: BrokerCluster, transport: KafkaTransport): Promise<void> {
  loggerWith(transport).info('first');
  await transport.flush();
  const onAppend = (): void => {
    cluster.off('append', onAppend);
    keepBusy();
  };
  cluster.on('append', onAppend);
}

// kafkajs goes by `Date` and an interval, where an application has set its own limit.
it.each<Pick<KafkaConfig, 'requestTimeout'>>([{}, { requestTimeout: LIMIT_MS }])(
  'a batch that was acknowledged meanwhile is not sent again, with %o',
  async (timeouts) => {
    const cluster = await startCluster();
    const transport = transportTo(cluster, {
      kafka: { brokers: cluster.addresses, ...timeouts },
      requestTimeoutMs: LIMIT_MS,
      worker: false,
    });
    const warnings: unknown[] = [];
    transport.on('warn', (warning) => warnings.push(warning));
    const logger = loggerWith(transport);
    const messages = numbered(5);
    await busyAtNextBatch(cluster, transport);
    for (const message of messages) logger.info(message);
    await transport.flush();
    expect(cluster.values(TOPIC)).toEqual(['first', ...messages]);
    expect([transport.stats().retries, warnings]).toEqual([0, []]);
  },
);

it('a connection that was made meanwhile is used', async () => {
  const cluster = await startCluster();
  let calls = 0;
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    calls++;
    if (calls === 1) process.nextTick(keepBusy);
    return connect({ host, port }, onConnect);
  };
  const kafka = { brokers: cluster.addresses, socketFactory, connectionTimeout: LIMIT_MS };
  // A full batch connects from an immediate, after which Node calls the timers that are due.
  const transport = transportTo(cluster, { kafka, batch: { maxRecords: 1 } });
  const warnings: unknown[] = [];
  transport.on('warn', (warning) => warnings.push(warning));
  loggerWith(transport).info('a line at the start of the application');
  await transport.flush();
  expect([cluster.values(TOPIC), warnings]).toEqual([['a line at the start of the application'], []]);
  expect(transport.stats().lastError).toBeNull();
});

it('what was acknowledged meanwhile is not pending for a flush', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster, { worker: false });
  const logger = loggerWith(transport);
  await busyAtNextBatch(cluster, transport);
  for (const message of numbered(5)) logger.info(message);
  expect(await transport.flush(LIMIT_MS)).toEqual({ delivered: 6, dropped: 0, pending: 0 });
});

it('nor is it dropped by a close', async () => {
  const cluster = await startCluster();
  const undelivered: unknown[] = [];
  const transport = transportTo(cluster, {
    worker: false,
    closeTimeoutMs: LIMIT_MS,
    fallback: (record) => undelivered.push(record),
  });
  const logger = loggerWith(transport);
  await busyAtNextBatch(cluster, transport);
  for (const message of numbered(5)) logger.info(message);
  await transport.close();
  expect([transport.stats().delivered, undelivered]).toEqual([6, []]);
});
