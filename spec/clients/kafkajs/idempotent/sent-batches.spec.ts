// Made by hand, because a sender that keeps its own rules never gets here.
import { expect, it } from 'vitest';
import type { Batch } from '../../../../lib/accumulator/batch.ts';
import { SentBatches } from '../../../../lib/clients/kafkajs/idempotent/sent-batches.ts';
import { PendingRecord } from '../../../../lib/record/record.ts';
import { clientBatch } from '../../../sender/rig.ts';
import { fails, answers as refuses } from './rig.ts';

function batchOf(partition: number | undefined, ...texts: string[]): Batch {
  const records = texts.map((text) => {
    const record = new PendingRecord({ topic: 't', level: 'info', severity: 0, time: 0, text, key: null });
    record.seq = text.charCodeAt(0);
    return record;
  });
  return clientBatch('t', records, partition);
}

const answers = (answer: string) => () => Promise.resolve(answer);
const notAsked = () => Promise.reject(new Error('asked'));
// As kafkajs has it: the batch may have arrived.
const NO_ANSWER = { name: 'KafkaJSConnectionClosedError' };
const IN_THE_WAY = { name: 'SequenceError' };

it('other records do not follow a batch that may have arrived', async () => {
  const sent = new SentBatches();
  await expect(sent.send(batchOf(0, 'a'), fails(NO_ANSWER))).rejects.toThrow('no');
  await expect(sent.send(batchOf(0, 'b'), notAsked)).rejects.toMatchObject(IN_THE_WAY);
  await expect(sent.send(batchOf(1, 'c'), answers('another partition'))).resolves.toBe('another partition');
});

it('the same batch does, and then others', async () => {
  const sent = new SentBatches();
  const first = batchOf(0, 'a');
  await expect(sent.send(first, fails(NO_ANSWER))).rejects.toThrow('no');
  await expect(sent.send({ ...first }, answers('first'))).resolves.toBe('first');
  await expect(sent.send(batchOf(0, 'b'), answers('second'))).resolves.toBe('second');
});

it('a copy of it is the same batch: in a worker thread there are only copies', async () => {
  const sent = new SentBatches();
  await expect(sent.send(batchOf(0, 'a', 'b'), fails(NO_ANSWER))).rejects.toThrow('no');
  await expect(sent.send(batchOf(0, 'a'), notAsked)).rejects.toMatchObject(IN_THE_WAY);
  await expect(sent.send(batchOf(0, 'a', 'b'), answers('first'))).resolves.toBe('first');
  await expect(sent.send(batchOf(0, 'a', 'b'), notAsked)).resolves.toBe('first');
});

it('a batch that was answered is not sent again, but answered again', async () => {
  const sent = new SentBatches();
  const first = batchOf(0, 'a');
  await sent.send(first, answers('first'));
  await expect(sent.send(first, fails(NO_ANSWER))).resolves.toBe('first');
});

it('others follow one that was refused for good', async () => {
  const sent = new SentBatches();
  await expect(sent.send(batchOf(0, 'a'), refuses('MESSAGE_TOO_LARGE'))).rejects.toThrow('no');
  await expect(sent.send(batchOf(0, 'b'), answers('second'))).resolves.toBe('second');
});

it('others follow one of which nothing was written', async () => {
  const sent = new SentBatches();
  const unwritten = async (onUnwritten: () => void): Promise<never> => {
    onUnwritten();
    throw new TypeError('a codec that throws');
  };
  await expect(sent.send(batchOf(0, 'a'), unwritten)).rejects.toThrow('a codec that throws');
  await expect(sent.send(batchOf(0, 'b'), answers('second'))).resolves.toBe('second');
});

it('they do not follow one whose topic was refused by the answer to another request', async () => {
  const sent = new SentBatches();
  await expect(sent.send(batchOf(0, 'a'), fails({ type: 'TOPIC_AUTHORIZATION_FAILED' }))).rejects.toThrow(
    'no',
  );
  await expect(sent.send(batchOf(0, 'b'), notAsked)).rejects.toMatchObject(IN_THE_WAY);
});

it('others follow one that was refused where its partition was only chosen on the way', async () => {
  const sent = new SentBatches();
  const chosen = batchOf(undefined, 'a');
  const refuse = async (): Promise<never> => {
    chosen.bindTo(0);
    return await refuses('MESSAGE_TOO_LARGE')();
  };
  await expect(sent.send(chosen, refuse)).rejects.toThrow('no');
  await expect(sent.send(batchOf(0, 'b'), answers('second'))).resolves.toBe('second');
});

it('but not where an earlier attempt may have arrived', async () => {
  const sent = new SentBatches();
  const first = batchOf(0, 'a');
  await expect(sent.send(first, fails(NO_ANSWER))).rejects.toThrow('no');
  await expect(sent.send(first, refuses('MESSAGE_TOO_LARGE'))).rejects.toThrow('no');
  await expect(sent.send(batchOf(0, 'b'), notAsked)).rejects.toMatchObject(IN_THE_WAY);
});

it('an answer for a partition chosen on the way is not believed where another batch may have arrived', async () => {
  const sent = new SentBatches();
  await expect(sent.send(batchOf(0, 'a'), fails(NO_ANSWER))).rejects.toThrow('no');
  const chosen = batchOf(undefined, 'b');
  const choose = async (): Promise<string> => {
    chosen.bindTo(0);
    return 'taken for a repetition';
  };
  await expect(sent.send(chosen, choose)).rejects.toMatchObject(IN_THE_WAY);
});

it('the batches of ever new partitions were remembered for good: of those that were answered, 1,000 are', async () => {
  const sent = new SentBatches();
  for (let partition = 0; partition <= 1_000; partition++)
    await sent.send(batchOf(partition, 'a'), answers(`answer ${partition}`));
  expect(await sent.send(batchOf(1, 'a'), notAsked)).toBe('answer 1');
  expect(await sent.send(batchOf(0, 'a'), answers('sent once more'))).toBe('sent once more');
  // For that one the partition was forgotten that was not sent to for longest.
  expect(await sent.send(batchOf(2, 'a'), notAsked)).toBe('answer 2');
  await expect(sent.send(batchOf(1, 'a'), notAsked)).rejects.toThrow('asked');
});

it('where 1,000 of them may be stored none is forgotten, and only a new producer goes on', async () => {
  const sent = new SentBatches();
  for (let partition = 0; partition < 1_000; partition++)
    await expect(sent.send(batchOf(partition, 'a'), fails(NO_ANSWER))).rejects.toThrow('no');
  for (const partition of [1_000, undefined])
    await expect(sent.send(batchOf(partition, 'a'), notAsked)).rejects.toThrow(
      `partition ${partition} of topic "t": 1000 other partitions have a batch that the broker may have stored without an answer: only a new producer can go on`,
    );
  expect(await sent.send(batchOf(0, 'a'), answers('again'))).toBe('again');
  expect(await sent.send(batchOf(1_000, 'a'), answers('in its room'))).toBe('in its room');
  await expect(sent.send(batchOf(1, 'b'), notAsked)).rejects.toMatchObject(IN_THE_WAY);
});
