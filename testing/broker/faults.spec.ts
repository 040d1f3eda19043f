import type { Producer } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerCluster, ERROR } from './broker-cluster.ts';
import { connectedProducer, kafkaOf } from './kafkajs-client.ts';

const REQUEST_TIMEOUT = 150;

describe('faults on command', () => {
  let cluster: BrokerCluster;
  let producer: Producer;

  beforeEach(async () => {
    cluster = await BrokerCluster.start({ brokers: 2, topics: { logs: 4, other: 1 } });
    producer = await connectedProducer(cluster, { requestTimeout: REQUEST_TIMEOUT });
  });

  afterEach(async () => {
    await producer.disconnect();
    await cluster.stop();
  });

  const send = (partition: number, value: string, topic = 'logs'): Promise<unknown> =>
    producer.send({ topic, messages: [{ partition, value }] });
  const outcomes = (): unknown[] =>
    cluster.produceRequests.map(({ errorCode, outcome }) => [errorCode, outcome]);

  it('error: answers it without storing, once by default', async () => {
    const fault = cluster.inject({ api: 'Produce', action: { error: ERROR.NOT_ENOUGH_REPLICAS } });
    await send(0, 'a');
    expect(fault.hits).toBe(1);
    expect(outcomes()).toEqual([
      [ERROR.NOT_ENOUGH_REPLICAS, 'refused'],
      [ERROR.NONE, 'stored'],
    ]);
    expect(cluster.values('logs')).toEqual(['a']);
  });

  it('error: for the listed partitions only', async () => {
    cluster.inject({ api: 'Produce', action: { error: ERROR.MESSAGE_TOO_LARGE, partitions: [2] } });
    const messages = [0, 2].map((partition) => ({ partition, value: `${partition}` }));
    await expect(producer.send({ topic: 'logs', messages })).rejects.toMatchObject({
      type: 'MESSAGE_TOO_LARGE',
    });
    expect(cluster.values('logs')).toEqual(['0']);
  });

  it('matches by topic, partition, broker and predicate; a persistent fault stays until removed', async () => {
    const error = { error: ERROR.TOPIC_AUTHORIZATION_FAILED };
    const times = Number.POSITIVE_INFINITY;
    const byTopic = cluster.inject({ api: 'Produce', topic: 'other', times, action: error });
    const byPartition = cluster.inject({ api: 'Produce', partition: 2, times, action: error });
    const byBroker = cluster.inject({ api: 'Produce', broker: 1, times, action: error });
    const when = cluster.inject({
      api: 'Produce',
      when: ({ targets }) => targets[0]?.records === 3,
      action: error,
    });
    const refused = { type: 'TOPIC_AUTHORIZATION_FAILED' };

    await send(0, 'one record');
    await expect(send(0, 'x', 'other')).rejects.toMatchObject(refused);
    await expect(send(0, 'x', 'other')).rejects.toMatchObject(refused);
    await expect(send(2, 'x')).rejects.toMatchObject(refused);
    await expect(send(1, 'x')).rejects.toMatchObject(refused);
    const three = ['1', '2', '3'].map((value) => ({ partition: 0, value }));
    await expect(producer.send({ topic: 'logs', messages: three })).rejects.toMatchObject(refused);
    await send(0, 'one again');
    expect([byTopic.hits, byPartition.hits, byBroker.hits, when.hits]).toEqual([2, 1, 1, 1]);

    byTopic.remove();
    await send(0, 'ok', 'other');
    expect(cluster.values('logs')).toEqual(['one record', 'one again']);
    expect(cluster.values('other')).toEqual(['ok']);
  });

  it('matches topic and partition for every kind of fault', async () => {
    const byTopic = cluster.inject({ api: 'Produce', topic: 'other', action: { cut: 'before-store' } });
    const byPartition = cluster.inject({ api: 'Produce', partition: 2, action: { cut: 'before-store' } });
    await send(0, 'passes');
    expect(outcomes()).toEqual([[ERROR.NONE, 'stored']]);
    await send(2, 'cut first');
    expect([byTopic.hits, byPartition.hits]).toEqual([0, 1]);
  });

  it('queues one-shot faults, and applies errors of several faults to their own partitions', async () => {
    cluster.inject({ api: 'Produce', partition: 0, action: { error: ERROR.REQUEST_TIMED_OUT } });
    cluster.inject({ api: 'Produce', partition: 0, action: { error: ERROR.KAFKA_STORAGE_ERROR } });
    cluster.inject({ api: 'Produce', partition: 2, action: { error: ERROR.NOT_ENOUGH_REPLICAS } });
    await producer.send({ topic: 'logs', messages: [0, 2].map((partition) => ({ partition, value: 'v' })) });
    expect(cluster.produceRequests.map(({ partition, errorCode }) => [partition, errorCode])).toEqual([
      [0, ERROR.REQUEST_TIMED_OUT],
      [2, ERROR.NOT_ENOUGH_REPLICAS],
      [0, ERROR.KAFKA_STORAGE_ERROR],
      [2, ERROR.NONE],
      [0, ERROR.NONE],
      [2, ERROR.NONE],
    ]);
  });

  it('delay: answers later', async () => {
    cluster.inject({ api: 'Produce', action: { delay: 60 } });
    const begun = performance.now();
    const sent = send(0, 'late');
    await cluster.until(() => cluster.count('logs') === 1);
    await sent;
    expect(performance.now() - begun).toBeGreaterThan(55);
  });

  it.each(['before-store', 'after-store'] as const)(
    'cut %s: destroys the socket, kafkajs tries again',
    async (cut) => {
      await send(0, 'first');
      const before = cluster.connectionsEver;
      cluster.inject({ api: 'Produce', action: { cut } });
      await send(0, 'second');
      const stored = cut === 'after-store' ? ['first', 'second', 'second'] : ['first', 'second'];
      expect(cluster.values('logs')).toEqual(stored);
      expect(outcomes()[1]).toEqual(cut === 'after-store' ? [ERROR.NONE, 'stored'] : [null, 'dropped']);
      expect(cluster.connectionsEver).toBeGreaterThan(before);
    },
  );

  it.each(['before-store', 'after-store'] as const)(
    'silent %s: kafkajs times out and tries again',
    async (silent) => {
      const fault = cluster.inject({ api: 'Produce', action: { silent } });
      const begun = performance.now();
      await send(0, 'quiet');
      expect(performance.now() - begun).toBeGreaterThan(REQUEST_TIMEOUT);
      expect(fault.hits).toBe(1);
      expect(cluster.values('logs')).toEqual(silent === 'after-store' ? ['quiet', 'quiet'] : ['quiet']);
    },
  );

  it.each(['before-store', 'after-store'] as const)(
    'hold at %s: answers once the promise resolves',
    async (at) => {
      let release = (): void => undefined;
      const hold = new Promise<void>((resolve) => {
        release = resolve;
      });
      const fault = cluster.inject({ api: 'Produce', action: { hold, at } });
      let isAnswered = false;
      const sent = send(0, 'held').then(() => {
        isAnswered = true;
      });
      await cluster.until(() => fault.hits === 1 && cluster.count('logs') === (at === 'after-store' ? 1 : 0));
      // A whole exchange on another connection: an answer that is not held would have come meanwhile.
      const bystander = await connectedProducer(cluster);
      await bystander.send({ topic: 'other', messages: [{ value: 'passes' }] });
      await bystander.disconnect();
      expect([isAnswered, cluster.count('logs')]).toEqual([false, at === 'after-store' ? 1 : 0]);
      release();
      await sent;
      expect(cluster.values('logs')).toEqual(['held']);
    },
  );

  it('throttle: kafkajs holds its next request back that long', async () => {
    cluster.inject({ api: 'Produce', action: { throttle: 80 } });
    await send(0, 'one');
    const begun = performance.now();
    await send(0, 'two');
    expect(performance.now() - begun).toBeGreaterThan(60);
  });

  it('combines faults of different kinds on one request', async () => {
    cluster.inject({ api: 'Produce', action: { error: ERROR.REQUEST_TIMED_OUT } });
    cluster.inject({ api: 'Produce', action: { delay: 40 } });
    const begun = performance.now();
    await send(0, 'v');
    expect(performance.now() - begun).toBeGreaterThan(35);
    expect(outcomes()).toEqual([
      [ERROR.REQUEST_TIMED_OUT, 'refused'],
      [ERROR.NONE, 'stored'],
    ]);
  });

  it('errors of Metadata, for a topic or for a partition', async () => {
    const topic = cluster.inject({
      api: 'Metadata',
      topic: 'logs',
      action: { error: ERROR.LEADER_NOT_AVAILABLE },
    });
    await send(0, 'a');
    expect(topic.hits).toBe(1);

    const admin = kafkaOf(cluster).admin();
    await admin.connect();
    const times = Number.POSITIVE_INFINITY;
    cluster.inject({
      api: 'Metadata',
      topic: 'logs',
      partition: 3,
      times,
      action: { error: ERROR.KAFKA_STORAGE_ERROR },
    });
    await expect(admin.fetchTopicMetadata({ topics: ['logs'] })).rejects.toMatchObject({
      code: ERROR.KAFKA_STORAGE_ERROR,
    });
    await expect(admin.fetchTopicMetadata({ topics: ['other'] })).resolves.toMatchObject({
      topics: [{ name: 'other' }],
    });
    await admin.disconnect();
  });

  it('errors of an API without topics', async () => {
    const fault = cluster.inject({
      api: 'InitProducerId',
      action: { error: ERROR.CLUSTER_AUTHORIZATION_FAILED },
    });
    const idempotent = kafkaOf(cluster).producer({ idempotent: true });
    await expect(idempotent.connect()).rejects.toMatchObject({
      type: 'CLUSTER_AUTHORIZATION_FAILED',
    });
    expect(fault.hits).toBe(1);
    await idempotent.disconnect();
  });
});
