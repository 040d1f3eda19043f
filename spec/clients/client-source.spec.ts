// Which client ships, by the options: each of them has specs of its own.
import { createRequire } from 'node:module';
import { context } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { CompressionTypes, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DeliveryClient } from '../../lib/clients/client.ts';
import {
  type ClientOptions,
  type ClientSourceOptions,
  clientSource,
  type OwnOptions,
  pathOf,
  type WorkerOptions,
} from '../../lib/clients/client-source.ts';
import { WorkerSource } from '../../lib/clients/worker/worker-source.ts';
import { platformaticClient } from '../../lib/platformatic.ts';
import { systemClock } from '../../lib/time/clock.ts';
import { startTracing } from '../record/headers/sdk.ts';
import { startCluster, TOPIC } from '../support/harness.ts';
import { batchOf } from './contract/rig.ts';

const thread = vi.hoisted(() => ({ isShipping: false }));
vi.mock('../../lib/clients/worker/shipping-thread.ts', () => ({
  isShippingThread: () => thread.isShipping,
  startOfThisThread: () => undefined,
}));
beforeEach(() => {
  thread.isShipping = false;
});

const OWN: OwnOptions = {
  kind: 'own',
  client: undefined,
  kafka: { brokers: ['127.0.0.1:1'] },
  logCreator: () => () => undefined,
  logLevel: logLevel.NOTHING,
  acks: -1,
  idempotent: false,
  fastPath: true,
  compressionLevel: undefined,
};
const WORKER: WorkerOptions = { ...OWN, kind: 'worker', execArgv: [] };

const listeners = { onPartitions: vi.fn(), onPath: vi.fn(), onThrottle: vi.fn() };

const sourceOf = (client: ClientOptions, options: Partial<ClientSourceOptions> = {}) =>
  clientSource(
    {
      client,
      compression: undefined,
      clientLog: undefined,
      isolate: false,
      traceContext: false,
      requestTimeoutMs: 60_000,
      batch: { maxRecords: 10, maxBytes: 1_000, lingerMs: 1 },
      retry: { initialMs: 1, maxMs: 10 },
      ...options,
    },
    systemClock,
    listeners,
  );

const clients: DeliveryClient[] = [];
const connected = async (...given: Parameters<typeof sourceOf>): Promise<DeliveryClient> => {
  const client = sourceOf(...given).make();
  clients.push(client);
  await client.connect();
  return client;
};
afterEach(() => {
  for (const client of clients.splice(0)) client.kill();
});

/** A producer that was handed in, and notes whether its work would be traced. */
function handedIn() {
  const traced: boolean[] = [];
  const sent: unknown[] = [];
  const note = async (): Promise<void> => void traced.push(!isTracingSuppressed(context.active()));
  const producer = {
    connect: note,
    disconnect: note,
    send: async (record: unknown) => {
      sent.push(record);
      await note();
      return [];
    },
  };
  return { traced, sent, client: { kind: 'external', producer, acks: undefined } as const };
}

it('the path is known from the options until a client says otherwise', () => {
  expect(pathOf(OWN)).toBe('fast');
  expect(pathOf({ ...WORKER, fastPath: false })).toBe('send');
  expect(pathOf({ ...OWN, client: platformaticClient() })).toBe('client');
  expect(pathOf(handedIn().client)).toBe('client');
});

describe('a producer that was handed in', () => {
  it('ships, with the compression that is asked for', async () => {
    const { client, sent } = handedIn();
    const source = sourceOf(client, { compression: CompressionTypes.GZIP });
    expect(source.isOwned).toBe(false);
    await source.make().send(batchOf(TOPIC, ['a']));
    expect(sent).toMatchObject([{ compression: CompressionTypes.GZIP }]);
  });

  it.each([true, false])(
    'is not traced where the transport has the trace context: %s',
    async (traceContext) => {
      startTracing();
      const { client, traced } = handedIn();
      const made = sourceOf(client, { traceContext }).make();
      await made.connect();
      await made.send(batchOf(TOPIC, ['a']));
      expect(traced).toEqual([!traceContext, !traceContext]);
    },
  );
});

