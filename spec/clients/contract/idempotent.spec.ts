import { describe, expect, it } from 'vitest';
import { ERROR, type StoredBatch } from '../../../testing/broker/broker-cluster.ts';
import { clientBatch } from '../../sender/rig.ts';
import { clientsThat } from './clients.ts';
import { numbered, recordsOf } from './records.ts';
import { batchOf, CONTENTS, type ContractRig, contractRig, outcomeOf, resultOf } from './rig.ts';

const PRODUCER_ID_AT = 43;
const EPOCH_AT = 51;
const BASE_SEQUENCE_AT = 53;

const sequenceOf = ({ bytes }: StoredBatch): number => bytes.readInt32BE(BASE_SEQUENCE_AT);
const epochOf = ({ bytes }: StoredBatch): number => bytes.readInt16BE(EPOCH_AT);
const producerOf = ({ bytes }: StoredBatch): bigint => bytes.readBigInt64BE(PRODUCER_ID_AT);

const outcomesOf = ({ cluster }: ContractRig, topic: string): string[] =>
  cluster.produceRequests.filter((request) => request.topic === topic).map(({ outcome }) => outcome);

/** A batch that was stored without an answer was sent again, and the broker has called it a duplicate. */
async function calledDuplicate(rig: ContractRig) {
  const client = await rig.connected();
  const topic = rig.newTopic();
  const batch = batchOf(topic, ['a', 'b']);
  rig.cluster.inject({ api: 'Produce', topic, action: { cut: 'after-store' } });
  expect(await resultOf(client, batch)).toMatchObject({ kind: 'retry' });
  const duplicate = 46;
  rig.cluster.inject({ api: 'Produce', topic, action: { error: duplicate } });
  expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
  return { client, topic };
}

