// Reported: `@platformatic/kafka`'s producer, handed in as `producer`, was refused without a word about what it lacks.
import { expect, it } from 'vitest';
import { KafkaTransport, type ProducerLike } from '../../lib/index.ts';
import { untilDown, warningsOf } from '../scenarios/faults/rig.ts';
import { loggerWith, tracked } from '../support/harness.ts';

const method = async (): Promise<void> => undefined;

/** Has what the producer of @platformatic/kafka has of interest here; its methods are on a prototype. */
class Platformatic {
  async send(): Promise<void> {}
  async close(): Promise<void> {}
}

const CASES: [string, unknown, string][] = [
  ['@platformatic/kafka', new Platformatic(), 'an object without connect and disconnect (of another engine'],
  ['one that is never let go of', { connect: method, send: method }, 'an object without disconnect ('],
  ['a consumer', { connect: method, run: method, disconnect: method }, 'an object without send ('],
  [
    'the client instead of its producer',
    { producer: method },
    'an object without connect, send and disconnect.',
  ],
  ['a promise of one', Promise.resolve({}), 'a promise (await it first)'],
  [
    'properties that are no methods',
    { connect: 1, send: method, disconnect: method },
    'an object without connect (',
  ],
  ['an array', [], 'an array without connect, send and disconnect'],
  ['null', null, 'null'],
  ['a string', 'secret', 'of type string'],
];

it.each(CASES)('%s as `producer`: the error names what is missing', (_, producer, words) => {
  const make = (): KafkaTransport => new KafkaTransport({ topic: 't', producer: producer as ProducerLike });
  expect(make).toThrow(
    `option "producer" must be an object with connect, send and disconnect, or a function; given was ${words}`,
  );
});

it.each(CASES)(
  '%s from a `producer` function: the warning names what is missing',
  async (_, producer, words) => {
    const transport = tracked(
      new KafkaTransport({ topic: 't', producer: () => producer as ProducerLike, closeTimeoutMs: 20 }),
    );
    const warnings = warningsOf(transport);
    loggerWith(transport).info('record');
    await untilDown(transport);
    expect(warnings[0]?.message).toContain(
      `the "producer" function must return an object with connect, send and disconnect; it returned ${words.replace(/\.$/, '')}`,
    );
  },
);
