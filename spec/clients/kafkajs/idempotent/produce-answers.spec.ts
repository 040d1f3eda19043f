import { KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from 'kafkajs';
import { expect, it } from 'vitest';
import {
  answerIn,
  isRefused,
  withAnswerOf,
  withNotedAnswer,
} from '../../../../lib/clients/kafkajs/idempotent/produce-answers.ts';
import { Secrets } from '../../../../lib/clients/kafkajs/secrets.ts';

const refusal = (type: string): Error =>
  new KafkaJSProtocolError(Object.assign(new Error('the broker said no'), { type, code: 1 }) as never);

async function answered(error: unknown): Promise<unknown> {
  await expect(withNotedAnswer(Promise.reject(error))).rejects.toBe(error);
  return error;
}

it('what a broker has answered is known below what kafkajs makes of it', async () => {
  const error = await answered(refusal('TOPIC_AUTHORIZATION_FAILED'));
  const wrapped = new KafkaJSNumberOfRetriesExceeded(error as never, { retryCount: 0, retryTime: 0 });
  expect(answerIn(wrapped)).toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED' });
  expect(isRefused(wrapped)).toBe(true);
  expect(isRefused(refusal('TOPIC_AUTHORIZATION_FAILED'))).toBe(false);
});

it.each(['NOT_LEADER_OR_FOLLOWER', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'DUPLICATE_SEQUENCE_NUMBER'])(
  '%s does not say that the batch is not stored',
  async (type) => {
    const error = await answered(refusal(type));
    expect(answerIn(error)).toMatchObject({ type });
    expect(isRefused(error)).toBe(false);
  },
);

it('an error of reading the answer is none', async () => {
  expect(answerIn(await answered(new RangeError('out of bounds')))).toBe(undefined);
  expect(answerIn(await answered('thrown text'))).toBe(undefined);
});

it('it is known of an error that is shown without a secret, or a broker that expects other numbers were asked for ever', async () => {
  const secrets = new Secrets();
  secrets.add('broker');
  const error = await answered(refusal('OUT_OF_ORDER_SEQUENCE_NUMBER'));
  const shown = withAnswerOf(error, secrets.cleaned(error));
  expect(shown).toMatchObject({ message: 'the *** said no' });
  expect(answerIn(shown)).toMatchObject({ type: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
  const other = refusal('OUT_OF_ORDER_SEQUENCE_NUMBER');
  expect(answerIn(withAnswerOf(other, secrets.cleaned(other)))).toBe(undefined);
});
