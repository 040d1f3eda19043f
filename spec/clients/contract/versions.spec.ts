import { describe, expect, it } from 'vitest';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import { clientsThat } from './clients.ts';
import { readRecord, recordsOf, sentRecord } from './records.ts';
import { contractRig, resultOf } from './rig.ts';

const PARTS = [
  { text: 'a', key: 'key', headers: { name: 'value' } },
  { text: 'größer', time: 1_700_000_000_123 },
];

/** From 8 on a broker can name the records that it refuses. */
const NAMING = 8;

// The producer that was handed in is the same for all cases: it has asked for the versions before.
describe.each(clientsThat('isDisconnectedByClose'))('$name', (own) => {
  const rig = contractRig(own);

  it.each([3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'speaks the newest version of Produce that it knows with a broker that speaks up to %i',
    async (version) => {
      rig.cluster.versions({ Produce: [3, version] });
      const client = await rig.connected();
      const topic = rig.newTopic();
      for (const baseOffset of ['0', '2']) {
        const batch = { topic, content: recordsOf(topic, PARTS), partition: 0 };
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
      const batch = { topic, content: recordsOf(topic, ['a', 'poison', 'b']), partition: 0 };
      const result = { refusedIndexes: [], ...(await resultOf(client, batch)) };
      expect(result).toMatchObject({ kind: 'bisect', refused: 'record', certain: true });
      expect(result.refusedIndexes).toEqual(own.namedOf(named) ?? []);
    },
  );
});
