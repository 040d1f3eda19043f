import { CompressionTypes, type Producer } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerCluster, ERROR } from './broker-cluster.ts';
import { connectedProducer } from './kafkajs-client.ts';

describe('producing to the Kafka stand-in', () => {
  let cluster: BrokerCluster;
  let producer: Producer;

  beforeEach(async () => {
    cluster = await BrokerCluster.start({ brokers: 3, topics: { logs: 4 }, maxMessageBytes: 2_000 });
    producer = await connectedProducer(cluster);
  });

  afterEach(async () => {
    await producer.disconnect();
    await cluster.stop();
  });

  it('stores key, value, headers, timestamp and offset', async () => {
    const before = Date.now();
    const headers = { level: 'info', 'trace-id': Buffer.from([1, 2, 3]) };
    const [first] = await producer.send({
      topic: 'logs',
      messages: [
        { partition: 2, key: 'host-1', value: 'grüezi', headers, timestamp: '1700000000123' },
        { partition: 2, value: 'second', timestamp: '1700000000999' },
      ],
    });
    const [second] = await producer.send({ topic: 'logs', messages: [{ partition: 2, value: 'third' }] });

    expect([first?.partition, first?.baseOffset, second?.baseOffset]).toEqual([2, '0', '2']);
    const records = cluster.records('logs');
    expect(records[0]).toEqual({
      partition: 2,
      offset: 0,
      key: Buffer.from('host-1'),
      value: Buffer.from('grüezi'),
      headers: { level: Buffer.from('info'), 'trace-id': Buffer.from([1, 2, 3]) },
      timestamp: 1_700_000_000_123,
      appendedAt: expect.any(Number),
    });
    expect(records[0]?.appendedAt).toBeGreaterThanOrEqual(before);
    expect(records[1]).toMatchObject({ offset: 1, key: null, headers: {}, timestamp: 1_700_000_000_999 });
    expect(cluster.values('logs')).toEqual(['grüezi', 'second', 'third']);
    expect(cluster.count('logs')).toBe(3);
  });

  it('stores gzip batches', async () => {
    const values = Array.from({ length: 100 }, (_, i) => `line ${i}`);
    const messages = values.map((value, i) => ({
      value,
      key: `k${i}`,
      partition: 1,
      headers: { n: `${i}` },
    }));
    await producer.send({ topic: 'logs', compression: CompressionTypes.GZIP, messages });

    const records = cluster.records('logs');
    expect(records.map(({ value }) => value.toString())).toEqual(values);
    expect(records.map(({ offset }) => offset)).toEqual(values.map((_, i) => i));
    expect(records[99]).toMatchObject({ key: Buffer.from('k99'), headers: { n: Buffer.from('99') } });
  });

  it('spreads partitions over brokers and logs every Produce request', async () => {
    const messages = [0, 1, 2, 3].map((partition) => ({ partition, value: `to ${partition}` }));
    await producer.send({ topic: 'logs', messages });

    const seen = cluster.produceRequests.map(({ partition, broker, records }) => [
      partition,
      broker,
      records,
    ]);
    expect(seen.sort()).toEqual([
      [0, 0, 1],
      [1, 1, 1],
      [2, 2, 1],
      [3, 0, 1],
    ]);
    expect(cluster.produceRequests[0]).toMatchObject({
      topic: 'logs',
      errorCode: 0,
      outcome: 'stored',
      acks: -1,
    });
    expect(cluster.requests.Produce).toBe(3);
    expect(cluster.leaderOf('logs', 3)).toBe(0);
  });

  it('refuses a batch above maxMessageBytes, for that partition only', async () => {
    const messages = [
      { partition: 0, value: 'x'.repeat(2_000) },
      { partition: 3, value: 'small' },
    ];
    await expect(producer.send({ topic: 'logs', messages })).rejects.toMatchObject({
      type: 'MESSAGE_TOO_LARGE',
    });
    expect(cluster.values('logs')).toEqual(['small']);
    expect(cluster.produceRequests.map(({ partition, errorCode }) => [partition, errorCode])).toEqual([
      [0, 10],
      [3, 0],
    ]);
  });

  it('takes a batch of exactly maxMessageBytes', async () => {
    const send = (bytes: number): Promise<unknown> =>
      producer.send({ topic: 'logs', messages: [{ partition: 0, value: Buffer.alloc(bytes) }] });
    // A batch header of 61 bytes and a record of 9 bytes around the value.
    await expect(send(1_931)).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
    await send(1_930);
    expect(cluster.count('logs')).toBe(1);
  });

  it('emits every record as it is stored', async () => {
    const seen: string[] = [];
    cluster.on('append', ({ topic, partition, offset, value }) => {
      seen.push(`${topic}/${partition}@${offset}=${value}`);
    });
    await producer.send({
      topic: 'logs',
      messages: [
        { partition: 1, value: 'a' },
        { partition: 1, value: 'b' },
      ],
    });
    expect(seen).toEqual(['logs/1@0=a', 'logs/1@1=b']);
  });

  it('answers nothing with acks 0, and closes the connection at an error', async () => {
    await producer.send({ topic: 'logs', acks: 0, messages: [{ partition: 0, value: 'unacknowledged' }] });
    await cluster.until(() => cluster.count('logs') === 1);
    expect(cluster.produceRequests[0]).toMatchObject({ acks: 0, outcome: 'stored' });

    const before = cluster.connections;
    await producer.send({ topic: 'logs', acks: 0, messages: [{ partition: 0, value: 'x'.repeat(3_000) }] });
    await cluster.until(() => cluster.connections < before);
    expect(cluster.count('logs')).toBe(1);
  });

  it('refuses acks other than -1, 0 and 1', async () => {
    await expect(
      producer.send({ topic: 'logs', acks: 2, messages: [{ value: 'two' }] }),
    ).rejects.toMatchObject({ type: 'INVALID_REQUIRED_ACKS' });
    expect(cluster.count('logs')).toBe(0);
  });
});

