import { describe, expect, it } from 'vitest';
import { answeredPartition, classifyAnswer } from '../../../lib/clients/send-result.ts';
import { clientBatch } from '../../sender/rig.ts';
import { CLIENTS, clientsThat } from './clients.ts';
import { numbered, recordsOf } from './records.ts';
import { CONTENTS, contractRig, resultOf } from './rig.ts';

const PARTITIONS = 32;

/** Hashes by Java's `Utils.murmur2`, of Kafka's own UtilsTest.java. */
const HASHES: readonly (readonly [key: string, hash: number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

const partitionOf = (hash: number): number => (hash & 0x7fffffff) % PARTITIONS;

describe.each(CLIENTS)('$name', (own) => {
  const rig = contractRig(own);

  describe.each(CONTENTS)('with records as %s', (_, contentOf) => {
    it('sends those with a key where Java’s murmur2 puts them', async () => {
      const client = await rig.connected();
      const topic = rig.newTopic(PARTITIONS);
      const send = async (text: string, key: string | Buffer): Promise<number | undefined> => {
        const content = contentOf(
          recordsOf(
            topic,
            numbered(2, text).map((own) => ({ text: own, key })),
          ),
        );
        const batch = clientBatch(topic, content);
        const answer = await client.send(batch);
        expect(classifyAnswer(answer, batch)).toEqual({ kind: 'delivered' });
        return answeredPartition(answer, batch);
      };
      const answered: unknown[] = [];
      for (const [key] of HASHES)
        answered.push([key, await send('text', key), await send('bytes', Buffer.from(key))]);
      expect(answered).toEqual(HASHES.map(([key, hash]) => [key, partitionOf(hash), partitionOf(hash)]));
      const stored = rig.cluster.records(topic).map(({ key, partition }) => [String(key), partition]);
      expect(stored).toEqual(HASHES.flatMap(([key, hash]) => Array(4).fill([key, partitionOf(hash)])));
    });
  });
});

describe.each(clientsThat('choosesPartition'))('$name', (own) => {
  const rig = contractRig(own);

  describe.each(CONTENTS)('with records as %s', (_, contentOf) => {
    it('sends a batch without keys to one partition, and binds it to that before it is answered', async () => {
      const client = await rig.connected();
      const topic = rig.newTopic(PARTITIONS);
      rig.cluster.inject({ api: 'Produce', topic, action: { cut: 'after-store' } });
      const texts = ['a', 'b', 'c', 'd'];
      const batch = clientBatch(topic, contentOf(recordsOf(topic, texts)));
      expect(await resultOf(client, batch)).toMatchObject({ kind: 'retry' });
      const { partition } = batch;
      expect(rig.cluster.records(topic).map((record) => record.partition)).toEqual(
        texts.map(() => partition),
      );
      expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
      expect(rig.cluster.batches(topic).map((stored) => stored.partition)).toEqual([partition, partition]);
    });
  });
});
