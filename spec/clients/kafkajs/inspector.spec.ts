// What the command asks of Kafka, and hears.
import type { KafkaConfig } from 'kafkajs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { KafkaInspector, type ReadRecord } from '../../../lib/clients/kafkajs/inspector.ts';
import { type BrokerCluster, ERROR } from '../../../testing/broker/broker-cluster.ts';
import { FaultyNetwork } from '../../support/faulty-network.ts';
import { startCluster, TOPIC } from '../../support/harness.ts';
import { latch } from '../contract/rig.ts';

const TIME = 1_700_000_000_000;
const REBALANCE_IN_PROGRESS = 27;

/** Begins to read partition 0 from its first record. @returns the values, which others are added to as they come */
async function valuesFrom(inspector: KafkaInspector): Promise<string[]> {
  const values: string[] = [];
  await inspector.read({
    topic: TOPIC,
    from: new Map([[0, 0n]]),
    onRecord: ({ value }) => void values.push(value),
    onPosition: () => undefined,
    onFailure: () => undefined,
  });
  return values;
}

async function connectedTo(
  { addresses: brokers }: BrokerCluster,
  more: Partial<KafkaConfig> = {},
): Promise<KafkaInspector> {
  const inspector = new KafkaInspector({ brokers, ...more }, 0);
  onTestFinished(() => inspector.close());
  await inspector.connect();
  return inspector;
}

const failureOf = (asked: Promise<unknown>): Promise<string> => asked.then(String, ({ message }) => message);

describe('asked', () => {
  it('for the brokers, it has the addresses that they name', async () => {
    const portOf = (id: number): number => Number(cluster.addresses[id]?.split(':')[1]);
    const advertised = (id: number) => ({ host: 'localhost', port: portOf(id) });
    const cluster: BrokerCluster = await startCluster({ brokers: 2, advertised });
    const inspector = await connectedTo(cluster);
    expect(inspector.answered.get('ApiVersions')).toEqual(expect.any(Number));
    expect(inspector.answered.has('Metadata')).toBe(false);
    expect(await inspector.brokers()).toMatchObject([advertised(0), advertised(1)]);
    expect(inspector.answered.has('Metadata')).toBe(true);
  });

  it('for the partitions, it has them in order, also those without a leader', async () => {
    const cluster = await startCluster({ brokers: 3, topics: { [TOPIC]: 12, other: 1 } });
    const action = { error: ERROR.LEADER_NOT_AVAILABLE, partitions: [5] };
    cluster.inject({ api: 'Metadata', topic: TOPIC, times: Number.POSITIVE_INFINITY, action });
    const partitions = await (await connectedTo(cluster)).partitions(TOPIC);
    expect(partitions.map(({ partitionId }) => partitionId)).toEqual([...Array(12).keys()]);
    expect(partitions.filter(({ leader }) => leader < 0)).toMatchObject([{ partitionId: 5 }]);
  });

  it('for a topic that is not there, it has the broker’s answer, and none is created', async () => {
    const cluster = await startCluster({ autoCreate: true });
    const inspector = await connectedTo(cluster);
    expect(await failureOf(inspector.write('not-there', 0, 'a', TIME))).toMatch('does not host this topic');
    expect(cluster.topics()).toEqual([TOPIC]);
  });

  it('for settings, it has them by name', async () => {
    const cluster = await startCluster({ maxMessageBytes: 1_234 });
    cluster.configureTopic(TOPIC, { minInSyncReplicas: 3 });
    const settings = await (await connectedTo(cluster)).settings(TOPIC, [
      'max.message.bytes',
      'min.insync.replicas',
    ]);
    expect(Object.fromEntries(settings)).toEqual({ 'max.message.bytes': '1234', 'min.insync.replicas': '3' });
  });

  it('for offsets, it has the end, or the first at a time, of each partition', async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 2 } });
    const inspector = await connectedTo(cluster);
    for (const at of [0, 1, 2])
      expect(await inspector.write(TOPIC, 1, `record ${at}`, TIME + at)).toBeUndefined();
    expect(await inspector.ends(TOPIC)).toEqual(
      new Map([
        [0, 0n],
        [1, 3n],
      ]),
    );
    expect((await inspector.offsetsAt(TOPIC, TIME + 1)).get(1)).toBe(1n);
    expect(cluster.records(TOPIC)).toMatchObject([
      { partition: 1, timestamp: TIME },
      {},
      { timestamp: TIME + 2 },
    ]);
    expect([cluster.values(TOPIC)[2], inspector.answered.get('Produce')]).toEqual(['record 2', 7]);
    expect(cluster.produceRequests[0]?.acks).toBe(-1);
  });

  it('for a record, it has the time of a broker that sets it itself', async () => {
    const cluster = await startCluster();
    cluster.configureTopic(TOPIC, { logAppendTime: TIME + 7 });
    expect(await (await connectedTo(cluster)).write(TOPIC, 0, 'a', TIME)).toBe(TIME + 7);
  });

  it('for offsets where a partition has no leader, it says so', async () => {
    const cluster = await startCluster();
    const action = { error: ERROR.LEADER_NOT_AVAILABLE, partitions: [0] };
    cluster.inject({ api: 'Metadata', topic: TOPIC, times: Number.POSITIVE_INFINITY, action });
    const inspector = await connectedTo(cluster);
    expect(await inspector.partitions(TOPIC)).toMatchObject([{ leader: -1 }]);
    expect(await failureOf(inspector.ends(TOPIC))).toMatch('no leader for this topic-partition');
  });

  it('once, it fails as often: nothing is tried again', async () => {
    const cluster = await startCluster();
    const inspector = await connectedTo(cluster);
    cluster.inject({ api: 'Produce', action: { error: ERROR.NOT_LEADER_OR_FOLLOWER }, times: 9 });
    expect(await failureOf(inspector.write(TOPIC, 0, 'a', TIME))).not.toBe('undefined');
    expect(cluster.requests.Produce).toBe(1);
  });
});

