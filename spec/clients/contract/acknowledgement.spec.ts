import { describe, expect, it } from 'vitest';
import { answeredPartition } from '../../../lib/clients/send-result.ts';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import { clientBatch } from '../../sender/rig.ts';
import { CLIENTS, clientsThat } from './clients.ts';
import { numbered, readRecord, recordsOf, sentRecord } from './records.ts';
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

const PARTS = [
  { text: 'a', key: 'key', headers: { name: 'value' } },
  { text: 'größer', time: 1_700_000_000_123 },
];

/** From 8 on a broker can name the records that it refuses. */
const NAMING = 8;

// The producer that was handed in is the same for all cases: it has asked for the versions before.
describe.each(clientsThat('isDisconnectedByClose'))('$name', (own) => {
  const rig = contractRig(own);

  it.each([3, 5, 7, 8, 9, 12])(
    'speaks the newest version of Produce that it knows with a broker that speaks up to %i',
    async (version) => {
      rig.cluster.versions({ Produce: [3, version] });
      const client = await rig.connected();
      const topic = rig.newTopic();
      for (const baseOffset of ['0', '2']) {
        const batch = clientBatch(topic, recordsOf(topic, PARTS), 0);
        const answer = await client.send(batch);
        expect(answer).toMatchObject([{ topicName: topic, partition: 0, errorCode: 0, baseOffset }]);
      }
      expect(rig.cluster.records(topic).map(readRecord)).toEqual([...PARTS, ...PARTS].map(sentRecord));
      const versions = rig.cluster.batches(topic).map(({ produceVersion }) => produceVersion);
      expect(new Set(versions)).toEqual(new Set([Math.min(version, own.produceVersion)]));
    },
  );

  it.each([
    [NAMING - 1, []],
    [NAMING, [1]],
    [9, [1]],
    [12, [1]],
  ])(
    'names the refused records of a broker that speaks up to %i, if that does: %j',
    async (version, named) => {
      rig.cluster.versions({ Produce: [3, version] });
      const client = await rig.connected();
      const topic = rig.newTopic();
      rig.cluster.configureTopic(topic, {
        refuses: ({ value }) => (value.toString() === 'poison' ? ERROR.INVALID_RECORD : 0),
      });
      const batch = clientBatch(topic, recordsOf(topic, ['a', 'poison', 'b']), 0);
      const result = { refusedIndexes: [], ...(await resultOf(client, batch)) };
      expect(result).toMatchObject({ kind: 'bisect', refused: 'record', certain: true });
      expect(result.refusedIndexes).toEqual(own.namedOf(named) ?? []);
    },
  );
});
