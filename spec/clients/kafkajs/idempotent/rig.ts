import { withNotedAnswer } from '../../../../lib/clients/kafkajs/idempotent/produce-answers.ts';

/** A send that fails with something else than the broker's answer to it. */
export const fails = (error: object) => (): Promise<never> =>
  Promise.reject(Object.assign(new Error('no'), error));

/** A send whose Produce request the broker answers with an error. */
export const answers =
  (type: string, message = 'no') =>
  (): Promise<never> =>
    withNotedAnswer(fails({ name: 'KafkaJSProtocolError', type, message })());