it('prints nothing of what its client logs', async () => {
  const lines = vi.fn();
  for (const level of ['error', 'warn', 'info', 'log'] as const) {
    const print = vi.spyOn(console, level).mockImplementation(lines);
    onTestFinished(() => print.mockRestore());
  }
  await failureOf(new KafkaInspector({ brokers: ['127.0.0.1:1'] }, 0).connect());
  expect(lines).not.toHaveBeenCalled();
});

describe('an error', () => {
  it('says which broker it was, and how far it had come', async () => {
    const nobody = new KafkaInspector({ brokers: ['127.0.0.1:1'] }, 0);
    expect(await failureOf(nobody.connect())).toBe('Connection error: connect ECONNREFUSED 127.0.0.1:1');
    const cluster = await startCluster({ sasl: () => true });
    const inspector = await connectedTo(cluster);
    expect(await failureOf(inspector.brokers())).toMatch(`(${cluster.addresses[0]}, after its first answer)`);
  });

  it('has neither a password in it, nor a token', async () => {
    const cluster = await startCluster({ sasl: () => 'not with s3cret, nor to-ken-1' });
    const withPassword = { mechanism: 'plain' as const, username: 'me', password: 's3cret' };
    expect(await failureOf(connectedTo(cluster, { sasl: withPassword }))).toMatch('with ***, nor to-ken-1');
    const withToken = {
      mechanism: 'oauthbearer' as const,
      oauthBearerProvider: async () => ({ value: 'to-ken-1' }),
    };
    expect(await failureOf(connectedTo(cluster, { sasl: withToken }))).toMatch('with s3cret, nor ***');
  });
});