describe.each(clientsThat('isIdempotent'))('$name, idempotent', (own) => {
  const rig = contractRig(own, { idempotent: true });

  it('numbers the records of each partition, from batch to batch', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic(2);
    for (const [partition, texts] of [
      [0, ['a', 'b']],
      [1, ['c']],
      [0, ['d', 'e', 'f']],
      [1, ['g', 'h']],
      [0, ['i']],
    ] as const)
      expect(await resultOf(client, batchOf(topic, texts, partition))).toEqual({ kind: 'delivered' });
    const stored = rig.cluster.batches(topic);
    expect(stored.map((batch) => [batch.partition, sequenceOf(batch)])).toEqual([
      [0, 0],
      [1, 0],
      [0, 2],
      [1, 1],
      [0, 5],
    ]);
    expect([...new Set(stored.map(producerOf))]).toEqual([expect.any(BigInt)]);
    expect(stored.map(producerOf)).not.toContain(-1n);
  });

  it('numbers the records of partitions that are sent to at the same time', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic(4);
    const sendAll = async (partition: number): Promise<void> => {
      for (let send = 0; send < 5; send++) {
        const batch = batchOf(topic, numbered(partition + 1, `send ${send}`), partition);
        expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
      }
    };
    await Promise.all([0, 1, 2, 3].map(sendAll));
    for (const partition of [0, 1, 2, 3]) {
      const stored = rig.cluster.batches(topic).filter((batch) => batch.partition === partition);
      expect(stored.map(sequenceOf)).toEqual([0, 1, 2, 3, 4].map((send) => send * (partition + 1)));
    }
  });

  it('doubles none of the batches that were under way when their answers were lost', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic(4);
    const batches = [0, 1, 2, 3].map((partition) => batchOf(topic, numbered(2, `${partition}`), partition));
    rig.cluster.inject({ api: 'Produce', topic, times: 2, action: { cut: 'after-store' } });
    const results = await Promise.all(batches.map((batch) => resultOf(client, batch)));
    expect(results.map(({ kind }) => kind)).toContain('retry');
    await client.renew?.();
    const failed = batches.filter((_, at) => results[at]?.kind === 'retry');
    for (const batch of failed) expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic).sort()).toEqual([0, 1, 2, 3].flatMap((at) => numbered(2, `${at}`)));
  });

  describe.each(CONTENTS)('with records as %s', (_, contentOf) => {
    it.each([
      ['after', 'after-store', ['stored', 'duplicate', 'stored']],
      ['before', 'before-store', ['dropped', 'stored', 'stored']],
    ] as const)(
      'does not double a batch whose connection was cut %s it was stored',
      async (_at, cut, outcomes) => {
        const client = await rig.connected();
        const topic = rig.newTopic();
        rig.cluster.inject({ api: 'Produce', topic, action: { cut } });
        const batch = clientBatch(topic, contentOf(recordsOf(topic, ['a', 'b'])), 0);
        expect(await resultOf(client, batch)).toMatchObject({ kind: 'retry', client: 'fine' });
        await client.renew?.();
        expect(await client.send(batch)).toMatchObject([{ partition: 0, baseOffset: '0' }]);
        const next = clientBatch(topic, contentOf(recordsOf(topic, ['c', 'd'])), 0);
        expect(await resultOf(client, next)).toEqual({ kind: 'delivered' });
        expect(rig.cluster.values(topic)).toEqual(['a', 'b', 'c', 'd']);
        expect(outcomesOf(rig, topic)).toEqual(outcomes);
      },
    );
  });

  it.each([
    ['is too large', ERROR.MESSAGE_TOO_LARGE, 'bisect'],
    ['has a record that is refused', ERROR.INVALID_RECORD, 'bisect'],
    ['is refused with its topic', ERROR.TOPIC_AUTHORIZATION_FAILED, 'reject-topic'],
  ])('goes on with the number of a batch that %s', async (_, error, kind) => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    expect(await resultOf(client, batchOf(topic, ['a']))).toEqual({ kind: 'delivered' });
    rig.cluster.inject({ api: 'Produce', topic, action: { error } });
    expect(await resultOf(client, batchOf(topic, ['b', 'c']))).toMatchObject({ kind });
    expect(await resultOf(client, batchOf(topic, ['d']))).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['a', 'd']);
    expect(rig.cluster.batches(topic).map(sequenceOf)).toEqual([0, 1]);
  });

  it('goes on with its numbers at a leader that has moved', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    expect(await resultOf(client, batchOf(topic, ['a', 'b']))).toEqual({ kind: 'delivered' });
    rig.cluster.inject({ api: 'Produce', topic, action: { error: ERROR.NOT_LEADER_OR_FOLLOWER } });
    const batch = batchOf(topic, ['c', 'd']);
    expect(await resultOf(client, batch)).toMatchObject({ kind: 'retry', client: 'fine' });
    expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
    expect(rig.cluster.batches(topic).map(sequenceOf)).toEqual([0, 2]);
  });
});

describe.each(clientsThat('keepsSequence'))('$name, idempotent', (own) => {
  const rig = contractRig(own, { idempotent: true });

  it('cuts its connections when it is renewed, ends what was under way, and sends the same batch once', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    const fault = rig.cluster.inject({ api: 'Produce', topic, action: { silent: 'after-store' } });
    const batch = batchOf(topic, ['a', 'b']);
    const unanswered = outcomeOf(client.send(batch));
    await rig.cluster.until(() => fault.hits === 1);
    await client.renew?.();
    expect(await unanswered).toMatchObject({ error: expect.any(Error) });
    expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['a', 'b']);
  });

  it('loses no batch behind one without an answer, where the request after it is refused the topic', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    expect(await resultOf(client, batchOf(topic, ['a']))).toEqual({ kind: 'delivered' });
    rig.cluster.inject({ api: 'Produce', topic, action: { cut: 'after-store' } });
    rig.cluster.inject({ api: 'Metadata', topic, action: { error: ERROR.TOPIC_AUTHORIZATION_FAILED } });
    expect(await resultOf(client, batchOf(topic, ['b']))).toMatchObject({ kind: 'retry' });
    const next = batchOf(topic, ['c']);
    // Without numbers of its own only a new producer can go on.
    if (!own.ownsSequence)
      expect(await resultOf(client, next)).toMatchObject({ kind: 'retry', client: 'out-of-sequence' });
    const successor = own.ownsSequence ? client : await rig.connected();
    expect(await resultOf(successor, next)).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['a', 'b', 'c']);
  });

  it('can be used again as soon as it is renewed', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic(2);
    for (const partition of [0, 1])
      expect(await resultOf(client, batchOf(topic, ['before'], partition))).toEqual({ kind: 'delivered' });
    await client.renew?.();
    for (const partition of [0, 1])
      expect(await resultOf(client, batchOf(topic, ['after'], partition))).toEqual({ kind: 'delivered' });
    expect(rig.cluster.batches(topic).map(sequenceOf)).toEqual([0, 0, 1, 1]);
  });

  it('ends with it what waits behind that, and would not be answered by fresh connections either', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic(3);
    const silence = rig.cluster.inject({
      api: 'Produce',
      topic,
      times: Number.POSITIVE_INFINITY,
      action: { silent: 'before-store' },
    });
    // Of one broker: kafkajs sends it one batch at a time.
    const batches = [0, 2].map((partition) => batchOf(topic, [`to ${partition}`], partition));
    const unanswered = batches.map((batch) => outcomeOf(client.send(batch)));
    await rig.cluster.until(() => silence.hits > 0);
    await client.renew?.();
    expect(await Promise.all(unanswered)).toMatchObject(batches.map(() => ({ error: expect.any(Error) })));
    silence.remove();
    for (const batch of batches) expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['to 0', 'to 2']);
  });
});

