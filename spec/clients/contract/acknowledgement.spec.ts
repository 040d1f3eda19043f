import { describe, expect, it } from 'vitest';
import { answeredPartition } from '../../../lib/clients/send-result.ts';
import { numbered } from '../../support/harness.ts';
import { CLIENTS } from './clients.ts';
import { batchOf, contractRig, outcomeOf, resultOf } from './rig.ts';

describe.each(CLIENTS)('$name', (own) => {
  const rig = contractRig(own);

  it('sends in the version of Produce, and by the path, that is said of it', async () => {
    const client = await rig.connected();
    expect(await resultOf(client, batchOf(rig.newTopic(), ['a']))).toEqual({ kind: 'delivered' });
    expect(rig.cluster.produceVersions).toEqual([own.produceVersion]);
    expect(rig.cluster.produceRequests.map(({ acks }) => acks)).toEqual([-1]);
    expect([...new Set(rig.paths)]).toEqual(own.toldPaths);
  });

  it('answers with topic, partition and base offset', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic(3);
    for (const [partition, texts, baseOffset] of [
      [1, ['a', 'b'], '0'],
      [1, ['c'], '2'],
      [2, ['d'], '0'],
      [1, ['e', 'f'], '3'],
    ] as const) {
      const batch = batchOf(topic, texts, partition);
      const answer = await client.send(batch);
      expect(answer).toMatchObject([{ topicName: topic, partition, errorCode: 0, baseOffset }]);
      expect(answeredPartition(answer, batch)).toBe(partition);
    }
    expect(rig.cluster.records(topic).map((record) => `${record.partition} ${record.value}`)).toEqual([
      ...['1 a', '1 b', '1 c', '2 d', '1 e', '1 f'],
    ]);
  });

  it('keeps the order of a partition over many sends, with other partitions beside it', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic(4);
    const sendAll = async (partition: number): Promise<void> => {
      for (let send = 0; send < 25; send++) {
        const batch = batchOf(topic, numbered(3, `${partition}: send ${send} record`), partition);
        expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
      }
    };
    await Promise.all([0, 1, 2, 3].map(sendAll));
    for (const partition of [0, 1, 2, 3]) {
      const arrived = rig.cluster.records(topic).filter((record) => record.partition === partition);
      expect(arrived.map(({ value }) => value.toString())).toEqual(
        numbered(25, `${partition}: send`).flatMap((send) => numbered(3, `${send} record`)),
      );
      expect(arrived.map(({ offset }) => offset)).toEqual([...arrived.keys()]);
    }
  });
});

describe.each(CLIENTS)('$name with acks 1', (own) => {
  const rig = contractRig(own, { acks: 1 });

  it('asks for the acknowledgement of the leader only, and gets an answer', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    const outcome = await outcomeOf(client.send(batchOf(topic, ['a'])));
    expect(outcome).toMatchObject({ answer: [{ topicName: topic, partition: 0, errorCode: 0 }] });
    expect(rig.cluster.produceRequests.map(({ acks }) => acks)).toEqual([1]);
  });
});
