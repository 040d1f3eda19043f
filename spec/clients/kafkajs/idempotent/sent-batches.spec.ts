// Made by hand, because a sender that keeps its own rules never gets here.
import { expect, it } from 'vitest';
import type { Batch } from '../../../../lib/accumulator/batch.ts';
import { SentBatches } from '../../../../lib/clients/kafkajs/idempotent/sent-batches.ts';
import { PendingRecord } from '../../../../lib/record/record.ts';
import { fails, answers as refuses } from './rig.ts';

function batchOf(partition: number | undefined, ...texts: string[]): Batch {
  const records = texts.map((text) => {
    const record = new PendingRecord({ topic: 't', level: 'info', severity: 0, time: 0, text, key: null });
    record.seq = text.charCodeAt(0);
    return record;
  });
  return { topic: 't', content: records, partition };
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
    chosen.partition = 0;
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
    chosen.partition = 0;
    return 'taken for a repetition';
  };
  await expect(sent.send(chosen, choose)).rejects.toMatchObject(IN_THE_WAY);
});
