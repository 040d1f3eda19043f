// Brokers and clients that do not answer, or only in part.
import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { ProducerLike } from '../../../lib/index.ts';
import type { FaultAction } from '../../../testing/broker/broker-cluster.ts';
import { expectLaw, loggerWith, numbered, startCluster, TOPIC, transportTo } from '../../support/harness.ts';
import {
  expectAtLeastOnce,
  expectExactlyOnce,
  expectFlushed,
  expectNoUnhandledRejection,
  logThroughFaults,
  warningsOf,
} from './rig.ts';

it.each<[string, FaultAction, boolean]>([
  // A cut takes along what others on the connection were waiting for.
  ['cut before it was stored', { cut: 'before-store' }, true],
  ['cut after it was stored', { cut: 'after-store' }, true],
  ['never answered, not stored', { silent: 'before-store' }, true],
  ['never answered, stored', { silent: 'after-store' }, true],
  ['answered late', { delay: 30 }, false],
  ['throttled', { throttle: 30 }, false],
])('every tenth send %s: nothing lost, first arrivals in order', async (_, action, mayDouble) => {
  expectNoUnhandledRejection();
  const cluster = await startCluster({ brokers: 2, topics: { [TOPIC]: 4 } });
  const transport = transportTo(cluster, {
    batch: { maxRecords: 25, lingerMs: 1 },
    // Short where it is what ends a send; long where it would only be the busy machine that is late.
    requestTimeoutMs: 'silent' in action ? 150 : 10_000,
    key: ({ message }) => `key ${Number(message.slice(7)) % 20}`,
  });
  await logThroughFaults(cluster, transport, action, 2_000);
  if (mayDouble) expectAtLeastOnce(cluster, 2_000);
  else expectExactlyOnce(cluster, 2_000);
});

describe('a broker that accepts connections and stays silent', () => {
  it('from the start: the connect has a limit, and the records arrive when it speaks', async () => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    cluster.silentConnections = true;
    const transport = transportTo(cluster, { requestTimeoutMs: 100 });
    const warnings = warningsOf(transport);
    const logger = loggerWith(transport);
    for (const message of numbered(100)) logger.info(message);
    // Given up, and tried again with a fresh connection.
    await cluster.until(() => cluster.connectionsEver >= 3);
    cluster.silentConnections = false;
    await expectFlushed(transport, 100);
    expectAtLeastOnce(cluster, 100);
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_KAFKA_UNREACHABLE']);
  });

  it('all of a sudden, with a connection that looks alive: a fresh one takes its place', async () => {
    expectNoUnhandledRejection();
    const cluster = await startCluster({ topics: { [TOPIC]: 2 } });
    const transport = transportTo(cluster, { requestTimeoutMs: 100 });
    const logger = loggerWith(transport);
    for (const message of numbered(100)) logger.info(message);
    await expectFlushed(transport, 100);
    const old = cluster.produceRequests.at(-1)?.connection ?? 0;
    const oldOnes = cluster.connectionsEver;
    cluster.silentConnections = true;
    for (const message of numbered(200).slice(100)) logger.info(message);
    await cluster.until(() => cluster.connectionsEver > oldOnes);
    cluster.silentConnections = false;
    await expectFlushed(transport, 200);
    expectAtLeastOnce(cluster, 200);
    // Nothing of the old client has reached the broker since.
    const later = cluster.produceRequests.slice(-1).map(({ connection }) => connection);
    expect(later.every((connection) => connection > old)).toBe(true);
    expect(transport.stats().reconnects).toBeGreaterThan(0);
    await transport.close();
    await cluster.until(() => cluster.connections === 0);
  });
});