describe('reading', () => {
  /** Reads until it has as many records. */
  async function read(cluster: BrokerCluster, from: Map<number, bigint>, count: number) {
    const inspector = await connectedTo(cluster);
    const records: ReadRecord[] = [];
    const positions: string[] = [];
    const all = latch();
    const failures: unknown[] = [];
    const joined = inspector.read({
      topic: TOPIC,
      from,
      onRecord: (record) => void records.push(record),
      onPosition: (partition, next) => {
        positions.push(`${partition}: ${next}`);
        if (records.length >= count) all.open();
      },
      onFailure: (error) => failures.push(error),
    });
    await joined;
    await all.opened;
    return { inspector, records, positions, failures };
  }

  it('begins at the given offsets, and tells how far it has come', async () => {
    const cluster = await startCluster({ topics: { [TOPIC]: 2 } });
    const writer = await connectedTo(cluster);
    for (const at of [0, 1, 2, 3]) await writer.write(TOPIC, at % 2, `record ${at}`, TIME + at);
    const from = new Map([
      [0, 1n],
      [1, 0n],
    ]);
    const { inspector, records, positions, failures } = await read(cluster, from, 3);
    expect(records.toSorted((a, b) => a.time - b.time)).toEqual([
      { partition: 1, offset: 0n, time: TIME + 1, value: 'record 1' },
      { partition: 0, offset: 1n, time: TIME + 2, value: 'record 2' },
      { partition: 1, offset: 1n, time: TIME + 3, value: 'record 3' },
    ]);
    expect(positions).toEqual(expect.arrayContaining(['0: 2', '1: 2']));
    expect(positions).not.toContain('0: 0');
    // What comes later is read, too.
    await writer.write(TOPIC, 0, 'later', TIME);
    await cluster.until(() => records.length === 4);
    await inspector.close();
    expect(failures).toEqual([]);
    expect([cluster.requests.OffsetCommit, cluster.requests.LeaveGroup]).toEqual([0, 1]);
    await writer.close();
    await cluster.until(() => cluster.connections === 0);
  });

  it.each([
    ['its group was balanced anew', REBALANCE_IN_PROGRESS],
    ['it was away from its broker', ERROR.REQUEST_TIMED_OUT],
  ])('went on at the end when %s: what had come meanwhile was never read', async (_, error) => {
    const cluster = await startCluster({ topics: { [TOPIC]: 2 } });
    const writer = await connectedTo(cluster);
    await writer.write(TOPIC, 1, 'before', TIME);
    await writer.write(TOPIC, 0, 'one', TIME);
    const inspector = await connectedTo(cluster);
    const values: string[] = [];
    const failures: unknown[] = [];
    await inspector.read({
      topic: TOPIC,
      from: new Map([
        [0, 0n],
        [1, 1n],
      ]),
      onRecord: ({ value }) => void values.push(value),
      onPosition: () => undefined,
      onFailure: (failure) => failures.push(failure),
    });
    await cluster.until(() => values.length === 1);
    const written = latch();
    cluster.inject({ api: 'JoinGroup', action: { hold: written.opened } });
    const joins = cluster.requests.JoinGroup;
    cluster.inject({ api: 'Fetch', action: { error } });
    await cluster.until(() => cluster.requests.JoinGroup > joins);
    for (const partition of [0, 1]) await writer.write(TOPIC, partition, `later ${partition}`, TIME);
    written.open();
    await cluster.until(() => values.length === 3, 10_000);
    expect([values.toSorted(), failures]).toEqual([['later 0', 'later 1', 'one'], []]);
  });

  it('goes on after a connection that breaks within an answer', async () => {
    const cluster = await startCluster();
    const writer = await connectedTo(cluster);
    const network = new FaultyNetwork();
    const inspector = await connectedTo(cluster, { socketFactory: network.factory });
    const values = await valuesFrom(inspector);
    network.breakWithinAnswer(3);
    await writer.write(TOPIC, 0, 'one', TIME);
    await cluster.until(() => values.length === 1, 10_000);
    expect(values).toEqual(['one']);
  });

  it('of a partition that has been added, it begins at the beginning', async () => {
    const cluster = await startCluster();
    const writer = await connectedTo(cluster);
    const inspector = await connectedTo(cluster, {});
    const values = await valuesFrom(inspector);
    cluster.addPartitions(TOPIC, 2);
    await (await connectedTo(cluster)).write(TOPIC, 1, 'in the new one', TIME);
    cluster.inject({ api: 'Fetch', action: { error: REBALANCE_IN_PROGRESS } });
    await cluster.until(() => values.length === 1, 10_000);
    expect(values).toEqual(['in the new one']);
    await writer.close();
  });

  it('can be paused in a partition, and go on', async () => {
    const cluster = await startCluster();
    const writer = await connectedTo(cluster);
    await writer.write(TOPIC, 0, 'one', TIME);
    const inspector = await connectedTo(cluster);
    const values: string[] = [];
    const paused = latch();
    let resume = (): void => undefined;
    await inspector.read({
      topic: TOPIC,
      from: new Map([[0, 0n]]),
      onRecord: ({ value }) => void values.push(value),
      onPosition: (_partition, next, pause) => {
        if (next !== 1n || values.length !== 1) return;
        resume = pause();
        paused.open();
      },
      onFailure: () => undefined,
    });
    await paused.opened;
    await writer.write(TOPIC, 0, 'two', TIME);
    const fetches = cluster.requests.Fetch;
    resume();
    await cluster.until(() => values.length === 2);
    expect(values).toEqual(['one', 'two']);
    expect(cluster.requests.Fetch).toBeGreaterThan(fetches);
  });

  it('that cannot go on says why', async () => {
    const cluster = await startCluster();
    const inspector = await connectedTo(cluster);
    const failed = latch();
    const failures: string[] = [];
    await inspector.read({
      topic: TOPIC,
      from: new Map([[0, 0n]]),
      onRecord: () => undefined,
      onPosition: () => undefined,
      onFailure: (error) => {
        failures.push((error as Error).message);
        failed.open();
      },
    });
    cluster.inject({
      api: 'Fetch',
      times: Number.POSITIVE_INFINITY,
      action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED },
    });
    await failed.opened;
    expect(failures).toEqual([expect.stringMatching('authorized')]);
  });
});

describe('closed', () => {
  it('while it joins its group, it reads nothing', async () => {
    const cluster = await startCluster();
    const inspector = await connectedTo(cluster);
    const reading = valuesFrom(inspector);
    const closing = inspector.close();
    await reading;
    await closing;
    expect(cluster.requests.JoinGroup).toBe(0);
    await cluster.until(() => cluster.connections === 0);
  });

  it('it ends what is not answered, and every connection', async () => {
    const cluster = await startCluster();
    const inspector = await connectedTo(cluster);
    const silence = cluster.inject({ api: 'Metadata', action: { silent: 'before-store' }, times: 9 });
    const asking = failureOf(inspector.brokers());
    await cluster.until(() => silence.hits === 1);
    await inspector.close();
    expect(await asking).toMatch('given up');
    await cluster.until(() => cluster.connections === 0);
  });
});
