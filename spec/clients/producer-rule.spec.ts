// What is wrong with it, in words: see options/producer-of-another-engine.spec.ts.
import { expect, it } from 'vitest';
import { producerProblem } from '../../lib/clients/producer-rule.ts';

const METHOD = async (): Promise<unknown> => undefined;
const PRODUCER = { connect: METHOD, send: METHOD, disconnect: METHOD };
const callable = Object.assign(() => undefined, PRODUCER);

it.each<[string, unknown, string | undefined]>([
  ['a producer', PRODUCER, undefined],
  ['a function with the three methods', callable, undefined],
  ['a producer that can be awaited, too', Object.assign(Promise.resolve(), PRODUCER), undefined],
  ['nothing', undefined, 'undefined'],
  ['a number', 7, 'of type number'],
  ['a function without them', () => undefined, 'an object without connect, send and disconnect'],
])('says what is wrong with %s, if anything', (_name, given, problem) => {
  expect(producerProblem(given)).toBe(problem);
});
