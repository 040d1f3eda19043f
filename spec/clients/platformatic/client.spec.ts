// The client by itself, without a transport around it.
import { channel } from 'node:diagnostics_channel';
import type { LogEntry } from 'kafkajs';
import { expect, it, onTestFinished } from 'vitest';
import type { Batch } from '../../../lib/accumulator/batch.ts';
import type { ClientSource, DeliveryClient } from '../../../lib/clients/client.ts';
import {
  type PlatformaticClientOptions,
  platformaticSource,
} from '../../../lib/clients/platformatic/platformatic-client.ts';
import { platformaticClient } from '../../../lib/platformatic.ts';
import type { PendingRecord } from '../../../lib/record/record.ts';
import type { BrokerCluster } from '../../../testing/broker/broker-cluster.ts';
import { clientBatch } from '../../sender/rig.ts';
import { startCluster, TOPIC } from '../../support/harness.ts';
import { describeWithPlatformatic } from './rig.ts';

type Partitions = [topic: string, count: number, writable: readonly number[]];

interface Rig {
  readonly source: ClientSource;
  make(): Promise<DeliveryClient>;
  readonly partitions: Partitions[];
  readonly lines: string[];
}

function rigFor(cluster: BrokerCluster, overrides: Partial<PlatformaticClientOptions> = {}): Rig {
  const partitions: Partitions[] = [];
  const lines: string[] = [];
  const source = platformaticSource({
    client: platformaticClient(),
    kafka: { brokers: cluster.addresses },
    logCreator: () => (entry: LogEntry) => void lines.push(`${entry.label} ${entry.log.message}`),
    logLevel: 5,
    acks: -1,
    compression: undefined,
    requestTimeoutMs: 10_000,
    random: () => 0,
    onPartitions: (...told) => void partitions.push(told),
    onPath: () => undefined,
    onThrottle: () => undefined,
    ...overrides,
  });
  const make = async (): Promise<DeliveryClient> => {
    const client = source.make();
    onTestFinished(() => client.kill());
    await client.connect();
    return client;
  };
  return { source, make, partitions, lines };
}

function batchOf(texts: readonly string[], partition?: number): Batch {
  const content = texts.map((text, seq) => ({ text, key: null, time: 1_000 + seq, seq }));
  return clientBatch(TOPIC, content as unknown as readonly PendingRecord[], partition);
}

