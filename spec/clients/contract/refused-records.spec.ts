import { describe, expect, it } from 'vitest';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import { CLIENTS } from './clients.ts';
import { recordsOf } from './records.ts';
import { CONTENTS, contractRig, resultOf } from './rig.ts';

const TEXTS = ['a', 'poison', 'b', 'c', 'poison'];
const isPoison = (text: string): boolean => text === 'poison';

describe.each(CLIENTS)('$name', (own) => {
  const rig = contractRig(own);

  describe.each(CONTENTS)('with records as %s', (_, contentOf) => {
    it.each([
      ['record', ERROR.INVALID_RECORD],
      ['timestamp', ERROR.INVALID_TIMESTAMP],
    ] as const)(
      'names those whose %s is refused where it can, and has the others sent again',
      async (refused, error) => {
        const client = await rig.connected();
        const topic = rig.newTopic();
        rig.cluster.configureTopic(topic, {
          refuses: ({ value }) => (isPoison(value.toString()) ? error : 0),
        });
        const content = contentOf(recordsOf(topic, TEXTS));
        const { refusedIndexes, ...result } = {
          refusedIndexes: undefined,
          ...(await resultOf(client, { topic, content, partition: 0 })),
        };
        expect(result).toMatchObject({ kind: 'bisect', reason: 'rejected', certain: true, refused });
        expect(refusedIndexes).toEqual(own.namedOf([1, 4]));
        expect(rig.cluster.values(topic)).toEqual([]);
        const others = recordsOf(
          topic,
          TEXTS.filter((text) => !isPoison(text)),
        );
        expect(await resultOf(client, { topic, content: contentOf(others), partition: 0 })).toEqual({
          kind: 'delivered',
        });
        expect(rig.cluster.values(topic)).toEqual(['a', 'b', 'c']);
      },
    );
  });

  it('names nothing of a batch that is too large as a whole', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    const content = recordsOf(topic, ['x'.repeat(800_000), 'y'.repeat(800_000)]);
    const { cause, ...result } = {
      cause: undefined,
      ...(await resultOf(client, { topic, content, partition: 0 })),
    };
    expect(result).toEqual({ kind: 'bisect', reason: 'oversize', certain: true });
    expect(cause).toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
    expect(rig.cluster.count(topic)).toBe(0);
  });
});
