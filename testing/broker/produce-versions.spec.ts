import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readProduce } from './answer-produce.ts';
import { BrokerCluster, ERROR } from './broker-cluster.ts';
import { skipTaggedFields } from './field-layout.ts';
import { connectedProducer } from './kafkajs-client.ts';
import { produceBody, RawClient } from './raw-produce.ts';
import { recordBatch } from './raw-record-batch.ts';
import { ClusterState } from './state.ts';
import { Decoder } from './wire.ts';

const PRODUCE = 0;
const INIT_PRODUCER_ID = 22;

describe('Produce in several versions', () => {
  let cluster: BrokerCluster;
  let clients: RawClient[];

  const clientOf = async (broker: number, clientId?: string): Promise<RawClient> => {
    const client = await RawClient.connect(cluster.addresses[broker], clientId);
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    clients = [];
    cluster = await BrokerCluster.start({ brokers: 2, topics: { logs: 4 } });
  });

  afterEach(async () => {
    for (const client of clients) client.close();
    await cluster.stop();
  });

  it.each([3, 4, 5, 6, 7])('version %i: no errors of records', async (version) => {
    const client = await clientOf(0);
    const { partitions, throttle } = await client.produce(version, 'logs', { 0: recordBatch(['a', 'b']) });
    const start = version < 5 ? {} : { logStartOffset: 0 };
    expect(partitions).toEqual([{ partition: 0, errorCode: 0, baseOffset: 0, ...start }]);
    expect(throttle).toBe(0);
    expect(cluster.values('logs')).toEqual(['a', 'b']);
    expect(cluster.produceRequests[0]).toMatchObject({ version, outcome: 'stored' });
  });

  it.each([8, 9, 10, 11, 12])('version %i: stored, answered without errors', async (version) => {
    const client = await clientOf(0);
    await client.produce(version, 'logs', { 0: recordBatch(['a', 'b']) });
    const answer = await client.produce(version, 'logs', {
      0: recordBatch(['grüezi']),
      2: recordBatch(['d'], { attributes: 1 }),
    });
    const none = { errorCode: 0, logStartOffset: 0, recordErrors: [], errorMessage: null };
    expect(answer).toEqual({
      partitions: [
        { ...none, partition: 0, baseOffset: 2 },
        { ...none, partition: 2, baseOffset: 0 },
      ],
      throttle: 0,
    });
    expect(cluster.values('logs')).toEqual(['a', 'b', 'grüezi', 'd']);
    expect(cluster.batches('logs').map(({ produceVersion }) => produceVersion)).toEqual([
      version,
      version,
      version,
    ]);
    expect(cluster.produceVersions).toEqual([version]);
  });

  it('says of each stored batch which version carried it', async () => {
    const client = await clientOf(0);
    for (const version of [12, 7, 9]) await client.produce(version, 'logs', { 0: recordBatch(['v']) });
    const producer = await connectedProducer(cluster);
    await producer.send({ topic: 'logs', messages: [{ partition: 0, value: 'of kafkajs' }] });
    await producer.disconnect();
    expect(cluster.batches('logs').map(({ produceVersion }) => produceVersion)).toEqual([12, 7, 9, 7]);
    expect(cluster.produceVersions).toEqual([7, 9, 12]);
    expect(cluster.batches('no such topic')).toEqual([]);
  });

  it.each([
    [9, false],
    [10, true],
    [12, true],
  ])('version %i: a moved leader is named: %s', async (version, isNamed) => {
    cluster.moveLeader('logs', 0, 1);
    const client = await clientOf(0);
    const answer = await client.produce(version, 'logs', { 0: recordBatch(['a']), 2: recordBatch(['b']) });
    const [moved, other] = answer.partitions;
    expect(moved).toMatchObject({ errorCode: ERROR.NOT_LEADER_OR_FOLLOWER, baseOffset: -1 });
    expect(moved?.currentLeader).toEqual(isNamed ? { id: 1, epoch: 1 } : undefined);
    expect(other?.currentLeader).toBeUndefined();
    const port = Number(cluster.addresses[1]?.split(':')[1]);
    expect(answer.nodes).toEqual(isNamed ? [{ id: 1, host: '127.0.0.1', port }] : undefined);
  });

  it('an unknown topic has no leader to be named', async () => {
    const client = await clientOf(0);
    const { partitions, nodes } = await client.produce(12, 'nowhere', { 0: recordBatch(['a']) });
    expect(partitions).toMatchObject([{ errorCode: ERROR.UNKNOWN_TOPIC_OR_PARTITION, recordErrors: [] }]);
    expect([partitions[0]?.currentLeader, nodes]).toEqual([undefined, undefined]);
  });

  describe('the versions that a broker speaks', () => {
    it('are Produce 3 to 12 by default', async () => {
      const client = await clientOf(0);
      expect((await client.apiVersions(0)).get(PRODUCE)).toEqual([3, 12]);
      expect((await client.apiVersions(2)).get(PRODUCE)).toEqual([3, 12]);
    });

    it('are an option', async () => {
      const older = await BrokerCluster.start({ versions: { Produce: [7, 7] } });
      const client = await RawClient.connect(older.addresses[0]);
      clients.push(client);
      expect((await client.apiVersions()).get(PRODUCE)).toEqual([7, 7]);
      await older.stop();
    });

    it('are settable per broker, also while it runs; one that is not spoken ends the connection', async () => {
      const [first, second] = [await clientOf(0), await clientOf(1)];
      cluster.versions({ Produce: [9, 12] }, 1);
      expect((await first.apiVersions()).get(PRODUCE)).toEqual([3, 12]);
      expect((await second.apiVersions()).get(PRODUCE)).toEqual([9, 12]);
      second.produceUnanswered(8, 'logs', { 1: recordBatch(['too old']) });
      await second.closed;
      expect(cluster.count('logs')).toBe(0);

      cluster.versions({ Produce: [3, 8] });
      await first.produce(8, 'logs', { 0: recordBatch(['a']) });
      first.produceUnanswered(9, 'logs', { 0: recordBatch(['too new']) });
      await first.closed;
      expect(cluster.values('logs')).toEqual(['a']);
    });

    it('may be advertised beyond what the stand-in speaks, or an API not at all', async () => {
      cluster.versions({ Produce: [3, 13], InitProducerId: null });
      const client = await clientOf(0);
      const versions = await client.apiVersions();
      expect(versions.get(PRODUCE)).toEqual([3, 13]);
      expect(versions.has(INIT_PRODUCER_ID)).toBe(false);
      client.produceUnanswered(13, 'logs', { 0: recordBatch(['topic ids']) });
      await client.closed;
    });

    it('are checked', () => {
      expect(() => cluster.versions({ Produce: [9, 8] })).toThrow('No range of versions of Produce: [9,8]');
      expect(() => cluster.versions({ Produce: [9, 12] }, 7)).toThrow('No broker 7');
    });

    it('kafkajs is disconnected by a broker without Produce 7, and sends again when it is back', async () => {
      const producer = await connectedProducer(cluster);
      cluster.versions({ Produce: [8, 12] });
      const sent = producer.send({ topic: 'logs', messages: [{ partition: 0, value: 'by version 7' }] });
      await cluster.until(() => cluster.refusedVersions > 0);
      expect(cluster.count('logs')).toBe(0);
      cluster.versions({ Produce: [3, 12] });
      await sent;
      expect(cluster.produceVersions).toEqual([7]);
      await producer.disconnect();
    });
  });

  describe('a throttle', () => {
    const batch = (): Record<number, Buffer> => ({ 0: recordBatch(['v']) });

    it.each([7, 8, 12])('is in the answer of version %i', async (version) => {
      cluster.inject({ api: 'Produce', action: { throttle: 1_234 } });
      const client = await clientOf(0);
      expect((await client.produce(version, 'logs', batch())).throttle).toBe(1_234);
      expect((await client.produce(version, 'logs', batch())).throttle).toBe(0);
    });

    it('tells how many Produce requests of that client arrived at that broker while it lasted', async () => {
      cluster.inject({ api: 'Produce', action: { throttle: 600_000 } });
      const client = await clientOf(0);
      await client.produce(9, 'logs', batch());
      expect(cluster.producesWhileThrottled).toBe(0);
      await client.apiVersions();
      await (await clientOf(0, 'another')).produce(9, 'logs', batch());
      await (await clientOf(1)).produce(9, 'logs', { 1: recordBatch(['v']) });
      expect(cluster.producesWhileThrottled).toBe(0);
      await client.produce(9, 'logs', batch());
      await (await clientOf(0)).produce(9, 'logs', batch());
      expect(cluster.producesWhileThrottled).toBe(2);
    });

    it('does not count a request that had arrived before the throttled answer', async () => {
      const client = await clientOf(0);
      let release = (): void => undefined;
      const hold = new Promise<void>((resolve) => {
        release = resolve;
      });
      cluster.inject({ api: 'Produce', action: { throttle: 600_000 } });
      cluster.inject({ api: 'Produce', action: { hold } });
      const both = [client.produce(9, 'logs', batch()), client.produce(9, 'logs', batch())];
      await cluster.until(() => cluster.count('logs') === 1);
      // Answered by the same process: by then the second request, sent before it, is there too.
      await (await clientOf(0, 'another')).apiVersions();
      release();
      await Promise.all(both);
      expect(cluster.producesWhileThrottled).toBe(0);
    });

    it('is over after that time: kafkajs keeps to it', async () => {
      const producer = await connectedProducer(cluster, { clientId: 'throttled' });
      const fault = cluster.inject({ api: 'Produce', action: { throttle: 30 } });
      const send = (): Promise<unknown> =>
        producer.send({ topic: 'logs', messages: [{ partition: 0, value: 'v' }] });
      await send();
      await send();
      expect([fault.hits, cluster.count('logs'), cluster.producesWhileThrottled]).toEqual([1, 2, 0]);
      await producer.disconnect();
    });
  });
});

