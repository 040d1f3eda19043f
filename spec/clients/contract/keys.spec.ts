import { describe, expect, it } from 'vitest';
import { answeredPartition, classifyAnswer } from '../../../lib/clients/send-result.ts';
import { CLIENTS, clientsThat } from './clients.ts';
import { recordsOf } from './records.ts';
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

describe.each(CLIENTS)('$name', (own) => {
  const rig = contractRig(own);

  describe.each(CONTENTS)('with records as %s', (_, contentOf) => {
    it.each(HASHES)('sends those with the key %s where Java’s murmur2 puts them', async (key, hash) => {
      const client = await rig.connected();
      const topic = rig.newTopic(PARTITIONS);
      for (const [text, given] of [
        ['text', key],
        ['bytes', Buffer.from(key)],
      ] as const) {
        const content = contentOf(
          recordsOf(topic, [
            { text, key: given },
            { text, key: given },
          ]),
        );
        const batch = { topic, content, partition: undefined };
        const answer = await client.send(batch);
        expect(classifyAnswer(answer, batch)).toEqual({ kind: 'delivered' });
        expect(answeredPartition(answer, batch)).toBe((hash & 0x7fffffff) % PARTITIONS);
      }
      const partitions = new Set(rig.cluster.records(topic).map(({ partition }) => partition));
      expect([...partitions]).toEqual([(hash & 0x7fffffff) % PARTITIONS]);
      expect(rig.cluster.values(topic)).toEqual(['text', 'text', 'bytes', 'bytes']);
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
      const batch = { topic, content: contentOf(recordsOf(topic, texts)), partition: undefined };
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