describe("a client of the caller's that never ends", () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  const working = (arrived: string[]): ProducerLike => ({
    connect: async () => undefined,
    disconnect: async () => undefined,
    send: async ({ topic, messages }: { topic: string; messages: { value: string }[] }) => {
      arrived.push(...messages.map(({ value }) => value));
      return [{ topicName: topic, partition: 0, errorCode: 0 }];
    },
  });

  it.each(['connect', 'send', 'disconnect'] as const)(
    'its %s: the next of the factory takes over',
    async (method) => {
      expectNoUnhandledRejection();
      const cluster = await startCluster();
      const arrived: string[] = [];
      let made = 0;
      const transport = transportTo(cluster, {
        requestTimeoutMs: 30,
        producer: () => {
          made++;
          if (made > 1) return working(arrived);
          // Its disconnect is only called when it has failed.
          const send = method === 'disconnect' ? () => Promise.reject(new Error('not connected')) : never;
          return {
            ...working(arrived),
            ...(method !== 'connect' && { send }),
            [method]: method === 'disconnect' ? never : never,
          };
        },
      });
      const logger = loggerWith(transport);
      for (const message of numbered(50)) logger.info(message);
      await expectFlushed(transport, 50);
      expect(arrived).toEqual(numbered(50));
      expect(made).toBe(2);
    },
  );

  it.each<[string, Partial<ProducerLike>]>([
    ['throws instead of rejecting', { connect: thrower, send: thrower }],
    [
      'gives no promises',
      { connect: (() => 1) as never, send: (() => 'sent') as never, disconnect: (() => 2) as never },
    ],
    ['rejects with nothing', { send: () => Promise.reject(undefined) }],
    ['rejects with getters that throw', { send: () => Promise.reject(meanError()) }],
  ])('one that %s: records wait, the law holds, nothing is thrown', async (_, broken) => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    const arrived: string[] = [];
    let isBroken = true;
    const transport = transportTo(cluster, {
      producer: () => (isBroken ? { ...working(arrived), ...broken } : working(arrived)),
    });
    const logger = loggerWith(transport);
    for (const message of numbered(50)) logger.info(message);
    expect(await transport.flush(100)).toEqual({ delivered: 0, dropped: 0, pending: 50 });
    expectLaw(transport);
    isBroken = false;
    await expectFlushed(transport, 50);
    expect(arrived).toEqual(numbered(50));
  });

  it('a factory that throws is asked again', async () => {
    expectNoUnhandledRejection();
    const cluster = await startCluster();
    const arrived: string[] = [];
    let made = 0;
    const transport = transportTo(cluster, {
      producer: () => {
        if (++made < 4) throw new Error('no producer today');
        return working(arrived);
      },
    });
    const warnings = warningsOf(transport);
    loggerWith(transport).info('record 0');
    await expectFlushed(transport, 1);
    expect(arrived).toEqual(['record 0']);
    expect(warnings.map(({ code, message }) => [code, message.includes('no producer today')])).toEqual([
      ['ERR_KAFKA_UNREACHABLE', true],
    ]);
  });
});

function thrower(): never {
  throw new Error('thrown, not rejected');
}

function meanError(): object {
  return Object.defineProperty({}, 'cause', { get: thrower });
}

it('a socket that is destroyed without an error is noticed at once, not when the answer is overdue', async () => {
  const cluster = await startCluster();
  const sockets: Socket[] = [];
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    sockets.push(socket);
    return socket;
  };
  // Were it not noticed, the flush would be over long before the send is given up.
  const transport = transportTo(cluster, {
    kafka: { brokers: cluster.addresses, socketFactory },
    requestTimeoutMs: 60_000,
  });
  const logger = loggerWith(transport);
  cluster.inject({ api: 'Produce', action: { silent: 'before-store' } });
  logger.info('record 0');
  await cluster.until(() => cluster.requests.Produce === 1);
  for (const socket of sockets) socket.destroy();
  expect(await transport.flush(10_000)).toEqual({ delivered: 1, dropped: 0, pending: 0 });
  expect(cluster.values(TOPIC)).toEqual(['record 0']);
  expectLaw(transport);
});