describe('the body of a Produce request', () => {
  const settings = { brokers: 1, autoCreatePartitions: 0, maxMessageBytes: 1_000, saslSessionLifetimeMs: 0 };
  const state = new ClusterState({ ...settings, sasl: null, scram: null, advertised: () => undefined });
  const body = (version: number): Buffer => produceBody(version, 'logs', { 1: recordBatch(['a', 'b']) });
  const read = (version: number, bytes: Buffer): unknown =>
    readProduce(new Decoder(bytes), state, version).targets;

  it.each([3, 8, 9, 12])('version %i: is read to its end, and a defect here or there is told', (version) => {
    const bytes = body(version);
    expect(read(version, bytes)).toEqual([{ topic: 'logs', partition: 1, records: 2 }]);
    expect(() => read(version, Buffer.concat([bytes, Buffer.alloc(3)]))).toThrow(
      `Produce ${version} was read to byte ${bytes.length} of ${bytes.length + 3}`,
    );
    expect(() => read(version, bytes.subarray(0, -1))).toThrow(/^Produce/);
  });

  it('may have tagged fields that the stand-in does not know', () => {
    const decoder = new Decoder(Buffer.from([2, 0, 1, 0xaa, 5, 2, 1, 2, 77]));
    skipTaggedFields(decoder);
    expect(decoder.readInt8()).toBe(77);
  });
});
