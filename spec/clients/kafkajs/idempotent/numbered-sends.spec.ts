// What a real kafkajs and a sender that keeps its own rules never come to.
import { expect, it } from 'vitest';
import { type Batch, countOf } from '../../../../lib/accumulator/batch.ts';
import { NumberedSends, type SendEvents } from '../../../../lib/clients/kafkajs/idempotent/numbered-sends.ts';
import { ProducerSequences } from '../../../../lib/clients/kafkajs/idempotent/producer-sequences.ts';
import type { KafkajsProduce } from '../../../../lib/clients/kafkajs/workarounds.ts';
import { clientBatch } from '../../../sender/rig.ts';
import { recordsOf } from '../../contract/records.ts';
import { answers, fails } from './rig.ts';

class Rig {
  readonly sends: NumberedSends = new NumberedSends(new ProducerSequences());
  readonly #producerId: string;

  constructor(producerId = '7') {
    this.#producerId = producerId;
  }

  batch(...texts: string[]): Batch {
    return clientBatch('t', recordsOf('t', texts), 0);
  }

  /** As kafkajs has it of its own numbers. */
  numbers(messages: readonly unknown[]): string {
    const request: KafkajsProduce = {
      topicData: [{ topic: 't', partitions: [{ partition: '0', messages, firstSequence: 99 }] }],
      producerId: this.#producerId,
      producerEpoch: 0,
    };
    const { producerId, producerEpoch, topicData } = this.sends.numbered(request);
    return `${producerId} ${producerEpoch} ${topicData[0]?.partitions[0]?.firstSequence}`;
  }

  /** @param then what comes of its Produce request */
  async sent(
    batch: Batch,
    then: (events: SendEvents) => Promise<unknown>,
    isReplaced = false,
  ): Promise<string> {
    let numbers = 'not asked for';
    const messages = Array.from({ length: countOf(batch.content) });
    const sending = this.sends.send(batch, async (events) => {
      events.onMessages(messages);
      numbers = this.numbers(isReplaced ? [...messages] : messages);
      return await then(events);
    });
    return await sending.then(
      () => `${numbers}: stored`,
      (error: Error) => `${numbers}: ${error.name}`,
    );
  }
}

const stored = async (): Promise<string> => 'answer';
const NO_ANSWER = { name: 'KafkaJSConnectionClosedError' };

it('a send that has replaced the array of messages is known by its partition', async () => {
  const rig = new Rig();
  expect(await rig.sent(rig.batch('a', 'b'), stored, true)).toBe('7 0 0: stored');
  expect(await rig.sent(rig.batch('c'), stored, true)).toBe('7 0 2: stored');
});

it('where it may be one of two, it is not sent: under the numbers of the other it would pass for that', async () => {
  const rig = new Rig();
  let end = (): void => undefined;
  const hanging = rig.sent(rig.batch('a'), () => new Promise<void>((resolve) => (end = resolve)));
  expect(await rig.sent(rig.batch('b'), stored, true)).toBe('not asked for: SequenceError');
  end();
  expect(await hanging).toBe('7 0 0: stored');
  expect(await rig.sent(rig.batch('b'), stored, true)).toBe('7 0 1: stored');
});

it('a request of nobody is not sent', () => {
  expect(() => new Rig().numbers([1])).toThrow(
    'partition 0 of topic "t": it is not known which batch this is: only a new producer can go on',
  );
});

it('a request for no partition is left as it is', () => {
  const request: KafkajsProduce = { topicData: [] };
  expect(new Rig().sends.numbered(request)).toBe(request);
});

const unwritten = ({ onUnwritten }: SendEvents): Promise<never> => {
  onUnwritten();
  throw new TypeError('a codec that throws');
};

it.each([
  ['refused for good', answers('MESSAGE_TOO_LARGE')],
  ['refused with its topic', answers('TOPIC_AUTHORIZATION_FAILED')],
  ['not written', unwritten],
])('others have the numbers of one that was %s', async (_, then) => {
  const rig = new Rig();
  await rig.sent(rig.batch('a'), stored);
  await rig.sent(rig.batch('b', 'c'), then);
  expect(await rig.sent(rig.batch('d'), stored)).toBe('7 0 1: stored');
});

it.each([
  ['without an answer', NO_ANSWER],
  ['that failed with the refusal of another request', { type: 'TOPIC_AUTHORIZATION_FAILED' }],
  ['that failed with what a function of the application has thrown', {}],
  ['whose answer could not be read', { name: 'RangeError' }],
])('others begin the next epoch behind one %s', async (_, error) => {
  const rig = new Rig();
  await rig.sent(rig.batch('a'), fails(error));
  expect(await rig.sent(rig.batch('b'), stored)).toBe('7 1 0: stored');
});

it('a batch that failed before its numbers were asked for has none', async () => {
  const rig = new Rig();
  const batch = rig.batch('a');
  await expect(rig.sends.send(batch, fails(NO_ANSWER))).rejects.toThrow('no');
  expect(await rig.sent(rig.batch('b'), stored)).toBe('7 0 0: stored');
});

it('a client whose producer id the broker does not take sends nothing more', async () => {
  const rig = new Rig();
  await rig.sent(rig.batch('a'), stored);
  const refused = answers('INVALID_PRODUCER_EPOCH');
  expect(await rig.sent(rig.batch('b'), refused)).toBe('7 0 1: KafkaJSProtocolError');
  expect(await rig.sent(rig.batch('b'), stored)).toBe('not asked for: SequenceError');
});

it('the error of a batch that is numbered anew says what the broker has said, and is no sign of a bad client', async () => {
  const rig = new Rig();
  const batch = rig.batch('a');
  const messages = [1];
  const sending = rig.sends.send(batch, async ({ onMessages }) => {
    onMessages(messages);
    rig.numbers(messages);
    return await answers('OUT_OF_ORDER_SEQUENCE_NUMBER', 'out of order')();
  });
  await expect(sending).rejects.toMatchObject({
    name: 'RenumberedError',
    message:
      'partition 0 of topic "t": out of order. The batch goes again under a new epoch of the producer, and may arrive twice',
  });
  await expect(sending).rejects.not.toHaveProperty('cause');
  expect(await rig.sent(batch, stored)).toBe('7 1 0: stored');
});
