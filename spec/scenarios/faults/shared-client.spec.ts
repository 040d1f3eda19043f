// Several transports of one process, to one cluster: one client, one thread, and each its own books.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { KafkaTransport, KafkaTransportOptions, Undelivered } from '../../../lib/index.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import {
  expectLaw,
  isWorkerRun,
  loggerWith,
  numbered,
  startCluster,
  transportTo,
} from '../../support/harness.ts';
import { expectNoUnhandledRejection, warningsOf } from './rig.ts';

const topicsOf = (count: number): string[] => numbered(count, 'topic').map((name) => name.replace(' ', '-'));

async function clusterWith(topics: string[], partitions = 1): Promise<BrokerCluster> {
  return await startCluster({ topics: Object.fromEntries(topics.map((topic) => [topic, partitions])) });
}

/** How many threads have been started since. */
function countThreads(): () => number {
  let count = 0;
  const onWorker = (): void => void count++;
  process.on('worker', onWorker);
  onTestFinished(() => void process.off('worker', onWorker));
  return () => count;
}

function to(
  cluster: BrokerCluster,
  topic: string,
  options: Partial<KafkaTransportOptions> = {},
): KafkaTransport {
  return transportTo(cluster, { topic, ...options });
}

function log(transport: KafkaTransport, messages: string[]): void {
  const logger = loggerWith(transport);
  for (const message of messages) logger.info(message);
}

async function expectDelivered(
  transport: KafkaTransport,
  cluster: BrokerCluster,
  topic: string,
  messages: string[],
) {
  expect(await transport.flush(20_000)).toMatchObject({ pending: 0, dropped: 0 });
  expect(cluster.values(topic)).toEqual(messages);
  expectLaw(transport);
}

