// What goes from thread to thread, by the same algorithm that a message port uses.
import { expect, it } from 'vitest';
import { refusedIndexesOf, withRefusedIndexes } from '../../../../lib/clients/refused-records.ts';
import { classifyError } from '../../../../lib/clients/send-result.ts';
import { fromWire, toWire } from '../../../../lib/clients/worker/messages/wire-error.ts';
import { rootCause } from '../../../../lib/util/root-cause.ts';

const overTheWire = (error: unknown): Error => fromWire(structuredClone(toWire(error)));

it('an error keeps all that it is judged by, and so do its causes', () => {
  const broker = Object.assign(new Error('too large'), {
    name: 'KafkaJSProtocolError',
    type: 'MESSAGE_TOO_LARGE',
    code: 10,
  });
  const wrapped = Object.assign(new Error('gave up', { cause: broker }), {
    name: 'KafkaJSNumberOfRetriesExceeded',
  });
  const arrived = overTheWire(wrapped);
  expect(arrived).toMatchObject({
    name: 'KafkaJSNumberOfRetriesExceeded',
    message: 'gave up',
    stack: wrapped.stack,
    cause: { name: 'KafkaJSProtocolError', message: 'too large', type: 'MESSAGE_TOO_LARGE', code: 10 },
  });
  expect(classifyError(arrived)).toMatchObject({ kind: 'bisect', reason: 'oversize' });
  expect(refusedIndexesOf(overTheWire(withRefusedIndexes(new Error('two are refused'), [1, 4])))).toEqual([
    1, 4,
  ]);
});

it('an error may be anything that can be thrown', () => {
  const circle = new Error('round');
  circle.cause = circle;
  const hostile = new Proxy(new Error('never read'), {
    get: () => {
      throw new Error('no');
    },
  });
  expect(overTheWire('a text').message).toBe('a text');
  expect(overTheWire(undefined).message).toBe('undefined');
  expect(overTheWire({ code: 5, name: 7 })).toMatchObject({ name: 'Error', code: 5 });
  expect(overTheWire(circle).message).toBe('round');
  expect(overTheWire(hostile).message).toBe('an error that cannot be shown as text');
});

it('an error with any number of causes is judged by the same one, and has none that nobody looks at', () => {
  let error: Error | undefined;
  for (let at = 20; at >= 0; at--) error = new Error(`cause ${at}`, { cause: error });
  const arrived = overTheWire(error);
  expect(rootCause(arrived)).toEqual(rootCause(error));
  const messages: string[] = [];
  for (let at: unknown = arrived; at instanceof Error; at = at.cause) messages.push(at.message);
  expect(messages.at(-1)).toBe(rootCause(error).message);
});