describe('topics that do not exist', () => {
  const send = async (cluster: BrokerCluster, topic: string): Promise<unknown> => {
    const producer = await connectedProducer(cluster, { retry: { retries: 1, initialRetryTime: 1 } });
    try {
      return await producer.send({ topic, messages: [{ value: 'hello' }] });
    } finally {
      await producer.disconnect();
    }
  };

  it('are unknown without autoCreate', async () => {
    const cluster = await BrokerCluster.start();
    await expect(send(cluster, 'nowhere')).rejects.toMatchObject({
      cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
    });
    expect(cluster.topics()).toEqual([]);
    await cluster.stop();
  });

  it('are not created by a request that a fault refuses', async () => {
    const cluster = await BrokerCluster.start({ autoCreate: true });
    cluster.inject({ api: 'Metadata', topic: 'made', action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED } });
    await expect(send(cluster, 'made')).rejects.toMatchObject({
      cause: { type: 'TOPIC_AUTHORIZATION_FAILED' },
    });
    expect(cluster.topics()).toEqual([]);
    await cluster.stop();
  });

  it('are created with autoCreate, with that many partitions', async () => {
    const cluster = await BrokerCluster.start({ brokers: 2, autoCreate: 3 });
    await send(cluster, 'made');
    expect(cluster.values('made')).toEqual(['hello']);
    expect([0, 1, 2].map((partition) => cluster.leaderOf('made', partition))).toEqual([0, 1, 0]);
    expect(() => cluster.leaderOf('made', 3)).toThrow('No partition 3 of topic made');
    await cluster.stop();
  });

  it('are invalid with a name that Kafka does not allow', async () => {
    const cluster = await BrokerCluster.start({ autoCreate: true });
    for (const topic of ['a/b', '..', 'x'.repeat(250), 'leer zeichen']) {
      await expect(send(cluster, topic)).rejects.toMatchObject({
        cause: { type: 'INVALID_TOPIC_EXCEPTION' },
      });
    }
    expect(cluster.topics()).toEqual([]);
    expect(() => cluster.createTopic('a/b', 1)).toThrow('Not a legal topic name: "a/b"');
    await cluster.stop();
  });
});
