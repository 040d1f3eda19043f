import { describe, expect, it } from 'vitest';
import { CLIENTS, clientsThat } from './clients.ts';
import { batchOf, contractRig, resultOf, typeOf } from './rig.ts';

describe.each(CLIENTS)('$name', (own) => {
  const rig = contractRig(own);

  it('finds a leader that has moved, with the send that is retried', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic(2);
    for (const partition of [0, 1])
      expect(await resultOf(client, batchOf(topic, [`to ${partition}`], partition))).toEqual({
        kind: 'delivered',
      });
    rig.cluster.moveLeader(topic, 0, 1);
    const batch = batchOf(topic, ['moved']);
    const result = await resultOf(client, batch);
    expect(result).toMatchObject({ kind: 'retry', client: 'fine' });
    expect(typeOf(result)).toBe('NOT_LEADER_FOR_PARTITION');
    expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
    expect(await resultOf(client, batchOf(topic, ['behind it']))).toEqual({ kind: 'delivered' });
    const requests = rig.cluster.produceRequests.filter((request) => request.topic === topic);
    expect(requests.map(({ broker, partition, outcome }) => [broker, partition, outcome])).toEqual([
      [0, 0, 'stored'],
      [1, 1, 'stored'],
      [0, 0, 'refused'],
      [1, 0, 'stored'],
      [1, 0, 'stored'],
    ]);
    expect(rig.cluster.values(topic)).toEqual(['to 0', 'to 1', 'moved', 'behind it']);
  });

  it('has a send to a missing topic retried, and sends to the topic when it was created', async () => {
    const client = await rig.connected();
    const topic = rig.newName();
    const batch = batchOf(topic, ['a']);
    for (let attempt = 0; attempt < 2; attempt++) {
      const result = await resultOf(client, batch);
      expect(result).toMatchObject({ kind: 'retry', client: 'fine' });
      expect(typeOf(result)).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    }
    const existing = rig.newTopic();
    expect(await resultOf(client, batchOf(existing, ['b']))).toEqual({ kind: 'delivered' });
    rig.cluster.createTopic(topic, 1);
    expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['a']);
    expect(rig.cluster.values(existing)).toEqual(['b']);
  });

  it('has a send retried to a topic that was deleted, and sends to a new one of that name', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    expect(await resultOf(client, batchOf(topic, ['a']))).toEqual({ kind: 'delivered' });
    rig.cluster.deleteTopic(topic);
    const batch = batchOf(topic, ['b']);
    expect(await resultOf(client, batch)).toMatchObject({ kind: 'retry', client: 'fine' });
    rig.cluster.createTopic(topic, 1);
    expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['b']);
  });

  it('has the topic’s name refused for good that Kafka does not take', async () => {
    const client = await rig.connected();
    expect(await resultOf(client, batchOf('no/topic', ['a']))).toMatchObject({ kind: 'reject-topic' });
  });

  it('has the metadata refreshed for a partition that is not there', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    expect(await resultOf(client, batchOf(topic, ['a'], 3))).toMatchObject({ kind: 'refresh-metadata' });
    expect(rig.cluster.values(topic)).toEqual([]);
  });
});

describe.each(CLIENTS)('$name to brokers that create topics', (own) => {
  const rig = contractRig(own, { cluster: { autoCreate: 2 } });

  it('has the topic created, and sends to it', async () => {
    const client = await rig.connected();
    const topic = rig.newName();
    expect(await resultOf(client, batchOf(topic, ['a'], 1))).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['a']);
  });
});

describe.each(clientsThat('choosesPartition'))('$name', (own) => {
  const rig = contractRig(own);

  it('tells of the partitions of each topic that it sends to', async () => {
    const client = await rig.connected();
    const [one, three] = [rig.newTopic(), rig.newTopic(3)];
    await resultOf(client, batchOf(three, ['a'], 2));
    await resultOf(client, batchOf(one, ['a']));
    const told = rig.told.filter(({ topic }) => [one, three].includes(topic));
    // A broker names them in any order.
    expect(told.map((one) => ({ ...one, writable: [...(one.writable ?? [])].sort() }))).toEqual([
      { topic: three, count: 3, writable: [0, 1, 2] },
      { topic: one, count: 1, writable: [0] },
    ]);
  });
});