describe('a client of the transport’s own', () => {
  it('ships, as the options say, and tells the transport', async () => {
    const cluster = await startCluster();
    listeners.onPartitions.mockClear();
    const client = { ...OWN, kafka: { brokers: cluster.addresses }, acks: 1 } as const;
    await (await connected(client)).send(batchOf(TOPIC, ['a']));
    expect(cluster.produceRequests).toMatchObject([{ acks: 1 }]);
    expect(listeners.onPartitions).toHaveBeenCalledWith(TOPIC, 1, [0]);
  });

  it('is shared with transports of the same settings whose lines go to the same place, unless it is isolated', async () => {
    const cluster = await startCluster();
    const client = { ...OWN, kafka: { brokers: cluster.addresses } };
    const logger = { error: vi.fn() } as never;
    const madeWith = async (options: Partial<ClientSourceOptions>): Promise<number> => {
      const before = cluster.connectionsEver;
      await connected(client, options);
      return cluster.connectionsEver - before;
    };
    expect(await madeWith({})).toBe(1);
    expect(await madeWith({})).toBe(0);
    expect(await madeWith({ isolate: true })).toBe(1);
    expect(await madeWith({ clientLog: {} })).toBe(1);
    expect(await madeWith({ clientLog: { level: 'warn' } })).toBe(1);
    expect(await madeWith({ clientLog: { level: 'warn', logger } })).toBe(1);
    expect(await madeWith({ clientLog: { level: 'warn', logger } })).toBe(0);
    expect(await madeWith({ traceContext: true })).toBe(1);
    expect(await madeWith({ compression: CompressionTypes.GZIP })).toBe(1);
    expect(await madeWith({ requestTimeoutMs: 50_000 })).toBe(1);
  });
});

describe('with a worker', () => {
  it('clients live in a thread, where nothing is traced here', () => {
    expect(sourceOf(WORKER)).toBeInstanceOf(WorkerSource);
    expect(sourceOf(WORKER, { traceContext: true })).toBeInstanceOf(WorkerSource);
  });

  it('those of transports whose lines go to different places are not shared there', async () => {
    const cluster = await startCluster();
    const worker = { ...WORKER, kafka: { brokers: cluster.addresses } };
    for (const level of ['warn', 'warn', 'error'] as const) {
      const source = sourceOf(worker, { clientLog: { level } });
      await source.make().connect();
      clients.push({ kill: () => void source.dispose?.() } as DeliveryClient);
    }
    expect(cluster.connectionsEver).toBe(2);
  });

  it('none is started by a shipping thread: its transports ship in it', async () => {
    const cluster = await startCluster();
    thread.isShipping = true;
    const client = await connected({ ...WORKER, kafka: { brokers: cluster.addresses } });
    await client.send(batchOf(TOPIC, ['a']));
    expect(cluster.values(TOPIC)).toEqual(['a']);
  });

  it('nor for a module with the configuration', async () => {
    const cluster = await startCluster();
    thread.isShipping = true;
    const code = `export default ${JSON.stringify({ brokers: cluster.addresses })}`;
    const client = await connected({
      ...WORKER,
      kafka: new URL(`data:text/javascript,${encodeURIComponent(code)}`),
    });
    await client.send(batchOf(TOPIC, ['a']));
    expect(cluster.values(TOPIC)).toEqual(['a']);
  });
});

describe('under Jest', () => {
  const { requests } = createRequire(import.meta.url)('kafkajs/src/protocol/requests/index.js');
  const { protocol } = requests.Produce;
  afterEach(() => {
    vi.unstubAllEnvs();
    requests.Produce.protocol = protocol;
  });

  it('kafkajs loads ahead what it needs, where it ships', () => {
    vi.stubEnv('JEST_WORKER_ID', '1');
    sourceOf({ ...OWN, client: platformaticClient() });
    expect(requests.Produce.protocol).toBe(protocol);
    sourceOf(OWN);
    expect(requests.Produce.protocol).not.toBe(protocol);
  });
});