describeWithPlatformatic('a client of @platformatic/kafka', () => {
  it.each([-1, 1] as const)('answers with topic, partition and base offset (acks: %i)', async (acks) => {
    const cluster = await startCluster({ topics: { [TOPIC]: 3 } });
    const client = await rigFor(cluster, { acks }).make();
    const answer = { topicName: TOPIC, partition: 2, errorCode: 0 };
    expect(await client.send(batchOf(['a', 'b'], 2))).toEqual([{ ...answer, baseOffset: '0' }]);
    expect(await client.send(batchOf(['c'], 2))).toEqual([{ ...answer, baseOffset: '2' }]);
    expect(cluster.produceRequests.map((request) => request.acks)).toEqual([acks, acks]);
  });

  it('tells with each send which partitions there are', async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 3 } });
    const { make, partitions } = rigFor(cluster);
    const client = await make();
    const batch = batchOf(['a']);
    await client.send(batch);
    await client.send(batchOf(['b'], 1));
    expect(partitions).toEqual(Array.from({ length: 2 }, () => [TOPIC, 3, [0, 1, 2]]));
    expect(batch.partition).toBe(0);
  });

  it('confirms nothing for a partition that is not there, and sends nothing', async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 3 } });
    const client = await rigFor(cluster).make();
    expect(await client.send(batchOf(['a'], 3))).toEqual([]);
    expect(cluster.requests.Produce).toBe(0);
    cluster.addPartitions(TOPIC, 4);
    expect(await client.send(batchOf(['a'], 3))).toMatchObject([{ partition: 3 }]);
  });

  it('sends once: whoever has asked for it tries again', async () => {
    const cluster = await startCluster();
    const client = await rigFor(cluster).make();
    cluster.inject({ api: 'Produce', times: 2, action: { error: 6 } });
    cluster.inject({ api: 'Metadata', times: 1, action: { error: 5 } });
    const failed = { code: 6, type: 'NOT_LEADER_FOR_PARTITION' };
    await expect(client.send(batchOf(['a'], 0))).rejects.toMatchObject({ code: 5 });
    await expect(client.send(batchOf(['a'], 0))).rejects.toMatchObject(failed);
    await expect(client.send(batchOf(['a'], 0))).rejects.toMatchObject(failed);
    await client.send(batchOf(['a'], 0));
    expect(cluster.values(TOPIC)).toEqual(['a']);
    expect(cluster.requests.Produce).toBe(3);
  });

  it('begins with another broker than the one before', async () => {
    const cluster = await startCluster({ brokers: 3 });
    const brokers: number[] = [];
    cluster.on('connection', ({ broker }) => brokers.push(broker));
    const { make } = rigFor(cluster);
    for (let made = 0; made < 4; made++) await (await make()).close();
    expect(brokers).toEqual([0, 1, 2, 0]);
  });

  it('is cut off at once, with what hangs, and neither sends nor says anything after that', async () => {
    const cluster = await startCluster();
    const { make, lines } = rigFor(cluster);
    const client = await make();
    let release = (): void => undefined;
    const hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    onTestFinished(() => release());
    const fault = cluster.inject({ api: 'Produce', action: { hold, at: 'before-store' } });
    const hanging = client.send(batchOf(['hangs'], 0)).catch((error: unknown) => error);
    await cluster.until(() => fault.hits === 1);
    client.kill();
    expect(await hanging).toBeInstanceOf(Error);
    await expect(client.send(batchOf(['late'], 0))).rejects.toThrow('not connected');
    await cluster.until(() => cluster.connections === 0);
    release();
    expect(cluster.values(TOPIC)).toEqual([]);
    expect(cluster.requests.Produce).toBe(1);
    expect(lines).toEqual(['DEBUG Connected']);
  });

  it('that is killed while it waits for the brokers never connects', async () => {
    const cluster = await startCluster();
    let answer: ((brokers: string[]) => void) | undefined;
    const brokers = (): Promise<string[]> =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const client = rigFor(cluster, { kafka: { brokers } }).source.make();
    const connecting = client.connect();
    while (answer === undefined) await new Promise((resolve) => setImmediate(resolve));
    client.kill();
    answer(cluster.addresses);
    await expect(connecting).rejects.toThrow('given up');
    expect(cluster.connectionsEver).toBe(0);
  });

  it('may be closed before it is connected, and twice', async () => {
    const cluster = await startCluster();
    const { source } = rigFor(cluster);
    await source.make().close();
    const client = source.make();
    await client.connect();
    await client.close();
    await client.close();
    client.kill();
    await cluster.until(() => cluster.connections === 0);
  });

  // @platformatic/kafka listens for the first error of a connection only: the second would be one that nobody listens for.
  it('outlives any number of errors of one connection', async () => {
    const cluster = await startCluster();
    const made: NodeJS.EventEmitter[] = [];
    const note = (message: unknown): void => {
      const { type, instance } = message as { type: string; instance: NodeJS.EventEmitter };
      if (type === 'connection') made.push(instance);
    };
    channel('plt:kafka:instances').subscribe(note);
    onTestFinished(() => void channel('plt:kafka:instances').unsubscribe(note));
    await rigFor(cluster).make();
    expect(made.length).toBe(1);
    for (const nth of ['first', 'second', 'third']) made[0]?.emit('error', new Error(nth));
  });

  it('shows neither password nor token', async () => {
    const cluster = await startCluster({ sasl: ({ ...attempt }) => `not ${JSON.stringify(attempt)}` });
    const brokers = cluster.addresses;
    const sasl = { mechanism: 'plain', username: 'shop', password: 'pass-word' } as const;
    const error = await rigFor(cluster, { kafka: { brokers, sasl } })
      .make()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).stack).not.toContain('pass-word');
    const oauth = {
      mechanism: 'oauthbearer',
      oauthBearerProvider: async () => ({ value: 'to-ken-1' }),
    } as const;
    const other = await rigFor(cluster, { kafka: { brokers, sasl: oauth } })
      .make()
      .catch((thrown: unknown) => thrown);
    expect(other).toBeInstanceOf(Error);
    expect((other as Error).stack).not.toContain('to-ken-1');
  });
});