// Numbers that kafkajs gives: those of a failed batch go to whatever is sent next.
const KAFKAJS_NUMBERS = clientsThat('keepsSequence').filter(({ ownsSequence }) => !ownsSequence);

describe.each(KAFKAJS_NUMBERS)('$name, idempotent', (own) => {
  const rig = contractRig(own, { idempotent: true });

  it('sends no other batch behind one that a broker may have stored', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic(2);
    rig.cluster.inject({ api: 'Produce', topic, action: { cut: 'after-store' } });
    expect(await resultOf(client, batchOf(topic, ['a']))).toMatchObject({ kind: 'retry', client: 'fine' });
    expect(await resultOf(client, batchOf(topic, ['b']))).toMatchObject({
      kind: 'retry',
      client: 'out-of-sequence',
    });
    expect(await resultOf(client, batchOf(topic, ['c'], 1))).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['a', 'c']);
  });

  it('answers a batch again that was answered, without sending it', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    const batch = batchOf(topic, ['a', 'b']);
    const answer = await client.send(batch);
    expect(await client.send({ ...batch })).toEqual(answer);
    expect(outcomesOf(rig, topic)).toEqual(['stored']);
    expect(rig.cluster.values(topic)).toEqual(['a', 'b']);
  });

  it('loses no batch behind one that a broker has called a duplicate', async () => {
    const { client, topic } = await calledDuplicate(rig);
    const next = batchOf(topic, ['c', 'd']);
    // kafkajs would give it the numbers of the first one, and the broker take it for that.
    expect(await resultOf(client, next)).toMatchObject({ kind: 'retry', client: 'out-of-sequence' });
    expect(await resultOf(await rig.connected(), next)).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe.each(clientsThat('ownsSequence'))('$name, idempotent', (own) => {
  const rig = contractRig(own, { idempotent: true });

  it('sends another batch behind one that a broker may have stored under the next epoch of this partition', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic(2);
    rig.cluster.inject({ api: 'Produce', topic, action: { cut: 'after-store' } });
    expect(await resultOf(client, batchOf(topic, ['a']))).toMatchObject({ kind: 'retry', client: 'fine' });
    expect(await resultOf(client, batchOf(topic, ['b']))).toEqual({ kind: 'delivered' });
    expect(await resultOf(client, batchOf(topic, ['c'], 1))).toEqual({ kind: 'delivered' });
    expect(await resultOf(client, batchOf(topic, ['d']))).toEqual({ kind: 'delivered' });
    const stored = rig.cluster.batches(topic);
    expect(stored.map((batch) => [batch.partition, epochOf(batch), sequenceOf(batch)])).toEqual([
      [0, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
      [0, 1, 1],
    ]);
    expect(new Set(stored.map(producerOf)).size).toBe(1);
  });

  it('sends a batch again that was answered, under the numbers that it had', async () => {
    const client = await rig.connected();
    const topic = rig.newTopic();
    const batch = batchOf(topic, ['a', 'b']);
    const answer = await client.send(batch);
    expect(await client.send({ ...batch })).toEqual(answer);
    expect(outcomesOf(rig, topic)).toEqual(['stored', 'duplicate']);
    expect(await resultOf(client, batchOf(topic, ['c']))).toEqual({ kind: 'delivered' });
    expect(rig.cluster.batches(topic).map(sequenceOf)).toEqual([0, 2]);
  });

  it('goes on behind one that a broker has called a duplicate', async () => {
    const { client, topic } = await calledDuplicate(rig);
    expect(await resultOf(client, batchOf(topic, ['c', 'd']))).toEqual({ kind: 'delivered' });
    expect(rig.cluster.values(topic)).toEqual(['a', 'b', 'c', 'd']);
    expect(rig.cluster.batches(topic).map(sequenceOf)).toEqual([0, 2]);
  });

  it.each(['after-store', 'before-store'] as const)(
    'goes on with its numbers where another client takes its place: a batch without an answer (%s) is not doubled',
    async (silent) => {
      const client = await rig.connected();
      const topic = rig.newTopic();
      expect(await resultOf(client, batchOf(topic, ['a']))).toEqual({ kind: 'delivered' });
      const fault = rig.cluster.inject({ api: 'Produce', topic, action: { silent } });
      const batch = batchOf(topic, ['b', 'c']);
      const unanswered = outcomeOf(client.send(batch));
      await rig.cluster.until(() => fault.hits === 1);
      client.kill();
      expect(await unanswered).toMatchObject({ error: expect.any(Error) });
      const next = await rig.connected();
      expect(await resultOf(next, batch)).toEqual({ kind: 'delivered' });
      expect(await resultOf(next, batchOf(topic, ['d']))).toEqual({ kind: 'delivered' });
      expect(rig.cluster.values(topic)).toEqual(['a', 'b', 'c', 'd']);
      const stored = rig.cluster.batches(topic);
      expect(stored.map(sequenceOf)).toEqual([0, 1, 3]);
      expect(new Set(stored.map(producerOf)).size).toBe(1);
    },
  );

  it.each([
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 45],
    ['UNKNOWN_PRODUCER_ID', 59],
  ])('numbers a batch anew at %s, with the same client', async (_, error) => {
    const client = await rig.connected();
    const topic = rig.newTopic(2);
    for (const partition of [0, 1])
      expect(await resultOf(client, batchOf(topic, ['a'], partition))).toEqual({ kind: 'delivered' });
    rig.cluster.inject({ api: 'Produce', topic, action: { error } });
    const batch = batchOf(topic, ['b', 'c']);
    expect(await resultOf(client, batch)).toMatchObject({ kind: 'retry', client: 'fine' });
    expect(await resultOf(client, batch)).toEqual({ kind: 'delivered' });
    for (const partition of [0, 1])
      expect(await resultOf(client, batchOf(topic, ['d'], partition))).toEqual({ kind: 'delivered' });
    const stored = rig.cluster.batches(topic);
    expect(stored.map((batch) => [batch.partition, epochOf(batch), sequenceOf(batch)])).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
      [0, 1, 2],
      [1, 0, 1],
    ]);
  });

  it.each([
    ['INVALID_PRODUCER_EPOCH', 47],
    ['INVALID_PRODUCER_ID_MAPPING', 49],
  ])('begins with another producer id at %s, with the next client', async (_, error) => {
    const client = await rig.connected();
    const topic = rig.newTopic(2);
    expect(await resultOf(client, batchOf(topic, ['a']))).toEqual({ kind: 'delivered' });
    rig.cluster.inject({ api: 'Produce', topic, action: { error } });
    const batch = batchOf(topic, ['b']);
    expect(await resultOf(client, batch)).toMatchObject({ kind: 'retry', client: 'out-of-sequence' });
    const next = await rig.connected();
    expect(await resultOf(next, batch)).toEqual({ kind: 'delivered' });
    expect(await resultOf(next, batchOf(topic, ['c'], 1))).toEqual({ kind: 'delivered' });
    const stored = rig.cluster.batches(topic);
    expect(rig.cluster.values(topic)).toEqual(['a', 'b', 'c']);
    expect(stored.map(sequenceOf)).toEqual([0, 0, 0]);
    expect(new Set(stored.map(producerOf)).size).toBe(2);
  });
});
