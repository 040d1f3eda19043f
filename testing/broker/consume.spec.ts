import { CompressionTypes, type Consumer, type Kafka, type KafkaMessage } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerCluster, ERROR } from './broker-cluster.ts';
import { connectedProducer, kafkaOf } from './kafkajs-client.ts';

type Consumed = KafkaMessage & { readonly partition: number };

describe('reading back with a kafkajs consumer', () => {
  let cluster: BrokerCluster;
  let kafka: Kafka;
  let consumers: Consumer[];

  beforeEach(async () => {
    cluster = await BrokerCluster.start({ brokers: 2, topics: { logs: 3 } });
    kafka = kafkaOf(cluster);
    consumers = [];
  });

  afterEach(async () => {
    await Promise.all(consumers.map((consumer) => consumer.disconnect()));
    await cluster.stop();
  });

  /** Reads until that many messages have come. */
  async function consume(
    groupId: string,
    count: number,
  ): Promise<{ consumer: Consumer; messages: Consumed[] }> {
    const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 });
    consumers.push(consumer);
    const messages: Consumed[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: 'logs', fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      const eachMessage = async ({ message, partition }: { message: KafkaMessage; partition: number }) => {
        messages.push({ ...message, partition });
        if (messages.length === count) resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    return { consumer, messages };
  }

  it('gets keys, values, headers and offsets of all partitions, gzip or not', async () => {
    const producer = await connectedProducer(cluster);
    for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
      const messages = [0, 1, 2].flatMap((partition) =>
        ['a', 'b'].map((value) => ({
          partition,
          value,
          key: `${partition}`,
          headers: { compression: `${compression}` },
        })),
      );
      await producer.send({ topic: 'logs', compression, messages });
    }
    await producer.disconnect();

    const { messages } = await consume('readers', 12);
    const ofPartition = messages.filter(({ partition }) => partition === 1);
    expect(
      ofPartition.map(({ offset, key, value, headers }) => [
        offset,
        `${key}`,
        `${value}`,
        `${headers?.compression}`,
      ]),
    ).toEqual([
      ['0', '1', 'a', '0'],
      ['1', '1', 'b', '0'],
      ['2', '1', 'a', '1'],
      ['3', '1', 'b', '1'],
    ]);
    expect(ofPartition.map(({ timestamp }) => Number(timestamp))).toEqual(
      cluster
        .records('logs')
        .filter(({ partition }) => partition === 1)
        .map(({ timestamp }) => timestamp),
    );
  });

  it('goes on where the group has committed, and sees what is appended while it waits', async () => {
    const producer = await connectedProducer(cluster);
    const send = (value: string): Promise<unknown> =>
      producer.send({ topic: 'logs', messages: [{ partition: 0, value }] });
    await send('first');
    const { consumer } = await consume('resumers', 1);
    // Leaving commits what has been read.
    await consumer.disconnect();
    expect(cluster.requests.OffsetCommit).toBeGreaterThan(0);

    const fetches = cluster.requests.Fetch;
    const second = consume('resumers', 1);
    await cluster.until(() => cluster.requests.Fetch >= fetches + 2);
    await send('second');
    expect((await second).messages.map(({ value, offset }) => [`${value}`, offset])).toEqual([
      ['second', '1'],
    ]);
    await producer.disconnect();
  });

  it('lists offsets: earliest, latest and by timestamp', async () => {
    const producer = await connectedProducer(cluster);
    const messages = [1_000, 2_000, 3_000].map((timestamp) => ({
      partition: 0,
      value: 'x',
      timestamp: `${timestamp}`,
    }));
    await producer.send({ topic: 'logs', messages });
    await producer.disconnect();

    const admin = kafka.admin();
    await admin.connect();
    const [first] = (await admin.fetchTopicOffsets('logs')).filter(({ partition }) => partition === 0);
    expect(first).toMatchObject({ low: '0', high: '3', offset: '3' });
    const byTime = await admin.fetchTopicOffsetsByTimestamp('logs', 1_500);
    expect(byTime.find(({ partition }) => partition === 0)?.offset).toBe('1');
    await admin.disconnect();
  });

  it('refuses a second live member of a group', async () => {
    const producer = await connectedProducer(cluster);
    await producer.send({ topic: 'logs', messages: [{ value: 'one' }] });
    await producer.disconnect();
    await consume('lonely', 1);
    await expect(consume('lonely', 1)).rejects.toMatchObject({ code: ERROR.GROUP_MAX_SIZE_REACHED });
  });
});