describe('transports with the same kafka', () => {
  it('have as many connections and threads as one of them', async () => {
    expectNoUnhandledRejection();
    const topics = topicsOf(50);
    const cluster = await clusterWith(topics);
    const threads = countThreads();
    const alone = to(cluster, 'topic-0', { isolate: true });
    log(alone, ['alone']);
    await expectDelivered(alone, cluster, 'topic-0', ['alone']);
    const ofOne = cluster.connectionsEver;
    const transports = topics.map((topic) => to(cluster, topic));
    for (const transport of transports) log(transport, numbered(20));
    for (const [at, transport] of transports.entries()) {
      const before = at === 0 ? ['alone'] : [];
      await expectDelivered(transport, cluster, `topic-${at}`, [...before, ...numbered(20)]);
      expect(transport.stats()).toMatchObject({ accepted: 20, delivered: 20, path: 'fast', reconnects: 0 });
    }
    expect(cluster.connectionsEver).toBe(2 * ofOne);
    expect(threads()).toBe(isWorkerRun ? 2 : 0);
  });

  it.each<[string, Partial<KafkaTransportOptions>]>([
    ['isolate: true', { isolate: true }],
    ['other acks', { acks: 1 }],
    ['another compression', { compression: 'gzip' }],
    ['another compressionLevel', { compression: 'gzip', compressionLevel: 1 }],
    ['another requestTimeoutMs', { requestTimeoutMs: 9_999 }],
    ['another path', { fastPath: false }],
    ['another clientLog', { clientLog: { level: 'error' } }],
    ['idempotent: true', { idempotent: true }],
    ['traceContext: true', { traceContext: true, worker: false }],
  ])('have each a client of its own with %s', async (_name, options) => {
    const cluster = await clusterWith(['a', 'b']);
    const one = to(cluster, 'a', { worker: isWorkerRun, ...('worker' in options && { worker: false }) });
    log(one, ['first']);
    await expectDelivered(one, cluster, 'a', ['first']);
    const ofOne = cluster.connectionsEver;
    const other = to(cluster, 'b', { worker: isWorkerRun, ...options });
    log(other, ['second']);
    await expectDelivered(other, cluster, 'b', ['second']);
    expect(cluster.connectionsEver).toBeGreaterThan(ofOne);
  });

  it('have each a client of its own where a value in it differs', async () => {
    const cluster = await clusterWith(['a', 'b']);
    const brokers = cluster.addresses;
    for (const [topic, clientId] of [
      ['a', 'one'],
      ['b', 'other'],
    ] as const) {
      const before = cluster.connectionsEver;
      const transport = to(cluster, topic, { kafka: { brokers, clientId } });
      log(transport, ['x']);
      await expectDelivered(transport, cluster, topic, ['x']);
      expect(cluster.connectionsEver).toBeGreaterThan(before);
    }
  });

  it('have the lines of their clients go each to its own logger', async () => {
    const cluster = await clusterWith(['a', 'b']);
    for (const topic of ['a', 'b', 'a']) {
      const line = vi.fn();
      const logger = { error: line, warn: line, info: line, debug: line };
      const transport = to(cluster, topic, { clientLog: { level: 'debug', logger }, idleTimeoutMs: 60_000 });
      log(transport, ['x']);
      await transport.flush(Infinity);
      expect(line).toHaveBeenCalled();
    }
  });

  it('go on when one of them is closed, over the same connections', async () => {
    const cluster = await clusterWith(['a', 'b']);
    const [one, other] = [
      to(cluster, 'a', { idleTimeoutMs: 60_000 }),
      to(cluster, 'b', { idleTimeoutMs: 60_000 }),
    ];
    log(one, ['a 0']);
    log(other, ['b 0']);
    await Promise.all([one.flush(Infinity), other.flush(Infinity)]);
    const before = cluster.connectionsEver;
    await one.close();
    log(other, ['b 1']);
    await expectDelivered(other, cluster, 'b', ['b 0', 'b 1']);
    expect(cluster.connectionsEver).toBe(before);
    await other.close();
    await cluster.until(() => cluster.connections === 0);
  });

  it('go on while a send of one of them has no answer, and that one is delivered afterwards', async () => {
    expectNoUnhandledRejection();
    const cluster = await clusterWith(['hangs', 'other']);
    const options = { requestTimeoutMs: 300 };
    const [hangs, other] = [to(cluster, 'hangs', options), to(cluster, 'other', options)];
    const fault = cluster.inject({
      api: 'Produce',
      topic: 'hangs',
      times: Number.POSITIVE_INFINITY,
      action: { silent: 'before-store' },
    });
    log(hangs, numbered(3));
    await cluster.until(() => fault.hits > 0);
    const sent: string[] = [];
    // Past the time that the send which hangs is given, and its client.
    while (fault.hits < 2) {
      const message = `record ${sent.length}`;
      sent.push(message);
      log(other, [message]);
      expect(await other.flush(20_000)).toMatchObject({ pending: 0, dropped: 0 });
    }
    // A send of its own may have been cut with the connection, and gone again.
    expect([...new Set(cluster.values('other'))]).toEqual(sent);
    fault.remove();
    await expectDelivered(hangs, cluster, 'hangs', numbered(3));
  });

  it('are not cut off again by one that has hung before', async () => {
    const cluster = await clusterWith(['hangs', 'other']);
    const [hangs, other] = [
      to(cluster, 'hangs', { requestTimeoutMs: 300, idleTimeoutMs: 60_000 }),
      to(cluster, 'other', { requestTimeoutMs: 300, idleTimeoutMs: 60_000 }),
    ];
    log(other, ['first']);
    await other.flush(Infinity);
    const fault = cluster.inject({
      api: 'Produce',
      topic: 'hangs',
      times: Number.POSITIVE_INFINITY,
      action: { silent: 'before-store' },
    });
    log(hangs, ['x']);
    await cluster.until(() => fault.hits > 1);
    log(other, ['second']);
    await other.flush(20_000);
    const { reconnects } = other.stats();
    await cluster.until(() => fault.hits > 2);
    log(other, ['third']);
    await expectDelivered(other, cluster, 'other', ['first', 'second', 'third']);
    expect(other.stats().reconnects).toBe(reconnects);
    fault.remove();
    await expectDelivered(hangs, cluster, 'hangs', ['x']);
  });

  it('do not mind that the topic of one of them is refused', async () => {
    const cluster = await clusterWith(['refused', 'other']);
    const undelivered: Undelivered[] = [];
    const refused = to(cluster, 'refused', { fallback: (record) => void undelivered.push(record) });
    const other = to(cluster, 'other');
    const warnings = warningsOf(other);
    cluster.inject({
      api: 'Produce',
      topic: 'refused',
      times: Number.POSITIVE_INFINITY,
      action: { error: 29 },
    });
    log(refused, numbered(5));
    log(other, numbered(5));
    await refused.flush(20_000);
    await expectDelivered(other, cluster, 'other', numbered(5));
    expect(undelivered.map(({ reason }) => reason)).toEqual(Array(5).fill('rejected'));
    expect(refused.stats().dropped.rejected).toBe(5);
    expectLaw(refused);
    expect([other.stats().retries, warnings]).toEqual([0, []]);
  });

  it('send to one topic, each in its order', async () => {
    const cluster = await clusterWith(['both'], 3);
    const transports = ['x', 'y', 'z'].map((name) => ({ name, transport: to(cluster, 'both') }));
    for (const { name, transport } of transports) log(transport, numbered(200, name));
    for (const { transport } of transports)
      expect(await transport.flush(20_000)).toEqual({ delivered: 200, dropped: 0, pending: 0 });
    for (const { name, transport } of transports) {
      const own = cluster.records('both').filter(({ value }) => value.toString().startsWith(name));
      expect(new Set(own.map(({ value }) => value.toString()))).toEqual(new Set(numbered(200, name)));
      for (const partition of [0, 1, 2]) {
        const numbers = own
          .filter((record) => record.partition === partition)
          .map(({ value }) => Number(value.toString().split(' ')[1]));
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      }
      expectLaw(transport);
    }
  });

  it('lose nothing when their connection is cut under traffic', async () => {
    expectNoUnhandledRejection();
    const topics = topicsOf(10);
    const cluster = await clusterWith(topics);
    const transports = topics.map((topic) => to(cluster, topic, { batch: { maxRecords: 10, lingerMs: 0 } }));
    for (const moment of ['before-store', 'after-store'] as const)
      cluster.inject({ api: 'Produce', times: 3, action: { cut: moment } });
    for (const transport of transports) log(transport, numbered(300));
    for (const [at, transport] of transports.entries()) {
      expect(await transport.flush(20_000)).toEqual({ delivered: 300, dropped: 0, pending: 0 });
      expect([...new Set(cluster.values(`topic-${at}`))]).toEqual(numbered(300));
      expectLaw(transport);
    }
  });

  it('wrote an empty record where one gave up what waited for the first send of another to the same topic', async () => {
    const cluster = await clusterWith(['both']);
    let answer = (): void => undefined;
    const hold = new Promise<void>((resolve) => {
      answer = resolve;
    });
    cluster.inject({ api: 'Produce', action: { hold } });
    const first = to(cluster, 'both');
    log(first, ['first']);
    await cluster.until(() => cluster.count('both') === 1);
    const undelivered: string[] = [];
    const gaveUp = to(cluster, 'both', {
      closeTimeoutMs: 30,
      fallback: ({ message }) => {
        undelivered.push(message);
        answer();
      },
    });
    log(gaveUp, ['second']);
    await gaveUp.close();
    await first.flush(Infinity);
    expect([cluster.values('both')[0], undelivered]).toEqual(['first', ['second']]);
    expect(cluster.values('both')).not.toContain('');
  });
});
