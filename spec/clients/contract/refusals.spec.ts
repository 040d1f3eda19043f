import { describe, expect, it } from 'vitest';
import { classifyOutcome, type SendResult } from '../../../lib/clients/send-result.ts';
import { errorCodeOf } from '../../../lib/protocol/error-codes.ts';
import { rootCause } from '../../../lib/util/root-cause.ts';
import { ERROR } from '../../../testing/broker/broker-cluster.ts';
import { clientBatch } from '../../sender/rig.ts';
import { CLIENTS } from './clients.ts';
import { recordsOf } from './records.ts';
import { batchOf, CONTENTS, contractRig, outcomeOf, resultOf } from './rig.ts';

type Meaning<Result = SendResult> = Result extends SendResult ? Omit<Result, 'cause'> : never;

const AGAIN: Meaning = { kind: 'retry', client: 'fine' };
const OUT_OF_SEQUENCE: Meaning = { kind: 'retry', client: 'out-of-sequence' };
const TOO_LARGE: Meaning = { kind: 'bisect', reason: 'oversize', certain: true };
const BAD_TOPIC: Meaning = { kind: 'reject-topic' };
const refused = (refused: 'record' | 'timestamp'): Meaning => ({
  kind: 'bisect',
  reason: 'rejected',
  certain: true,
  refused,
});

/** What each code that a broker may answer to Produce means for the records. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  [-1]: AGAIN,
  2: AGAIN,
  3: AGAIN,
  5: AGAIN,
  6: AGAIN,
  7: AGAIN,
  10: TOO_LARGE,
  13: AGAIN,
  17: BAD_TOPIC,
  18: TOO_LARGE,
  19: AGAIN,
  20: AGAIN,
  21: AGAIN,
  29: BAD_TOPIC,
  31: BAD_TOPIC,
  32: refused('timestamp'),
  35: AGAIN,
  42: AGAIN,
  43: AGAIN,
  44: BAD_TOPIC,
  45: OUT_OF_SEQUENCE,
  // It has the batch already.
  46: { kind: 'delivered' },
  47: OUT_OF_SEQUENCE,
  49: OUT_OF_SEQUENCE,
  53: AGAIN,
  56: AGAIN,
  58: AGAIN,
  59: OUT_OF_SEQUENCE,
  74: AGAIN,
  76: BAD_TOPIC,
  87: refused('record'),
  89: AGAIN,
  90: AGAIN,
};
const CODES = Object.keys(MEANINGS)
  .map(Number)
  .sort((a, b) => a - b);
/** One that Kafka may add. */
const NEW_CODE = 999;

it('has a case for each code that lib/protocol/error-codes.ts lists', () => {
  const all = Array.from({ length: 1_000 }, (_, at) => at - 1);
  const listed = all.filter((code) => errorCodeOf(code).type !== `ERROR_CODE_${code}`);
  expect(CODES).toEqual(listed.filter((code) => code !== 0));
});

describe.each(CLIENTS)('$name', (own) => {
  const rig = contractRig(own);

  it.each([...CODES, NEW_CODE])('tells what error code %i means, and goes on', async (error) => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    rig.cluster.inject({ api: 'Produce', topic, action: { error } });
    const outcome = await outcomeOf(client.send(batchOf(topic, ['a', 'b'])));
    expect(rootCause('error' in outcome && outcome.error).code).toBe(own.codeOf(error));
    const result = classifyOutcome(outcome, batchOf(topic, []));
    expect({ ...result, cause: undefined }).toEqual(MEANINGS[error] ?? AGAIN);
    expect(await resultOf(client, batchOf(topic, ['c']))).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic).at(-1)).toBe('c');
  });
});

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
          ...(await resultOf(client, clientBatch(topic, content, 0))),
        };
        expect(result).toMatchObject({ kind: 'bisect', reason: 'rejected', certain: true, refused });
        expect(refusedIndexes).toEqual(own.namedOf([1, 4]));
        expect(rig.cluster.values(topic)).toEqual([]);
        const others = recordsOf(
          topic,
          TEXTS.filter((text) => !isPoison(text)),
        );
        expect(await resultOf(client, clientBatch(topic, contentOf(others), 0))).toEqual({
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
      ...(await resultOf(client, clientBatch(topic, content, 0))),
    };
    expect(result).toEqual({ kind: 'bisect', reason: 'oversize', certain: true });
    expect(cause).toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
    expect(rig.cluster.count(topic)).toBe(0);
  });
});
